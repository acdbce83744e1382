// Turns a counter, which only grows and starts again from nought, into a rate that can be judged like any gauge.

import type { Millis } from '../../core/clock.ts';

export class CounterRate {
  #last: { value: number; at: Millis } | undefined;

  /**
   * The growth a second since the value before; NaN for the first one, for what is no count, and where no time passed. A
   * smaller value than before is a counter that began again: it grew by what it says since then (as Prometheus counts it).
   * @param at monotonic milliseconds
   */
  push(value: number, at: Millis): number {
    if (!Number.isFinite(value) || value < 0) return Number.NaN;
    const last = this.#last;
    if (last !== undefined && at <= last.at) return Number.NaN;
    this.#last = { value, at };
    if (last === undefined) return Number.NaN;
    const growth = value < last.value ? value : value - last.value;
    return (1000 * growth) / (at - last.at);
  }
}
