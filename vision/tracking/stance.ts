// Whether a thing stands still: its box has stayed where it was for a while. A box trembles a little from picture to
// picture, so it is compared with where it stood, not with the one before.

import type { Millis } from '../../core/clock.ts';
import { type Box, overlap } from '../geometry.ts';

/** Milliseconds in one place after which a thing stands. */
const STANDS_AFTER: Millis = 10_000;
/** Overlap with its place below which it has moved: trembling keeps .8 and more; a standing thing is given more room. */
const SAME_PLACE = { before: 0.7, standing: 0.5 };

export class Stance {
  #place: Box;
  #since: Millis;
  #standing = false;

  constructor(box: Box, now: Millis) {
    this.#place = box;
    this.#since = now;
  }

  /** It is at `box` now; returns whether it stands. */
  at(box: Box, now: Millis): boolean {
    if (overlap(box, this.#place) < (this.#standing ? SAME_PLACE.standing : SAME_PLACE.before)) {
      this.#place = box;
      this.#since = now;
      this.#standing = false;
    } else if (now - this.#since >= STANDS_AFTER) {
      this.#standing = true;
    }
    return this.#standing;
  }
}
