// What the planner knows of repairs as a learner: for each fault and action how often it was tried, how often it helped and
// how soon. A node's model is its own sums, so that the mean of the nodes' models has the ratios of all their trials pooled.

import { createHash } from 'node:crypto';
import type { Clock, Millis } from '../../../core/clock.ts';
import { ACTIONS } from '../../mapek/action-catalogue.ts';
import { FAULTS } from '../../mapek/symptom.ts';
import type { Comparison, Learner, Model, ModelOrigin, Performance, Trained, TrainingPlan } from '../learner.ts';
import { compareLikelihoods, isHeldBack, meanAndDeviationOf } from './held-back.ts';
import { KeptModel, type KeptModelParts } from './kept-model.ts';
import type { RecoveryKnowledge, RecoveryOutcome, SharedRecovery } from './recovery-source.ts';
import { difference } from './vectors.ts';

export interface RecoveryLearnerParts {
  knowledge: RecoveryKnowledge;
  storage: KeptModelParts['storage'];
  tell: (message: string) => void;
  clock: Clock;
}

/** Of a fault and an action: tries, those that helped, sum of ln(seconds) of those, and of its square. */
const NUMBERS = 4;
const SLOTS = FAULTS.flatMap((fault) => Object.keys(ACTIONS).map((action) => ({ fault: String(fault), action })));
const PLACE = new Map(SLOTS.map(({ fault, action }, index) => [`${fault}/${action}`, index * NUMBERS]));
/** Of the catalogue's text: nodes whose versions know other faults or actions do not mix. */
const FORMAT = createHash('sha256')
  .update(`1 ${JSON.stringify(SLOTS)}`)
  .digest()
  .readUIntBE(0, 3);

/** A trial of this age counts half. */
const HALF_LIFE: Millis = 30 * 86_400_000;
/** Tries of one kind on one node count as so many at most: no node outweighs the others by one fault that it has daily. */
const MOST_TRIES = 20;
/** What a slot that nobody tried is taken for: two tries, of which one helped, in 5 seconds give or take a factor of e. */
const PRIOR = { tries: 2, success: 0.5, logSeconds: Math.log(5), logDeviation: 1 };
const LEAST_DEVIATION = 0.3;
const SHORTEST = 0.001;
/** Below it a slot says nothing. */
const LEAST_TRIES = 0.01;
/** A repair that did not help costs as much as one that takes e times as long as it lasted. */
const NOT_RECOVERED = 1;

export const RECOVERY_KNOWLEDGE = {
  name: 'recovery-knowledge',
  title: 'Knowledge of repairs',
  size: SLOTS.length * NUMBERS,
  format: FORMAT,
  /** Each node brings other slots: of a slot that few know, most say nothing, which is no vote against it. */
  aggregation: { rule: 'fedavg' },
} as const;

export class RecoveryKnowledgeLearner implements Learner {
  readonly name = RECOVERY_KNOWLEDGE.name;
  readonly title = RECOVERY_KNOWLEDGE.title;
  readonly size = RECOVERY_KNOWLEDGE.size;
  readonly format = RECOVERY_KNOWLEDGE.format;
  readonly aggregation = RECOVERY_KNOWLEDGE.aggregation;
  readonly #parts: RecoveryLearnerParts;
  readonly #kept: KeptModel;
  #trainedUpTo: Millis = 0;

  constructor(parts: RecoveryLearnerParts) {
    this.#parts = parts;
    this.#kept = new KeptModel({ ...parts, size: this.size, format: this.format });
  }

  /** Tells the planner what was kept. Once, after a start. */
  async restore(): Promise<void> {
    await this.#parts.knowledge.share(knowledgeOf(this.current().parameters));
  }

  current(): Model {
    return this.#kept.current;
  }

  examples(): number {
    return this.#outcomes(false, this.#trainedUpTo).length;
  }

  /** Exact: the minimum of ½|w - s|² + μ/2 |w - from|², s being the sums of this node, is (s + μ from) / (1 + μ). */
  async train(from: Model, { proximal }: TrainingPlan, signal: AbortSignal): Promise<Trained> {
    signal.throwIfAborted();
    const outcomes = this.#outcomes(false);
    const sums = sumsOf(outcomes);
    const held = sums.map((sum, index) => (sum + proximal * from.parameters[index]!) / (1 + proximal));
    this.#trainedUpTo = outcomes.reduce((latest, { at }) => Math.max(latest, at), this.#trainedUpTo);
    const recovered = outcomes.filter((outcome) => outcome.recovered).length;
    return {
      delta: difference(held, from.parameters),
      examples: outcomes.length,
      metrics: { repairs: outcomes.length, recovered: recovered / Math.max(1, outcomes.length) },
    };
  }

  async compare(candidate: Float32Array, baseline: Float32Array, signal: AbortSignal): Promise<Comparison> {
    signal.throwIfAborted();
    const differences = this.#outcomes(true).map(
      (outcome) => logLikelihood(candidate, outcome) - logLikelihood(baseline, outcome),
    );
    return compareLikelihoods(differences, 'repairs');
  }

  async inspect(candidate: Float32Array): Promise<string | undefined> {
    for (const [index, { fault, action }] of SLOTS.entries()) {
      const [tries, helped, logSeconds] = numbersAt(candidate, index * NUMBERS);
      // Noise for privacy moves sums a little beyond what can be.
      if (tries < -1 || tries > 2 * MOST_TRIES || helped < -1 || helped > tries + 1) {
        return `${action} on ${fault} would have helped ${helped.toFixed(1)} times in ${tries.toFixed(1)} tries`;
      }
      if (Math.abs(logSeconds) > (helped + 1) * Math.log(1e7)) {
        return `${action} on ${fault} would take ${Math.exp(logSeconds / Math.max(1, helped)).toExponential(1)} s`;
      }
    }
    return undefined;
  }

  async adopt(model: Model, { round }: ModelOrigin): Promise<void> {
    await this.#kept.adopt(model);
    await this.restore();
    this.#parts.tell(
      `Knowledge of repairs ${model.version} came out of round ${round} of the federation and serves now`,
    );
  }

  async takeBack(version: string, reason: string): Promise<void> {
    if (!(await this.#kept.takeBack(version))) return;
    await this.restore();
    this.#parts.tell(`Knowledge of repairs ${version} was taken back: ${reason}`);
  }

  performance(since = 0): Performance | undefined {
    const costs = this.#parts.knowledge
      .outcomes()
      .filter(({ at }) => at >= Math.max(since, this.#kept.since))
      .map(({ seconds, recovered }) => Math.log(Math.max(SHORTEST, seconds)) + (recovered ? 0 : NOT_RECOVERED));
    if (costs.length === 0) return undefined;
    const { mean, deviation } = meanAndDeviationOf(costs);
    const { version } = this.current();
    return { version, cost: mean, unit: 'ln(s to recover)', samples: costs.length, deviation };
  }

  /** What this version has a place for. @param after milliseconds since 1970 */
  #outcomes(held: boolean, after = Number.NEGATIVE_INFINITY): RecoveryOutcome[] {
    return this.#parts.knowledge
      .outcomes()
      .filter(({ id, fault, action, at }) => at > after && PLACE.has(`${fault}/${action}`) && isHeldBack(id) === held);
  }
}

/** Aged from the newest on, so that a board that was off for a month still knows what it knew. */
function sumsOf(outcomes: readonly RecoveryOutcome[]): Float32Array {
  const sums = new Float32Array(SLOTS.length * NUMBERS);
  const newest = outcomes.reduce((latest, { at }) => Math.max(latest, at), 0);
  for (const { fault, action, recovered, seconds, at } of outcomes) {
    const place = PLACE.get(`${fault}/${action}`)!;
    const weight = 2 ** ((at - newest) / HALF_LIFE);
    const log = Math.log(Math.max(SHORTEST, seconds));
    sums[place]! += weight;
    if (!recovered) continue;
    sums[place + 1]! += weight;
    sums[place + 2]! += weight * log;
    sums[place + 3]! += weight * log * log;
  }
  for (let place = 0; place < sums.length; place += NUMBERS) {
    const scale = Math.min(1, MOST_TRIES / sums[place]!);
    if (scale < 1) for (let i = 0; i < NUMBERS; i++) sums[place + i]! *= scale;
  }
  return sums;
}

function numbersAt(parameters: Float32Array, place: number): [number, number, number, number] {
  return [parameters[place]!, parameters[place + 1]!, parameters[place + 2]!, parameters[place + 3]!];
}

/** With the prior mixed in, so that a slot with little in it claims little. */
function beliefAt(parameters: Float32Array, place: number): Omit<SharedRecovery, 'fault' | 'action'> {
  const [rawTries, rawHelped, sum, squares] = numbersAt(parameters, place);
  const tries = Math.max(0, rawTries);
  const helped = Math.min(tries, Math.max(0, rawHelped));
  const weight = helped + 1;
  const logSeconds = (sum + PRIOR.logSeconds) / weight;
  const square = (squares + PRIOR.logSeconds ** 2 + PRIOR.logDeviation ** 2) / weight;
  return {
    tries,
    success: (helped + PRIOR.tries * PRIOR.success) / (tries + PRIOR.tries),
    logSeconds,
    logDeviation: Math.max(LEAST_DEVIATION, Math.sqrt(Math.max(0, square - logSeconds ** 2))),
  };
}

function knowledgeOf(parameters: Float32Array): SharedRecovery[] {
  return SLOTS.map((slot, index) => ({ ...slot, ...beliefAt(parameters, index * NUMBERS) })).filter(
    ({ tries }) => tries >= LEAST_TRIES,
  );
}

/** Whether it helped is Bernoulli, the seconds are log-normal. */
function logLikelihood(parameters: Float32Array, { fault, action, recovered, seconds }: RecoveryOutcome): number {
  const { success, logSeconds, logDeviation } = beliefAt(parameters, PLACE.get(`${fault}/${action}`)!);
  if (!recovered) return Math.log(1 - success);
  const z = (Math.log(Math.max(SHORTEST, seconds)) - logSeconds) / logDeviation;
  return Math.log(success) - Math.log(logDeviation) - (z * z) / 2;
}
