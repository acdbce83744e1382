// Looks for a shift only as often as it may have changed: a search costs as much as all the rest of a look.

import type { Measures } from './measures.ts';
import type { Reference } from './reference.ts';
import { findShift, matches, type Shift } from './shift.ts';

/** Most pictures for which a search that found nothing is taken to find nothing again. */
const MOST_PICTURES = 24;
/** Change of the share of texture kept after which it is searched at once. */
const OTHERWISE = 0.1;

export class ShiftSearch {
  #last: { shift: Shift; kept: number } | undefined;
  /** Pictures to wait for, and those that passed. */
  #wait = 0;
  #passed = 0;

  /** @param kept share of texture that the picture keeps, unshifted */
  find(measures: Measures, reference: Reference, kept: number): Shift {
    const last = this.#last;
    const alike = last !== undefined && Math.abs(kept - last.kept) < OTHERWISE;
    if (alike && this.#passed < this.#wait) {
      this.#passed++;
      return last.shift;
    }
    const shift = findShift(measures, reference, last?.shift);
    this.#last = { shift, kept };
    this.#passed = 0;
    // A found shift is tried again each time, which is cheap; after none, the next search may wait longer and longer.
    this.#wait = matches(shift) || !alike ? 0 : Math.min(MOST_PICTURES, 2 * this.#wait + 1);
    return shift;
  }

  /** Another reference, or the view is as usual again. */
  forget(): void {
    this.#last = undefined;
    this.#wait = 0;
    this.#passed = 0;
  }
}
