// How much the loop may do: so many actions on a subject and a node within an hour, and a pause when they come too thick.

import type { Millis } from '../../core/clock.ts';

export interface BudgetLimits {
  perSubject: number;
  perNode: number;
  /** So many within a minute begin a pause of so long. */
  storm: { actions: number; pause: Millis };
}

export type Allowance =
  | { kind: 'allowed' }
  /** Not within this hour any more. */
  | { kind: 'spent'; why: string }
  | { kind: 'paused'; until: Millis };

const HOUR: Millis = 3_600_000;
const MINUTE: Millis = 60_000;

export class Budgets {
  readonly #limits: () => BudgetLimits;
  /** Within the last hour, oldest first. */
  #spent: { subject: string; at: Millis }[] = [];
  #pausedUntil: Millis = Number.NEGATIVE_INFINITY;

  /** @param limits in force now */
  constructor(limits: () => BudgetLimits) {
    this.#limits = limits;
  }

  /** Whether `actions` more may be begun on a subject now. */
  may(subject: string, actions: number, now: Millis): Allowance {
    this.#forget(now);
    if (now < this.#pausedUntil) return { kind: 'paused', until: this.#pausedUntil };
    const { perSubject, perNode } = this.#limits();
    const onSubject = this.#spent.filter((one) => one.subject === subject).length;
    if (onSubject + actions > perSubject) {
      return { kind: 'spent', why: `${onSubject} of ${perSubject} actions an hour on ${subject} are used up` };
    }
    if (this.#spent.length + actions > perNode) {
      return { kind: 'spent', why: `${this.#spent.length} of ${perNode} actions an hour on this node are used up` };
    }
    return { kind: 'allowed' };
  }

  /** True when this one began a pause. */
  spend(subject: string, now: Millis): boolean {
    this.#forget(now);
    this.#spent.push({ subject, at: now });
    const { actions, pause } = this.#limits().storm;
    // What led to the pause before does not lead to the next one.
    const lately = this.#spent.filter(({ at }) => now - at < MINUTE && at >= this.#pausedUntil);
    if (now < this.#pausedUntil || lately.length < actions) return false;
    this.#pausedUntil = now + pause;
    return true;
  }

  #forget(now: Millis): void {
    while (this.#spent.length > 0 && now - this.#spent[0]!.at >= HOUR) this.#spent.shift();
  }
}
