// Schedules by a learned policy: scores every pair of a ready task and a free worker, and waiting, and takes the best, or,
// while it gathers experience, one drawn by its probability.

import type { Random } from '../../core/random.ts';
import type { Placement, SchedulingView, TaskScheduler } from '../swarm/scheduling/scheduler.ts';
import { observe, PAIR_WIDTH } from './observation.ts';
import { likeliest, sample } from './ppo/decide.ts';
import type { PolicyNetwork } from './ppo/network.ts';

/** One decision, with what is needed to learn from it. */
export interface RecordedDecision {
  /** One row for each choice there was. */
  readonly rows: Float32Array;
  readonly state: Float32Array;
  readonly action: number;
  readonly logProbability: number;
  readonly value: number;
}

export class PolicyScheduler implements TaskScheduler {
  readonly name = 'parl';
  readonly #network: PolicyNetwork;
  readonly #exploration: { random: Random; decided: (decision: RecordedDecision) => void } | undefined;

  /** @param exploration draws by probability and hands over each decision; left out, it takes the likeliest */
  constructor(network: PolicyNetwork, exploration?: { random: Random; decided: (decision: RecordedDecision) => void }) {
    this.#network = network;
    this.#exploration = exploration;
  }

  choose(view: SchedulingView): Placement | undefined {
    const observation = observe(view);
    if (observation === undefined) return undefined;
    const { rows, state, placements } = observation;
    const { logits, values } = this.#network.forward(rows, state);
    // Where nothing runs and nothing else will come to pass, to wait is to wait for ever.
    const choices = canWait(view) ? placements.length + 1 : placements.length;
    if (this.#exploration === undefined) return placements[likeliest(logits, 0, choices)];
    const { random, decided } = this.#exploration;
    const { action, logProbability } = sample(logits, 0, choices, random);
    decided({ rows: rows.subarray(0, choices * PAIR_WIDTH), state, action, logProbability, value: values[0]! });
    return placements[action];
  }
}

function canWait(view: SchedulingView): boolean {
  return view.workers.some(({ slots }) => slots.some((freeAt) => freeAt > view.now));
}
