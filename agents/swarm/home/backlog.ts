// What waits at a home, and what is set back when far more comes in than can be done: it goes last, so that other work goes on,
// and whoever sent it sends no more for a while. Nothing that was taken is given up.

import type { Clock, Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { WorkerFigures } from '../messages.ts';
import type { Fleet } from './fleet.ts';
import type { HostedJob } from './hosted-job.ts';

export interface BacklogParts {
  jobs: ReadonlyMap<string, HostedJob>;
  fleet: Fleet;
  /** Of this node. */
  worker(): Pick<WorkerFigures, 'slots' | 'queued'>;
  clock: Clock;
}

/** So many tasks for each place are no storm. */
const LEFT = 10;
/** Names of submitters that are kept. */
const MOST_SENDERS = 256;

export class Backlog {
  readonly #parts: BacklogParts;
  /** Who sent what was set back, until when (monotonic) nothing more is taken of them. */
  readonly #refused = new Map<string, Millis>();

  constructor(parts: BacklogParts) {
    this.#parts = parts;
  }

  /** Of all nodes within reach. */
  get places(): number {
    let slots = 0;
    for (const { reachable, figures } of this.#parts.fleet.all()) if (reachable) slots += figures.slots;
    return Math.max(1, slots);
  }

  /**
   * Tasks that wait for each place: at this home, those that could start, for the places of all nodes within reach; or in the queue of this
   * node's worker for its own, where that is more. What was set back does not count.
   */
  perPlace(): number {
    const { slots, queued } = this.#parts.worker();
    const ready = this.#waiting().reduce((sum, job) => sum + job.ready.size, 0);
    return Math.max(queued / Math.max(1, slots), ready / this.places);
  }

  /**
   * Sets jobs back until no more than a few tasks for each place are left, those with most that wait first. Returns how much that was.
   * @param refuseFor milliseconds within which whoever sent it sends no more
   */
  setBack(refuseFor: Millis): { jobs: number; tasks: number; by: string[] } {
    const waiting = this.#waiting().toSorted((a, b) => b.ready.size - a.ready.size);
    const allowed = LEFT * this.places;
    let left = waiting.reduce((sum, job) => sum + job.ready.size, 0);
    const back: HostedJob[] = [];
    for (const job of waiting) {
      if (left <= allowed) break;
      left -= job.ready.size;
      job.isSetBack = true;
      back.push(job);
    }
    const by = [...new Set(back.map(({ run }) => run.by))];
    for (const name of by.slice(0, MOST_SENDERS)) this.#refused.set(name, this.#parts.clock.now() + refuseFor);
    while (this.#refused.size > MOST_SENDERS) this.#refused.delete(this.#refused.keys().next().value!);
    return { jobs: back.length, tasks: back.reduce((sum, job) => sum + job.ready.size, 0), by };
  }

  /** Everything goes in its turn again, and is taken from anybody. */
  takeUpAgain(): void {
    for (const job of this.#parts.jobs.values()) job.isSetBack = false;
    this.#refused.clear();
  }

  /** Throws `JOBS_UNAVAILABLE` while nothing more is taken of whoever that is. */
  check(by: string): void {
    const rest = (this.#refused.get(by) ?? 0) - this.#parts.clock.now();
    if (rest <= 0) return;
    throw new ParlmeshError(
      'JOBS_UNAVAILABLE',
      `More tasks of ${by} wait here than can be done; no more are taken now`,
      {
        hint: `Try again in ${Math.ceil(rest / 1000)} s, or submit it to another node`,
      },
    );
  }

  #waiting(): HostedJob[] {
    return [...this.#parts.jobs.values()].filter(
      ({ ready, state, isSetBack }) => ready.size > 0 && state === 'running' && !isSetBack,
    );
  }
}
