// The lowest of the last values: it rises where the usual troughs stay away.

import { Recent } from '../recent.ts';
import type { StateReader, StateWriter } from '../state-codec.ts';
import type { Moment, Trait } from '../trait.ts';

const OVER = 48;

export class RecentLow implements Trait {
  readonly dimensions = 1;
  readonly #recent = new Recent(OVER);

  measure(x: number, _moment: Moment, point: Float32Array): boolean {
    this.#recent.push(x);
    point[0] = this.#recent.lowest();
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
