// How many bytes of snapshots may be written: flash wears out, and a busy street never ends. A token bucket that fills
// up over an hour, shared by all cameras.

import type { Clock, Millis } from '../core/clock.ts';

const HOUR: Millis = 3_600_000;

export class SnapshotBudget {
  readonly #clock: Clock;
  readonly #limits: { readonly bytesPerHour: number };
  #left: number;
  #filledAt: Millis;

  /** Begins full. @param limits read at each use, so that they may change; 0 bytes allow nothing */
  constructor(clock: Clock, limits: { readonly bytesPerHour: number }) {
    this.#clock = clock;
    this.#limits = limits;
    this.#left = limits.bytesPerHour;
    this.#filledAt = clock.now();
  }

  /** Whether one more may be drawn and written; its size is told afterwards, so the last one may overdraw. */
  allows(): boolean {
    const now = this.#clock.now();
    const { bytesPerHour } = this.#limits;
    const filled = ((now - this.#filledAt) / HOUR) * bytesPerHour;
    this.#left = Math.min(bytesPerHour, this.#left + filled);
    this.#filledAt = now;
    return this.#left > 0;
  }

  spend(bytes: number): void {
    this.#left -= bytes;
  }
}
