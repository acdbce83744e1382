// How far values depart from what is usual at this time of day: a seasonal baseline in half hours.

import { Recent } from '../recent.ts';
import type { StateReader, StateWriter } from '../state-codec.ts';
import type { Moment, Trait } from '../trait.ts';

/** Slots of a day. */
const SLOTS = 48;
/** Values of one half hour that a saved state may count. */
const MOST_COUNTED = 1_000_000;

/** Share of a day's departure that the baseline follows. */
const GAIN = 0.3;

/**
 * Departure d = x̄ - b[s] of slot s. Once the slot is over, b[s] ← b[s] + 0.3 · (mean of d): values are compared with other
 * days only, not with those just before. A slot's first day is its baseline.
 */
export class DailyDeparture implements Trait {
  readonly dimensions = 1;
  readonly #recent: Recent;
  readonly #baseline = new Float32Array(SLOTS);
  /** 1 where the slot has a baseline. */
  readonly #known = new Float32Array(SLOTS);
  /** The slot that values come into now, and what came; -1 for none. */
  #slot = -1;
  #sum = 0;
  #count = 0;

  /** @param over values of which the mean is compared */
  constructor(over: number) {
    this.#recent = new Recent(over);
  }

  measure(x: number, { dayShare, timed }: Moment, point: Float32Array): boolean {
    this.#recent.push(x);
    if (!timed) return false;
    const mean = this.#recent.mean();
    const slot = Math.min(SLOTS - 1, Math.floor(dayShare * SLOTS));
    if (slot !== this.#slot) this.#begin(slot);
    this.#sum += mean;
    this.#count++;
    point[0] = mean - this.#baseline[slot]!;
    return this.#known[slot] === 1;
  }

  #begin(slot: number): void {
    if (this.#count > 0) {
      const departure = this.#sum / this.#count - this.#baseline[this.#slot]!;
      this.#baseline[this.#slot]! += (this.#known[this.#slot] === 1 ? GAIN : 1) * departure;
      this.#known[this.#slot] = 1;
    }
    this.#slot = slot;
    this.#sum = 0;
    this.#count = 0;
  }

  interrupt(): void {
    this.#recent.clear();
  }

  save(to: StateWriter): void {
    this.#recent.save(to);
    to.putArray(this.#baseline);
    to.putArray(this.#known);
    to.put(this.#slot + 1, this.#count === 0 ? 0 : this.#sum / this.#count, Math.min(this.#count, MOST_COUNTED));
  }

  load(from: StateReader): void {
    this.#recent.load(from);
    from.takeArray(this.#baseline);
    from.takeArray(this.#known);
    this.#slot = from.takeCount(SLOTS) - 1;
    const mean = from.take();
    this.#count = this.#slot < 0 ? 0 : from.takeCount(MOST_COUNTED);
    if (this.#slot < 0) from.take();
    this.#sum = mean * this.#count;
  }
}
