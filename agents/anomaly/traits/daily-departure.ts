// How far values depart from what is usual at this time of day: a seasonal baseline in half hours.

import { Recent } from '../recent.ts';
import type { StateReader, StateWriter } from '../state-codec.ts';
import type { Moment, Trait } from '../trait.ts';

/** Slots of a day. */
const SLOTS = 48;

export interface DailyDepartureOptions {
  /** Values of which the mean is compared. */
  over: number;
  /** Share of a departure that the baseline follows at once. */
  gain: number;
}

/** Departure d = x̄ - b[s] of slot s, then b[s] ← b[s] + gain · d. A slot's first value is its baseline. */
export class DailyDeparture implements Trait {
  readonly dimensions = 1;
  readonly #gain: number;
  readonly #recent: Recent;
  readonly #baseline = new Float32Array(SLOTS);
  /** 1 where the slot has a baseline. */
  readonly #known = new Float32Array(SLOTS);

  constructor({ over, gain }: DailyDepartureOptions) {
    this.#gain = gain;
    this.#recent = new Recent(over);
  }

  measure(x: number, { dayShare, timed }: Moment, point: Float32Array): boolean {
    this.#recent.push(x);
    if (!timed) return false;
    const mean = this.#recent.mean();
    const slot = Math.min(SLOTS - 1, Math.floor(dayShare * SLOTS));
    if (this.#known[slot] === 0) {
      this.#known[slot] = 1;
      this.#baseline[slot] = mean;
      point[0] = 0;
      return true;
    }
    point[0] = mean - this.#baseline[slot]!;
    this.#baseline[slot]! += this.#gain * point[0];
    return true;
  }

  interrupt(): void {
    this.#recent.clear();
  }

  save(to: StateWriter): void {
    this.#recent.save(to);
    to.putArray(this.#baseline);
    to.putArray(this.#known);
  }

  load(from: StateReader): void {
    this.#recent.load(from);
    from.takeArray(this.#baseline);
    from.takeArray(this.#known);
  }
}
