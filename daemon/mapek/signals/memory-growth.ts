// Whether a process keeps more memory from hour to hour: the median slope between pairs of readings (Theil 1950, Sen 1968),
// which a burst of work or a collection of garbage does not move. Pure.

import { medianOf } from '../../../agents/federation/aggregation/update-set.ts';
import type { Millis } from '../../../core/clock.ts';

/** One of a minute is kept. */
const EVERY: Millis = 60_000;
const MOST = 64;
/** Nothing is said of less: what a node fetches at its start is no leak. */
const LEAST_SPAN: Millis = 30 * 60_000;
const HOUR: Millis = 3_600_000;

export class MemoryGrowth {
  #readings: { at: Millis; share: number }[] = [];

  /**
   * @param at monotonic
   * @param share of the board's memory that the process has
   * @returns growth as share of memory an hour; undefined while too little is known
   */
  take(at: Millis, share: number): number | undefined {
    const last = this.#readings.at(-1);
    if (last !== undefined && at - last.at < EVERY) return undefined;
    this.#readings = [...this.#readings, { at, share }].slice(-MOST);
    const first = this.#readings[0]!;
    return at - first.at < LEAST_SPAN ? undefined : slopeOf(this.#readings) * HOUR;
  }
}

function slopeOf(readings: readonly { at: Millis; share: number }[]): number {
  const slopes: number[] = [];
  for (const [index, from] of readings.entries()) {
    for (const to of readings.slice(index + 1)) slopes.push((to.share - from.share) / (to.at - from.at));
  }
  return medianOf(slopes);
}
