// How improbable it is that a series stays out of its usual range, also where that is not new: a fault that comes again. What is
// nearly always one value (losses, waiting letters, failures) has no spread to go by, so its own odd values count as well.

import { ParlmeshError } from '../../core/errors.ts';
import { isUsual, likelihoodOfDeparture, USUAL } from './hourly-profile.ts';

/** As many odd values are remembered; then the older half loses half of its weight. */
const MEMORY = 200;
/** An excursion may become improbable at any of its values: about as many independent chances (Bonferroni). */
const TRIES = 10;

/**
 * Likelihood 1 - 10 p s^(n - 1): s that an odd value is followed by another one, as the series itself does when it is well:
 * (stays + 2) / (odd + 3). A series that wanders stays out longer by chance, so it takes more values in a row. p is that of so large
 * a departure (`likelihoodOfDeparture`), or that of the series' own peaks over the range if it is more: odd / values · exp(-e / m),
 * where e is how far it lies out and m how far odd values did on average.
 */
export class OutOfRange {
  #values = 0;
  #odd = 0;
  #stays = 0;
  /** Sum of how far odd values lay out, in the unit of the values. */
  #excess = 0;
  #row = 0;
  /** Of the present excursion. */
  #rowExcess = 0;

  /**
   * @param departure spreads from what is usual at the hour
   * @param distance the same in the unit of the values, without a sign
   * @param well whether the series is taken to be so: an excursion that ends otherwise is a fault, and not learned from
   */
  push(departure: number, distance: number, well: boolean): number {
    if (well) this.#values++;
    if (isUsual(departure)) {
      if (well) this.#learn();
      this.#row = 0;
      this.#rowExcess = 0;
      return 0;
    }
    const stay = (this.#stays + 2) / (this.#odd + 3);
    this.#row++;
    this.#rowExcess += excessOf(departure, distance);
    return 1 - Math.min(1, TRIES * this.chance(departure, distance) * stay ** (this.#row - 1));
  }

  /** Of one value that lies so far out. */
  chance(departure: number, distance: number): number {
    const usual = 1 - likelihoodOfDeparture(departure);
    if (this.#odd === 0 || isUsual(departure)) return usual;
    const mean = this.#excess / this.#odd;
    const own = mean > 0 ? (this.#odd / this.#values) * Math.exp(-excessOf(departure, distance) / mean) : 0;
    return Math.max(usual, own);
  }

  /** From an excursion, once it has ended. */
  #learn(): void {
    this.#odd += this.#row;
    this.#stays += Math.max(0, this.#row - 1);
    this.#excess += this.#rowExcess;
    if (this.#odd <= MEMORY) return;
    this.#values /= 2;
    this.#odd /= 2;
    this.#stays /= 2;
    this.#excess /= 2;
  }

  save(): number[] {
    return [this.#values, this.#odd, this.#stays, this.#excess];
  }

  /** Throws `ANOMALY_STATE_INVALID` for what `save` did not write. */
  static restored(numbers: readonly number[]): OutOfRange {
    const [values = 0, odd = 0, stays = 0, excess = 0] = numbers;
    const isSound = numbers.length === 4 && numbers.every((each) => Number.isFinite(each) && each >= 0);
    if (!isSound || stays > odd || odd > values) {
      throw new ParlmeshError('ANOMALY_STATE_INVALID', 'What was remembered of odd values cannot be read');
    }
    const range = new OutOfRange();
    [range.#values, range.#odd, range.#stays, range.#excess] = [values, odd, stays, excess];
    return range;
  }
}

/** How far beyond the usual spreads it lies, in the unit of the values. */
const excessOf = (departure: number, distance: number): number =>
  distance * Math.max(0, 1 - USUAL / Math.abs(departure));
