// Bytes written in the last hour, from a counter that only grows: flash wear as a figure.

import type { Millis } from '../../core/clock.ts';
import { MINUTE } from './measurements.ts';

const HOUR = 60 * MINUTE;

export class HourlyBytes {
  /** Readings of the counter, at most one a minute, the oldest about an hour old. */
  readonly #readings: { at: Millis; total: number }[] = [];

  /** Takes a reading in. @param now monotonic */
  read(now: Millis, total: number): void {
    const last = this.#readings.at(-1);
    if (last !== undefined && now - last.at < MINUTE) return;
    this.#readings.push({ at: now, total });
    while ((this.#readings[1]?.at ?? now) <= now - HOUR) this.#readings.shift();
  }

  /** Bytes since the oldest reading: of the last hour, or since the start while that is shorter. */
  lastHour(total: number): number {
    return total - (this.#readings[0]?.total ?? total);
  }
}
