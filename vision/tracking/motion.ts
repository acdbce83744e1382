// Where a box will be: constant velocity of its centre, smoothed (an alpha-beta filter). Its size is taken as seen.

import type { Millis } from '../../core/clock.ts';
import type { Box } from '../geometry.ts';

/** How much of a surprise goes into the velocity; the rest is taken for noise. */
const BETA = 0.4;
/** A box out of sight is not carried on for longer than this. */
const COAST_MS = 1_000;

export class Motion {
  #box: Box;
  #at: Millis;
  /** Shares of the picture in a millisecond. */
  #vx = 0;
  #vy = 0;

  constructor(box: Box, at: Millis) {
    this.#box = box;
    this.#at = at;
  }

  predict(now: Millis): Box {
    const elapsed = Math.min(COAST_MS, Math.max(0, now - this.#at));
    return { ...this.#box, x: this.#box.x + this.#vx * elapsed, y: this.#box.y + this.#vy * elapsed };
  }

  correct(box: Box, now: Millis): void {
    const elapsed = Math.max(1, now - this.#at);
    const vx = (box.x + box.width / 2 - (this.#box.x + this.#box.width / 2)) / elapsed;
    const vy = (box.y + box.height / 2 - (this.#box.y + this.#box.height / 2)) / elapsed;
    this.#vx += BETA * (vx - this.#vx);
    this.#vy += BETA * (vy - this.#vy);
    this.#box = box;
    this.#at = now;
  }
}
