// When to say what everybody may be saying: the Trickle algorithm (RFC 6206). While all agree one of many speaks, ever
// more rarely; who hears a difference makes it often again.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';

export interface TrickleParts {
  clock: Clock;
  random: Random;
  /** The shortest interval; doubled up to `longest` while nothing differs. */
  shortest: Millis;
  longest: Millis;
  say: () => void;
}

export class Trickle {
  readonly #parts: TrickleParts;
  #interval: Millis;
  #heard = false;
  #timers: Timer[] = [];

  constructor(parts: TrickleParts) {
    this.#parts = parts;
    this.#interval = parts.shortest;
  }

  /** Begins, or begins again, with the shortest interval. */
  start(): void {
    this.#interval = this.#parts.shortest;
    this.#begin();
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  /** Somebody said what this node would say: it keeps silent in this interval. */
  agree(): void {
    this.#heard = true;
  }

  /** Somebody said something else. */
  differ(): void {
    if (this.#timers.length > 0 && this.#interval > this.#parts.shortest) this.start();
  }

  #begin(): void {
    const { clock, random, longest, say } = this.#parts;
    this.stop();
    this.#heard = false;
    const speakAt = this.#interval * (0.5 + random.next() / 2);
    this.#timers = [
      clock.after(speakAt, () => {
        if (!this.#heard) say();
      }),
      clock.after(this.#interval, () => {
        this.#interval = Math.min(longest, 2 * this.#interval);
        this.#begin();
      }),
    ];
  }
}
