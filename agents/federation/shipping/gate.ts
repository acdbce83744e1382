// How much goes through in a second and in an hour, and who is next when more want to: whoever comes too early is given a
// time of its own, in the order of coming, and one time each. So a thousand senders take turns.

import type { Millis } from '../../../core/clock.ts';

export interface Limit {
  /** Bytes a second, on average. */
  rate: number;
  /** Bytes at once. */
  burst: number;
}

/** Virtual scheduling (the generic cell rate algorithm, ITU-T I.371): when the bytes booked so far will have gone through. */
export class Meter {
  readonly #limits: { perByte: number; slack: Millis; freeAt: Millis }[];

  constructor(limits: readonly Limit[]) {
    this.#limits = limits.map(({ rate, burst }) => ({ perByte: 1000 / rate, slack: (1000 * burst) / rate, freeAt: 0 }));
  }

  /** When something may go through that is not booked yet. */
  opensAt(now: Millis): Millis {
    return this.#limits.reduce((latest, { freeAt, slack }) => Math.max(latest, freeAt - slack), now);
  }

  book(bytes: number, now: Millis): void {
    for (const limit of this.#limits) limit.freeAt = Math.max(limit.freeAt, now) + bytes * limit.perByte;
  }
}

/** A time that was given is kept for so long. */
const KEPT: Millis = 60_000;
/** Clocks of both ends run apart a little. */
const EARLY: Millis = 20;
const MOST_WAIT: Millis = 3_600_000;

export class Gate {
  readonly #meter: Meter;
  readonly #mostTurns: number;
  /** By sender; in the order of their times. */
  readonly #turns = new Map<string, Millis>();

  constructor(limits: readonly Limit[], mostTurns = 10_000) {
    this.#meter = new Meter(limits);
    this.#mostTurns = mostTurns;
  }

  /** 0 to let it in; else the milliseconds after which `sender` is to come again. */
  ask(sender: string, bytes: number, now: Millis): Millis {
    this.#forget(now);
    const turn = this.#turns.get(sender);
    if (turn !== undefined) {
      if (turn > now + EARLY) return Math.min(MOST_WAIT, turn - now);
      this.#turns.delete(sender);
      return 0;
    }
    const wait = this.#give(sender, bytes, now);
    if (wait === 0) this.#meter.book(bytes, now);
    return wait;
  }

  /** After something was let in: when `sender` may come with as much again. It holds that time then. */
  next(sender: string, bytes: number, now: Millis): Millis {
    return this.#turns.has(sender) ? 0 : this.#give(sender, bytes, now);
  }

  /** Senders that hold a time. */
  get turns(): number {
    return this.#turns.size;
  }

  #give(sender: string, bytes: number, now: Millis): Millis {
    const at = this.#meter.opensAt(now);
    if (at <= now) return 0;
    if (this.#turns.size >= this.#mostTurns) return KEPT;
    this.#meter.book(bytes, now);
    this.#turns.set(sender, at);
    return Math.min(MOST_WAIT, at - now);
  }

  #forget(now: Millis): void {
    for (const [sender, at] of this.#turns) {
      if (at + KEPT > now) return;
      this.#turns.delete(sender);
    }
  }
}
