// After a pause (the process stood still, or started anew) a series has moved on unread: for a while it is judged by its range alone,
// and more leniently the less it knows of this time of day. What looks at several values is filled anew meanwhile.

import { GAP } from './sampling.ts';

/** A step of so many times the longest of the last ones is a pause: what comes irregularly has none all the time. */
const PAUSE = 3;
/** How fast the longest step is forgotten, a value. */
const FORGET = 0.98;
/** Values until traits that span few of them (8 at most) are filled anew; and until all are, and the hour is known. */
const SHORT = 10;
const LONG = 100;

export class AfterPause {
  #longest = 1;
  #left = 0;
  #doubt = 1;

  /**
   * Takes in a value.
   * @param stretch usual intervals since the value before
   * @param age values before it
   * @param knowsHour whether the series was read at this time of day before
   */
  push(stretch: number, age: number, knowsHour: boolean): void {
    if (this.#left > 0) this.#left--;
    if (stretch > PAUSE * this.#longest) {
      this.#left = Math.max(this.#left, stretch > GAP ? LONG : SHORT);
      // It may have moved in proportion.
      this.#doubt = knowsHour ? 1 : 1 + stretch / Math.max(1, age);
    }
    this.#longest = Math.max(1, Math.min(stretch, GAP), FORGET * this.#longest);
  }

  /** By how many times departures count less now; undefined while there is no pause to allow for. */
  get doubt(): number | undefined {
    return this.#left > 0 ? this.#doubt : undefined;
  }
}
