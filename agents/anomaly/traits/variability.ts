// How much the last values vary: a series that becomes restless, or suddenly stands still.

import { Recent } from '../recent.ts';
import type { StateReader, StateWriter } from '../state-codec.ts';
import type { Moment, Trait } from '../trait.ts';

const OVER = 8;

/** The standard deviation of the last eight values. */
export class Variability implements Trait {
  readonly dimensions = 1;
  readonly #recent = new Recent(OVER);

  measure(x: number, _moment: Moment, point: Float32Array): boolean {
    this.#recent.push(x);
    if (!this.#recent.full) return false;
    point[0] = this.#recent.deviation();
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
