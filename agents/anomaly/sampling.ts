// When the values of a series come: their usual interval, gaps, and clocks that jump.

import type { Millis } from '../../core/clock.ts';
import type { StateReader, StateWriter } from './state-codec.ts';
import type { Moment } from './trait.ts';

const DAY = 86_400_000;
/** A step of more usual intervals than this is a gap: longer than any trait looks back ... */
export const GAP = 50;
/** ... and after it, or a step back, the time of day says nothing for as many values. */
const UNTIMED_AFTER_JUMP = 10;
/** How fast the usual interval follows, as a share of itself a value. */
const FOLLOW = 0.05;

export type Step = 'usual' | 'gap' | 'back';

/**
 * The usual interval is a running median: it rises by 5 % when a step is longer, else falls by as much, so that a few gaps
 * do not move it. Two values at one time are no jump.
 */
export class Sampling {
  #last: Millis | undefined;
  /** 0 while unknown. */
  #interval = 0;
  #untimed = 0;
  #stretch = 1;

  /** What led to this value; a `gap` or a step `back` interrupts what spans several values. */
  step(at: Millis): Step {
    const since = this.#last === undefined ? 0 : at - this.#last;
    this.#last = at;
    this.#stretch = this.#interval > 0 ? since / this.#interval : 1;
    if (since < 0) {
      this.#untimed = UNTIMED_AFTER_JUMP;
      return 'back';
    }
    if (this.#untimed > 0) this.#untimed--;
    if (since === 0) return 'usual';
    const gap = this.#interval > 0 && since > GAP * this.#interval;
    if (this.#interval === 0) this.#interval = since;
    else this.#interval *= since > this.#interval ? 1 + FOLLOW : 1 - FOLLOW;
    return gap ? 'gap' : 'usual';
  }

  /** Usual intervals that passed before the last value. */
  get stretch(): number {
    return this.#stretch;
  }

  moment(at: Millis): Moment {
    return { dayShare: (((at % DAY) + DAY) % DAY) / DAY, timed: this.#untimed === 0 };
  }

  save(to: StateWriter): void {
    to.put(this.#last === undefined ? 0 : 1, this.#interval, this.#untimed);
    to.putTime(this.#last ?? 0);
  }

  load(from: StateReader): void {
    const known = from.takeCount(1) === 1;
    this.#interval = Math.max(0, from.take());
    this.#untimed = from.takeCount(UNTIMED_AFTER_JUMP);
    const last = from.takeTime();
    this.#last = known ? last : undefined;
  }
}
