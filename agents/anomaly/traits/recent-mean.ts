// The mean of the last values: a level that is held too long, though each value is usual.

import { Recent } from '../recent.ts';
import type { StateReader, StateWriter } from '../state-codec.ts';
import type { Moment, Trait } from '../trait.ts';

const OVER = 24;

export class RecentMean implements Trait {
  readonly dimensions = 1;
  readonly #recent = new Recent(OVER);

  measure(x: number, _moment: Moment, point: Float32Array): boolean {
    this.#recent.push(x);
    point[0] = this.#recent.mean();
    return true;
  }

  interrupt(): void {
    this.#recent.clear();
  }

  save(to: StateWriter): void {
    this.#recent.save(to);
  }

  load(from: StateReader): void {
    this.#recent.load(from);
  }
}
