// Which action of the safe set works here: a contextual bandit with one model for each fault and action. It explores only
// what costs little, and says so little while data are few that the ladder stays as it is.

import type { Clock, Millis } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { SharedRecovery } from '../federation/learners/recovery-source.ts';
import { BLAST_RADII } from './action.ts';
import { type ActionName, specOf } from './action-catalogue.ts';
import type { RepairRecord } from './knowledge-storage.ts';
import { LADDERS } from './ladder.ts';
import { type RepairEstimate, RepairModel, type RepairPrior } from './repair-model.ts';
import { ruleOf } from './rules/all.ts';
import type { Fault } from './symptom.ts';

/** Others' networks are not this one: what they know is worth at most so many tries. */
const MOST_SHARED_WORTH = 10;
/** While fewer tries than this are known of a fault, its ladder stays as it is. */
const LEAST_TRIES = 6;
/** Only what costs at most this and reaches no further than a service is tried for the sake of learning. */
const EXPLORABLE = { cost: 0.35, radius: BLAST_RADII.indexOf('service') };
/** Cost of what was tried for the sake of learning, within an hour. */
const EXPLORATION = { most: 1.5, within: 3_600_000 };

export interface BanditParts {
  clock: Clock;
  random: Random;
}

export class RepairBandit {
  readonly #parts: BanditParts;
  readonly #models = new Map<string, RepairModel>();
  readonly #shared = new Map<string, SharedRecovery>();
  /** Within the last hour, oldest first. */
  #explored: { at: Millis; cost: number }[] = [];

  constructor(parts: BanditParts) {
    this.#parts = parts;
  }

  learn({ fault, action, context, outcome, seconds, together }: RepairRecord): void {
    if (!LADDERS[fault].includes(action)) return;
    const helped = outcome === 'helped';
    this.#model(fault, action).learn(numbersOf(fault, context), helped, seconds, 1 / Math.max(1, together));
  }

  /** What all nodes know replaces what was told before; what was tried here has to be learned anew after it. */
  share(beliefs: readonly SharedRecovery[]): void {
    this.#shared.clear();
    this.#models.clear();
    for (const belief of beliefs) this.#shared.set(`${belief.fault} ${belief.action}`, belief);
  }

  /** Whether enough is known of a fault to leave its ladder. */
  isReady(fault: Fault): boolean {
    const worth = LADDERS[fault].map((action) => {
      const shared = Math.min(MOST_SHARED_WORTH, this.#shared.get(`${fault} ${action}`)?.tries ?? 0);
      return shared + (this.#models.get(`${fault} ${action}`)?.tries ?? 0);
    });
    return worth.reduce((sum, tries) => sum + tries, 0) >= LEAST_TRIES;
  }

  /** The mean of what is believed. */
  mean(fault: Fault, action: ActionName, context: Readonly<Record<string, number>>): RepairEstimate {
    return this.#model(fault, action).estimate(numbersOf(fault, context));
  }

  /** A sample of what is believed, where the action may be explored; else the mean. */
  sample(fault: Fault, action: ActionName, context: Readonly<Record<string, number>>): RepairEstimate {
    const { cost, blastRadius } = specOf(action);
    const isExplorable = cost <= EXPLORABLE.cost && BLAST_RADII.indexOf(blastRadius) <= EXPLORABLE.radius;
    const random = isExplorable && this.#isWithinBudget(cost) ? this.#parts.random : undefined;
    return this.#model(fault, action).estimate(numbersOf(fault, context), random);
  }

  /** An action was put first although another one is believed better. */
  noteExploration(action: ActionName): void {
    this.#explored.push({ at: this.#parts.clock.now(), cost: specOf(action).cost });
  }

  #isWithinBudget(cost: number): boolean {
    const now = this.#parts.clock.now();
    this.#explored = this.#explored.filter(({ at }) => now - at < EXPLORATION.within);
    return this.#explored.reduce((sum, one) => sum + one.cost, cost) <= EXPLORATION.most;
  }

  #model(fault: Fault, action: ActionName): RepairModel {
    const key = `${fault} ${action}`;
    let model = this.#models.get(key);
    if (model === undefined) {
      model = new RepairModel(this.#prior(fault, action), contextNames(fault).length);
      this.#models.set(key, model);
    }
    return model;
  }

  #prior(fault: Fault, action: ActionName): RepairPrior {
    const shared = this.#shared.get(`${fault} ${action}`);
    const own = priorOf(action);
    if (shared === undefined || shared.tries <= 0) return own;
    const worth = Math.min(MOST_SHARED_WORTH, shared.tries);
    return {
      success: (own.success * own.worth + shared.success * worth) / (own.worth + worth),
      worth: own.worth + worth,
      logSeconds: shared.logSeconds,
      logDeviation: Math.max(0.1, shared.logDeviation),
    };
  }
}

/** Before anything was tried: as likely as not, within a third of the time after which it counts as of no effect. */
export function priorOf(action: ActionName): RepairPrior {
  return { success: 0.5, worth: 2, logSeconds: Math.log(specOf(action).verifyWithin / 3000), logDeviation: 1 };
}

const contextNames = (fault: Fault): readonly string[] => ['severity', 'often', ...(ruleOf(fault).context ?? [])];
const numbersOf = (fault: Fault, context: Readonly<Record<string, number>>): number[] =>
  contextNames(fault).map((name) => Math.min(1, Math.max(0, context[name] ?? 0)));
