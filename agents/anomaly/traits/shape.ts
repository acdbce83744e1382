// The last three values as a shape, wherever they lie: the two before, seen from the last one.

import { Recent } from '../recent.ts';
import type { StateReader, StateWriter } from '../state-codec.ts';
import type { Moment, Trait } from '../trait.ts';

export class Shape implements Trait {
  readonly dimensions = 2;
  readonly #recent = new Recent(3);

  measure(x: number, _moment: Moment, point: Float32Array): boolean {
    this.#recent.push(x);
    if (!this.#recent.full) return false;
    point[0] = this.#recent.ago(1) - x;
    point[1] = this.#recent.ago(2) - x;
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
