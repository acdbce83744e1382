// How many times better one scheduler is than another over random scenarios of the training's range.

import { randomScenario, TRAINING_RANGE } from '../../agents/parl/environment/episode.ts';
import { estimate } from '../../agents/parl/evaluation.ts';
import { meanCompletion } from '../../agents/parl/training.ts';
import type { TaskScheduler } from '../../agents/swarm/scheduling/scheduler.ts';
import { seededRandom } from '../../core/random.ts';

/** @returns the geometric mean over scenarios, with its 95 % confidence interval */
export function gainOver(
  subject: TaskScheduler,
  peer: TaskScheduler,
  { seed, scenarios }: { seed: number; scenarios: number },
): { value: number; low: number; high: number } {
  const random = seededRandom(seed);
  const logs = Array.from({ length: scenarios }, () => {
    const scenario = randomScenario(TRAINING_RANGE, random);
    return Math.log(meanCompletion(scenario, peer) / meanCompletion(scenario, subject));
  });
  const { value, low, high } = estimate(logs);
  return { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) };
}
