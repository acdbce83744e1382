// How improbable a large value is, from the largest ones before it: the peaks over a threshold, in constant memory.

import type { StateReader, StateWriter } from './state-codec.ts';

/** Values needed before anything is improbable. */
const WARM_UP = 30;
/** The tail is the highest tenth, as far as there is room. */
const TAIL_SHARE = 0.1;
const FEWEST_PEAKS = 10;
/** Of a value beyond peaks that are all nothing. */
const BEYOND_POINT = 3;
/** Peaks closer together than this share of the threshold say nothing of how far the next one may go. */
const LEAST_SHARE = 0.1;
/** After as many values the older half loses half of its weight. */
export const GENERATION = 20_000;

/**
 * Peaks over a threshold u (Pickands 1975; streaming as Siffer et al. 2017, DOI 10.1145/3097983.3098144, with shape 0):
 * P(X > x) = (k + 1) / (n + 1) · exp(-(x - u) / m), where k of n values lie above u by m on average.
 */
export class UpperTail {
  readonly #peaks: Float32Array;
  #count = 0;
  #seen = 0;
  #threshold = Number.NEGATIVE_INFINITY;
  #sum = 0;

  readonly #leastExcess: number;

  /**
   * @param capacity peaks remembered
   * @param leastExcess the mean excess m is taken to be at least this: in the unit of the values
   */
  constructor(capacity: number, leastExcess = 0) {
    this.#leastExcess = leastExcess;
    this.#peaks = new Float32Array(capacity + 1);
  }

  /** -log10 of the probability of `x` among the values before it, 0 for what is not in their tail; then remembers it. */
  push(x: number): number {
    const surprise = this.#surprise(x);
    this.#remember(x);
    return surprise;
  }

  #surprise(x: number): number {
    if (this.#seen < WARM_UP || this.#count === 0 || x <= this.#threshold) return 0;
    const rate = Math.log10((this.#seen + 1) / (this.#count + 1));
    const measured = this.#sum / this.#count - this.#threshold;
    const excess = Math.max(measured, LEAST_SHARE * Math.abs(this.#threshold), this.#leastExcess);
    return rate + (excess > 0 ? (x - this.#threshold) / excess / Math.LN10 : BEYOND_POINT);
  }

  #remember(x: number): void {
    this.#seen++;
    const capacity = this.#peaks.length - 1;
    const wanted = Math.max(FEWEST_PEAKS, Math.min(capacity, Math.floor(this.#seen * TAIL_SHARE)));
    if (x <= this.#threshold && this.#count >= wanted) return;
    this.#insert(x);
    while (this.#count > wanted) this.#dropLowest();
    if (this.#seen >= GENERATION) this.#age();
  }

  #insert(x: number): void {
    const peaks = this.#peaks;
    let at = this.#count++;
    while (at > 0 && peaks[at - 1]! > x) {
      peaks[at] = peaks[at - 1]!;
      at--;
    }
    peaks[at] = x;
    this.#sum += peaks[at]!;
  }

  #dropLowest(): void {
    this.#threshold = this.#peaks[0]!;
    this.#sum -= this.#threshold;
    this.#peaks.copyWithin(0, 1, this.#count--);
  }

  /** Every second peak stands for two, so the shape stays and new values count more. */
  #age(): void {
    let kept = 0;
    this.#sum = 0;
    for (let at = 1; at < this.#count; at += 2) {
      this.#peaks[kept++] = this.#peaks[at]!;
      this.#sum += this.#peaks[at]!;
    }
    this.#count = kept;
    this.#seen = Math.floor(this.#seen / 2);
  }

  save(to: StateWriter): void {
    to.put(this.#seen);
    to.put(this.#threshold === Number.NEGATIVE_INFINITY ? 0 : 1, Math.max(this.#threshold, -3e38));
    to.putArray(this.#peaks, this.#count);
  }

  load(from: StateReader): void {
    this.#seen = from.takeCount(GENERATION);
    const bounded = from.takeCount(1) === 1;
    const threshold = from.take();
    this.#threshold = bounded ? threshold : Number.NEGATIVE_INFINITY;
    this.#count = Math.min(from.takeArray(this.#peaks), this.#peaks.length - 1);
    this.#peaks.subarray(0, this.#count).sort();
    this.#sum = this.#peaks.subarray(0, this.#count).reduce((sum, peak) => sum + peak, 0);
  }
}
