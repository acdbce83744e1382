// The learned policy at work: as `PolicyScheduler`, but most choices are the likeliest and a few are drawn, so that there is
// something to learn from; and each decision is handed over once it is known what followed.

import type { Random } from '../../core/random.ts';
import type { Placement, SchedulingView, TaskScheduler } from '../swarm/scheduling/scheduler.ts';
import type { Experience } from './experience.ts';
import { PolicyScheduler, type RecordedDecision } from './policy-scheduler.ts';
import type { PolicyNetwork } from './ppo/network.ts';
import { PARL } from './scheduler-names.ts';

export interface LiveSchedulerParts {
  network: PolicyNetwork;
  /** Share of the decisions that are drawn by their probability, 0 to 1. */
  exploration: number;
  /** Mean seconds from a job's submission to its end, lately: what rewards are told in. */
  usualSeconds: () => number;
  random: Random;
  /** Of the drawn decisions only: of the others nothing is learned that the policy does not do already. */
  lived: (decision: Experience) => void;
}

interface Open {
  decision: RecordedDecision;
  /** Seconds. */
  at: number;
  /** Seconds that jobs have spent in the system since. */
  jobSeconds: number;
}

export class LiveScheduler implements TaskScheduler {
  readonly name = PARL;
  readonly #parts: LiveSchedulerParts;
  readonly #greedy: PolicyScheduler;
  readonly #curious: PolicyScheduler;
  #open: Open | undefined;
  #drawn: RecordedDecision | undefined;
  /** At the last look: when, and how many jobs there were. */
  #seen = { at: 0, jobs: 0 };

  constructor(parts: LiveSchedulerParts) {
    this.#parts = parts;
    this.#greedy = new PolicyScheduler(parts.network);
    this.#curious = new PolicyScheduler(parts.network, {
      random: parts.random,
      decided: (decision) => {
        this.#drawn = decision;
      },
    });
  }

  choose(view: SchedulingView): Placement | undefined {
    this.#look(view);
    const { exploration, random } = this.#parts;
    if (exploration === 0 || random.next() >= exploration) return this.#greedy.choose(view);
    this.#drawn = undefined;
    const placement = this.#curious.choose(view);
    if (this.#drawn !== undefined) {
      this.#settle(view.now);
      this.#open = { decision: this.#drawn, at: view.now, jobSeconds: 0 };
    }
    return placement;
  }

  #look({ now, jobs }: SchedulingView): void {
    if (this.#open !== undefined) this.#open.jobSeconds += Math.max(0, now - this.#seen.at) * this.#seen.jobs;
    this.#seen = { at: now, jobs: jobs.length };
  }

  /**
   * From one drawn decision to the next: what is chosen in between is part of the world (a semi-Markov decision process).
   * The reward is minus the seconds that jobs spent in the system, in usual completion times.
   */
  #settle(now: number): void {
    const open = this.#open;
    if (open === undefined) return;
    const reward = -open.jobSeconds / Math.max(1e-3, this.#parts.usualSeconds());
    this.#parts.lived({ ...open.decision, reward, elapsed: Math.max(0, now - open.at) });
  }
}
