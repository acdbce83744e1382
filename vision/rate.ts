// How often a camera is looked at while the board is under pressure: less, and those of little priority much less.
// What is left out is not even decoded. Pure but for the time of the last look.

import type { Millis } from '../core/clock.ts';

/** Pressure from which cameras slow down. */
const BEGINS = 0.5;
/** What is left of the frame rate at full pressure, of a camera of priority 0 and of 9. */
const LEFT = { least: 0.1, most: 0.7 };
/** A frame is let through this share of a period early: cameras are not exact. */
const EARLY = 0.25;

/** Share of its frame rate that a camera keeps: 1 while nothing presses. @param pressure 0 to 1 @param priority 0 to 9 */
export function shareOfRate(pressure: number, priority: number): number {
  const pressed = Math.min(1, Math.max(0, (pressure - BEGINS) / (1 - BEGINS)));
  const left = LEFT.least + ((LEFT.most - LEFT.least) * priority) / 9;
  return 1 - pressed * (1 - left);
}

export class RateLimit {
  readonly #period: Millis;
  readonly #priority: number;
  #due: Millis | undefined;

  /** @param period milliseconds between two frames where nothing presses */
  constructor(period: Millis, priority: number) {
    this.#period = period;
    this.#priority = priority;
  }

  /** Whether a frame that came now is looked at. */
  admits(now: Millis, pressure: number): boolean {
    const share = shareOfRate(pressure, this.#priority);
    if (share >= 1) {
      this.#due = undefined;
      return true;
    }
    const period = this.#period / share;
    if (this.#due !== undefined && now < this.#due - EARLY * this.#period) return false;
    this.#due = Math.max(now, (this.#due ?? now) + period);
    return true;
  }
}
