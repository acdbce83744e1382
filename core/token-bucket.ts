// How much somebody may say: `rate` a second on average, `burst` at once.

import type { Millis } from './clock.ts';

export class TokenBucket {
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #at: Millis;

  constructor(rate: number, burst: number, now: Millis) {
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** True and `count` tokens less, or false when there are too few. */
  take(now: Millis, count = 1): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#rate);
    this.#at = now;
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}
