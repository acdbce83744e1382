// Which fault is usually followed by which other one here: learned from when symptoms began, so that a cause that nobody
// wrote down explains what follows from it. It only ever holds a repair back for a moment; it starts none.

import type { Millis } from '../../core/clock.ts';
import type { Fault } from './symptom.ts';

interface Onset {
  key: string;
  fault: Fault;
  at: Millis;
}

/** What begins within this after another may follow from it. */
const WINDOW: Millis = 30_000;
const MOST_ONSETS = 256;
/** Counts fade with a half-life of 200 onsets: networks change. */
const FADE = 0.5 ** (1 / 200);
/** So often must a pair be seen, and so surely must one follow the other, before it counts. */
const LEAST_SEEN = 5;
const LEAST_SHARE = 0.7;

export class CoOccurrence {
  readonly #recent: Onset[] = [];
  /** Times that a fault began; times that `a > b`: b began within the window after a. */
  readonly #began = new Map<Fault, number>();
  readonly #followed = new Map<string, number>();

  began(key: string, fault: Fault, at: Millis): void {
    for (const counts of [this.#began, this.#followed] as Map<string, number>[]) {
      for (const [name, count] of counts) counts.set(name, count * FADE);
    }
    while (this.#recent.length > 0 && (at - this.#recent[0]!.at > WINDOW || this.#recent.length >= MOST_ONSETS)) {
      this.#recent.shift();
    }
    this.#began.set(fault, (this.#began.get(fault) ?? 0) + 1);
    for (const cause of new Set(this.#recent.filter((other) => other.key !== key).map((other) => other.fault))) {
      if (cause === fault) continue;
      const pair = `${cause} > ${fault}`;
      this.#followed.set(pair, (this.#followed.get(pair) ?? 0) + 1);
    }
    this.#recent.push({ key, fault, at });
  }

  /**
   * Whether `cause` usually goes before `effect`: of the times that the effect began, the lower bound of the share that had
   * the cause before it (Wilson 1927, one-sided 90 %) is at least 0.7, and the other order is rarer.
   */
  explains(cause: Fault, effect: Fault): boolean {
    if (cause === effect || this.#followed.size === 0) return false;
    const together = this.#followed.get(`${cause} > ${effect}`) ?? 0;
    const reversed = this.#followed.get(`${effect} > ${cause}`) ?? 0;
    const times = this.#began.get(effect) ?? 0;
    if (together < LEAST_SEEN || reversed * 4 > together) return false;
    return wilsonLowerBound(Math.min(1, together / times), times) >= LEAST_SHARE;
  }
}

const Z_90 = 1.2816;

export function wilsonLowerBound(share: number, times: number): number {
  const z2 = Z_90 * Z_90;
  const centre = share + z2 / (2 * times);
  const spread = Z_90 * Math.sqrt((share * (1 - share)) / times + z2 / (4 * times * times));
  return (centre - spread) / (1 + z2 / times);
}
