// Lets a surprise count once: what follows it counts only where it is more surprising still, until calm returned.

import type { StateReader, StateWriter } from './state-codec.ts';
import { GENERATION } from './upper-tail.ts';

/** Values after a surprise that belong to it at least ... */
const SHORTEST = 80;
/** ... and as a share of all that came, up to a generation of them. */
const SHARE = 0.05;

export class News {
  #count = 0;
  #highest = 0;
  /** Values since the last one that counted. */
  #since = 0;

  /** `surprise` if it is news, else 0. */
  push(surprise: number): number {
    this.#count = Math.min(this.#count + 1, GENERATION);
    if (++this.#since > Math.max(SHORTEST, SHARE * this.#count)) this.#highest = 0;
    if (surprise <= this.#highest) return 0;
    this.#highest = surprise;
    this.#since = 0;
    return surprise;
  }

  save(to: StateWriter): void {
    to.put(this.#count, this.#highest, Math.min(this.#since, GENERATION));
  }

  load(from: StateReader): void {
    this.#count = from.takeCount(GENERATION);
    this.#highest = Math.max(0, from.take());
    this.#since = from.takeCount(GENERATION);
  }
}
