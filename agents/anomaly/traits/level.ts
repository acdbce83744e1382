// Whether the level changed or drifts, however little each value does: cumulative sums over a slow baseline.

import type { StateReader, StateWriter } from '../state-codec.ts';
import type { Moment, Trait } from '../trait.ts';

/** Values over which the baseline follows. */
const MEMORY = 400;
/** Standardised departures that are ordinary, and those that count as no more than this. */
const SLACK = 0.5;
const CLIP = 4;
const WARM_UP = 50;
/** Mean absolute deviation times this is the standard deviation of normal data. */
const TO_SIGMA = 1.2533;

/**
 * Page's two-sided CUSUM (Page 1954, DOI 10.1093/biomet/41.1-2.100): S⁺ ← max(0, S⁺ + z - 0.5), S⁻ ← max(0, S⁻ - z - 0.5)
 * with z = (x - μ) / σ cut off at ±4; μ and σ (mean absolute deviation) exponentially weighted over 400 values, cut off
 * alike. The point is √max(S⁺, S⁻).
 */
export class Level implements Trait {
  readonly dimensions = 1;
  #mean = 0;
  #deviation = 0;
  #above = 0;
  #below = 0;
  #count = 0;

  measure(x: number, _moment: Moment, point: Float32Array): boolean {
    if (this.#count === 0) this.#mean = x;
    this.#count = Math.min(this.#count + 1, MEMORY);
    const gain = 1 / this.#count;
    const sigma = TO_SIGMA * this.#deviation;
    const limit = this.#count > WARM_UP ? CLIP * sigma : Number.POSITIVE_INFINITY;
    const departure = Math.max(-limit, Math.min(limit, x - this.#mean));
    const z = sigma > 0 ? departure / sigma : 0;
    // A constant series has no spread to follow a first change by: it is taken from that change.
    const size = limit > 0 ? Math.abs(departure) : Math.abs(x - this.#mean);
    this.#mean += gain * (limit > 0 ? departure : x - this.#mean);
    this.#deviation += gain * (size - this.#deviation);
    if (this.#count <= WARM_UP) return false;
    this.#above = Math.max(0, this.#above + z - SLACK);
    this.#below = Math.max(0, this.#below - z - SLACK);
    point[0] = Math.sqrt(Math.max(this.#above, this.#below));
    return true;
  }

  interrupt(): void {}

  save(to: StateWriter): void {
    to.put(this.#mean, this.#deviation, this.#above, this.#below, this.#count);
  }

  load(from: StateReader): void {
    this.#mean = from.take();
    this.#deviation = Math.max(0, from.take());
    this.#above = Math.max(0, from.take());
    this.#below = Math.max(0, from.take());
    this.#count = from.takeCount(MEMORY);
  }
}
