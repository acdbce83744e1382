// How improbable it is that a series stays out of its usual range, also where that is not new: a fault that comes again.

import { isUsual, likelihoodOfDeparture } from './hourly-profile.ts';

/** As many odd values are remembered; then the older half loses half of its weight. */
const MEMORY = 200;
/** An excursion may become improbable at any of its values: about as many independent chances (Bonferroni). */
const TRIES = 10;

/**
 * Likelihood 1 - 10 p s^(n - 1): p of so large a departure (`likelihoodOfDeparture`), and s that an odd value is followed by
 * another one, as the series itself does when it is well: (stays + 2) / (odd + 3). A series that wanders stays out longer by
 * chance, so it takes more values in a row.
 */
export class OutOfRange {
  #odd = 0;
  #stays = 0;
  #row = 0;

  /**
   * @param departure spreads from what is usual at the hour
   * @param well whether the series is taken to be so: an excursion that ends otherwise is a fault, and not learned from
   */
  push(departure: number, well: boolean): number {
    if (isUsual(departure)) {
      if (well) this.#learn();
      this.#row = 0;
      return 0;
    }
    const stay = (this.#stays + 2) / (this.#odd + 3);
    this.#row++;
    return 1 - Math.min(1, TRIES * (1 - likelihoodOfDeparture(departure)) * stay ** (this.#row - 1));
  }

  /** From an excursion, once it has ended. */
  #learn(): void {
    this.#odd += this.#row;
    this.#stays += Math.max(0, this.#row - 1);
    if (this.#odd > MEMORY) [this.#odd, this.#stays] = [this.#odd / 2, this.#stays / 2];
  }
}
