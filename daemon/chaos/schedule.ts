// A run of random faults: which comes when, decided by a seed alone. Pure.

import type { Millis } from '../../core/clock.ts';
import { type Random, seededRandom } from '../../core/random.ts';

export interface SchedulePlan {
  /** Between the beginnings of two faults. */
  every: Millis;
  /** How long the whole run takes. */
  during: Millis;
  seed: number;
  /** Kinds that are drawn from; all that can be injected when left out. */
  faults?: readonly string[];
}

export interface Draw {
  name: string;
  target: string;
}

/** Draws without repeating a kind before the others had their turn. */
export class Dice {
  readonly #random: Random;
  #left: string[] = [];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** @param places what can be injected now, and where; undefined when that is nothing */
  draw(places: ReadonlyMap<string, readonly string[]>): Draw | undefined {
    const possible = [...places].filter(([, targets]) => targets.length > 0).map(([name]) => name);
    if (possible.length === 0) return undefined;
    if (!this.#left.some((name) => possible.includes(name))) this.#left = [...places.keys()];
    const fresh = this.#left.filter((name) => possible.includes(name));
    const name = fresh[this.#random.below(fresh.length)]!;
    this.#left = this.#left.filter((one) => one !== name);
    const targets = places.get(name)!;
    return { name, target: targets[this.#random.below(targets.length)]! };
  }
}
