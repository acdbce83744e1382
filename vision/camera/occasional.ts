// Says something at most once in a while, and then how often it was held back.

import type { Clock, Millis } from '../../core/clock.ts';

export class Occasional {
  readonly #clock: Clock;
  readonly #period: Millis;
  #last = Number.NEGATIVE_INFINITY;
  #missed = 0;

  constructor(clock: Clock, period: Millis) {
    this.#clock = clock;
    this.#period = period;
  }

  /** Calls `say` with the number of calls held back since the last time, unless the last time was too recent. */
  run(say: (missed: number) => void): void {
    const now = this.#clock.now();
    if (now - this.#last < this.#period) {
      this.#missed++;
      return;
    }
    this.#last = now;
    const missed = this.#missed;
    this.#missed = 0;
    say(missed);
  }
}
