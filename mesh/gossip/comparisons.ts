// Which buckets are worth comparing with somebody: sides that never agree, because one of them lies or has let go of what
// the other still has, are asked ever more rarely, until either changes.

import type { Millis } from '../../core/clock.ts';

/** After a comparison that changed nothing: half as long again each time. */
const FIRST_PAUSE: Millis = 1000;
const LONGEST_PAUSE: Millis = 60_000;

export class Comparisons {
  readonly #last = new Map<number, { mine: number; theirs: number; pause: Millis; again: Millis }>();

  /** True when the two sums of a bucket should be followed up now. */
  due(bucket: number, mine: number, theirs: number, now: Millis): boolean {
    const last = this.#last.get(bucket);
    const same = last !== undefined && last.mine === mine && last.theirs === theirs;
    if (same && now < last.again) return false;
    const pause = same ? Math.min(LONGEST_PAUSE, 1.5 * last.pause) : FIRST_PAUSE;
    this.#last.set(bucket, { mine, theirs, pause, again: now + pause });
    return true;
  }
}
