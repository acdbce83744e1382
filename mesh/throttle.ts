// At once the first time, then at most once a period: for floods and recomputations that follow bursts of changes.

import type { Clock, Millis, Timer } from '../core/clock.ts';

export class Throttle {
  readonly #clock: Clock;
  readonly #period: Millis;
  readonly #run: () => void;
  #timer: Timer | undefined;
  #pending = false;

  /** @param period milliseconds between two runs at least */
  constructor(clock: Clock, period: Millis, run: () => void) {
    this.#clock = clock;
    this.#period = period;
    this.#run = run;
  }

  request(): void {
    if (this.#timer !== undefined) {
      this.#pending = true;
      return;
    }
    this.#go();
  }

  /** Now, although the period may not be over; the next one begins here. */
  hasten(): void {
    this.cancel();
    this.#go();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pending = false;
  }

  #go(): void {
    this.#pending = false;
    this.#timer = this.#clock.after(this.#period, () => {
      this.#timer = undefined;
      if (this.#pending) this.#go();
    });
    this.#run();
  }
}
