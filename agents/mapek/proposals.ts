// Actions that somebody else of this node wants done, such as the self-correction of the cameras: they keep to the locks
// and budgets of the loop, and whoever wants them sees himself whether they helped.

import type { Millis } from '../../core/clock.ts';
import { resourcesOf } from './action-catalogue.ts';
import { cut } from './incident.ts';
import type { IncidentBook } from './incident-book.ts';
import type { LoopEvent, RunEnd } from './loop-state.ts';
import type { Fault, Symptom } from './symptom.ts';

/** What somebody else says is wrong, as a symptom. */
export function proposedSymptom(fault: Fault, subject: string, why: string, wall: Millis): Symptom {
  const known = { confidence: 1, severity: 0.5, since: wall, cause: cut(why), evidence: [], explains: [], context: {} };
  return { fault, subject, ...known };
}

export class Proposals {
  readonly #book: IncidentBook;
  /** Run to the owner of its locks. */
  readonly #owners = new Map<number, string>();

  constructor(book: IncidentBook) {
    this.#book = book;
  }

  take({ proposal, action, symptom, why, by }: LoopEvent & { kind: 'proposed' }): void {
    const { budgets, locks, now } = this.#book;
    const owner = `proposal ${proposal}`;
    const resources = resourcesOf(action, symptom);
    const allowance = budgets.may(symptom.subject, 1, now);
    const [holder] = locks.inTheWay(owner, resources);
    const obstacle =
      allowance.kind === 'spent'
        ? allowance.why
        : allowance.kind === 'paused'
          ? 'so much was repaired lately that nothing is begun for a while'
          : holder && `${symptom.subject} is being repaired already (${holder.replace('@', ' of ')})`;
    if (obstacle !== undefined) {
      this.#book.emit({ kind: 'refuse-proposal', proposal, why: obstacle });
      return;
    }
    locks.acquire(owner, resources);
    this.#book.spend(symptom.subject);
    const run = this.#book.nextSerial();
    this.#owners.set(run, owner);
    this.#book.emit({ kind: 'act', run, action, symptom, why, by, proposal });
  }

  /** False when the run is none of a proposal. */
  ended(run: number, how: RunEnd, holdFor: Millis): boolean {
    const owner = this.#owners.get(run);
    if (owner === undefined) return false;
    this.#owners.delete(run);
    const { locks, now } = this.#book;
    if (how === 'gave-up') {
      const held = [...locks.held()].filter(([, holder]) => holder === owner).map(([resource]) => resource);
      locks.handOver(owner, held, `run ${run}`, now + holdFor);
    }
    locks.release(owner);
    return true;
  }
}
