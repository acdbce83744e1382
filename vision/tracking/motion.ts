// Where a box will be: constant velocity of its centre, smoothed (an alpha-beta filter). Its size is taken as seen. Out of
// sight it slows down: what is hidden for longer has rather stopped than gone on.

import type { Millis } from '../../core/clock.ts';
import type { Box } from '../geometry.ts';

/** How much of a surprise goes into the velocity; the rest is taken for noise. */
const BETA = 0.4;
/** Milliseconds in which the speed of a box out of sight falls to a third. */
const SLOWS_WITHIN: Millis = 1_500;

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
    const elapsed = SLOWS_WITHIN * (1 - Math.exp(-Math.max(0, now - this.#at) / SLOWS_WITHIN));
    return { ...this.#box, x: this.#box.x + this.#vx * elapsed, y: this.#box.y + this.#vy * elapsed };
  }

  /** Nothing moved there: it is where it was. */
  rest(now: Millis): void {
    this.#at = now;
    this.#vx = 0;
    this.#vy = 0;
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
