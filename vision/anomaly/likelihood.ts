// From scores that mean something to one camera only to a likelihood that means the same for all: how rare a score is
// among those before it, with an exponential tail where none was as high.

/** Steps of the score's logarithm that are counted, from 2^-4 to 2^8. */
const STEPS = 96;
const LOWEST = -4;
const PER_OCTAVE = 8;
/** Scores after which older ones count half. */
const HALF_LIFE = 20_000;
/** Share of scores above which the tail begins. */
const TAIL = 0.05;
/** Decades of rarity below the tail's beginning that make a likelihood of 1. */
const DECADES = 4;

export class Likelihood {
  readonly #counts = new Float32Array(STEPS);
  #total = 0;

  /** 0 for what is usual, 1 for what comes less than once in some hundred thousand. */
  of(score: number): number {
    if (this.#total < 20) return 0;
    let above = 0;
    let step = STEPS - 1;
    while (step > 0 && above + this.#counts[step]! < TAIL * this.#total) above += this.#counts[step--]!;
    const start = scoreAt(step + 1);
    if (score <= start) return 0;
    // Mean excess over the tail's beginning; some of it where the tail is still empty.
    let [excess, weight] = [0.15 * start * 2, 2];
    for (let i = step + 1; i < STEPS; i++) {
      excess += this.#counts[i]! * (scoreAt(i + 0.5) - start);
      weight += this.#counts[i]!;
    }
    const decades = (score - start) / (excess / weight) / Math.LN10;
    return Math.max(0, Math.min(1, decades / DECADES));
  }

  add(score: number): void {
    const step = Math.floor((Math.log2(Math.max(score, 1e-3)) - LOWEST) * PER_OCTAVE);
    this.#counts[Math.max(0, Math.min(STEPS - 1, step))]! += 1;
    this.#total++;
    if (this.#total < 2 * HALF_LIFE) return;
    for (let i = 0; i < STEPS; i++) this.#counts[i]! /= 2;
    this.#total /= 2;
  }

  static readonly bytes = 4 * STEPS;

  pack(): Uint8Array {
    return new Uint8Array(this.#counts.slice().buffer);
  }

  /** Undefined where the bytes are none. */
  static unpack(bytes: Uint8Array): Likelihood | undefined {
    if (bytes.length !== Likelihood.bytes) return undefined;
    const counts = new Float32Array(bytes.slice().buffer);
    if (!counts.every((count) => Number.isFinite(count) && count >= 0)) return undefined;
    const likelihood = new Likelihood();
    likelihood.#counts.set(counts);
    likelihood.#total = counts.reduce((sum, count) => sum + count, 0);
    return likelihood;
  }
}

const scoreAt = (step: number): number => 2 ** (LOWEST + step / PER_OCTAVE);
