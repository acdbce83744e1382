// How new a trait of a series is, as a surprise: its distance from all before it, among such distances before.

import { Prototypes } from './prototypes.ts';
import type { StateReader, StateWriter } from './state-codec.ts';
import type { Moment, Trait } from './trait.ts';
import { UpperTail } from './upper-tail.ts';

export interface NoveltyOptions {
  prototypes: number;
  peaks: number;
  /** A step of less than this, in units of the series' spread, is never far. Left out: 0. */
  leastExcess?: number;
}

/**
 * The conformal idea of KNN-CAD (Burnaev and Ishimtsev 2016, arXiv 1608.04585) with one nearest neighbour: the
 * nonconformity of a point is its distance from the nearest prototype, its improbability that of such a distance. What was
 * seen once is not new again, so repeated patterns fall silent by themselves.
 */
export class Novelty {
  readonly #trait: Trait;
  readonly #prototypes: Prototypes;
  readonly #tail: UpperTail;
  readonly #point: Float32Array;

  constructor(trait: Trait, { prototypes, peaks, leastExcess }: NoveltyOptions) {
    this.#trait = trait;
    this.#prototypes = new Prototypes(trait.dimensions, prototypes);
    this.#tail = new UpperTail(peaks, leastExcess);
    this.#point = new Float32Array(trait.dimensions);
  }

  /** -log10 of the probability of something as new; 0 while that is unknown. */
  push(x: number, moment: Moment): number {
    if (!this.#trait.measure(x, moment, this.#point)) return 0;
    return this.#tail.push(this.#prototypes.push(this.#point));
  }

  interrupt(): void {
    this.#trait.interrupt();
  }

  save(to: StateWriter): void {
    this.#trait.save(to);
    this.#prototypes.save(to);
    this.#tail.save(to);
  }

  load(from: StateReader): void {
    this.#trait.load(from);
    this.#prototypes.load(from);
    this.#tail.load(from);
  }
}
