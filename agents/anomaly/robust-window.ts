// How unusual a value is among the last ones of its kind: a robust z-score over a rolling window. A first, simple
// detector in constant memory; the streaming ensemble takes its place later.

export interface RobustWindowOptions {
  /** Values remembered. */
  size: number;
  /** Values needed before anything is called unusual. */
  warmUp: number;
  /** Deviations below this are noise whatever the window says (in the value's unit). */
  floor: number;
}

/** MAD times this estimates the standard deviation of normal data. */
const MAD_TO_SIGMA = 1.4826;
/** Up to this many deviations nothing is unusual ... */
const USUAL = 3;
/** ... and this many more bring the score to 1 - 1/e. */
const STEEPNESS = 3;

export class RobustWindow {
  readonly #options: RobustWindowOptions;
  readonly #values: number[] = [];
  #next = 0;

  constructor(options: RobustWindowOptions) {
    this.#options = options;
  }

  /**
   * The score of `value` among the values before it, then remembers it. With z = (value - median) / max(floor,
   * 1.4826 MAD): 0 up to z = 3, then 1 - exp(-(z - 3) / 3). Only values above the median count: for all that this
   * watches, more is worse. Not-numbers score 0 and are not remembered.
   */
  push(value: number): number {
    if (!Number.isFinite(value)) return 0;
    const score = this.#values.length < this.#options.warmUp ? 0 : this.#score(value);
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#options.size;
    return score;
  }

  #score(value: number): number {
    const middle = median(this.#values);
    const spread = MAD_TO_SIGMA * median(this.#values.map((other) => Math.abs(other - middle)));
    const excess = (value - middle) / Math.max(this.#options.floor, spread) - USUAL;
    return excess <= 0 ? 0 : 1 - Math.exp(-excess / STEEPNESS);
  }
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
