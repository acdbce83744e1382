// The scheduler whose choice the policy sees beside each other choice: a fresh policy follows it, a trained one knows when
// not to. Rewards in training are told against it.

import type { TaskScheduler } from '../swarm/scheduling/scheduler.ts';
import { weightedScheduler } from './weighted-scheduler.ts';

/**
 * In the order of `WEIGHTS`. Found on generated jobs by the evolution strategy that `bench/train-policy --stage advisor` runs:
 * 80 generations from the plain rule, then 12 more on jobs that differ wider.
 */
export const ADVISOR_WEIGHTS: readonly number[] = [
  1.733, -0.589, -0.869, 1.823, 0.123, 0.193, -0.214, -0.056, -0.099, 0.994, 0.082, 0.186, -0.5, 0.38, -0.662, -0.868,
  0.135, -0.136, -0.27, -0.254, 0.458, -0.458,
];

export const advisor: TaskScheduler = weightedScheduler('advisor', ADVISOR_WEIGHTS);
