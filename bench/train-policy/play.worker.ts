// Plays scenarios under trial weights: the logarithm of the mean completion time over that of the better of the fair and the
// shortest-critical-path scheduler, summed over scenarios.

import { parentPort } from 'node:worker_threads';
import { randomScenario, TRAINING_RANGE } from '../../agents/parl/environment/episode.ts';
import { meanCompletion } from '../../agents/parl/training.ts';
import { weightedScheduler } from '../../agents/parl/weighted-scheduler.ts';
import { fair, shortestCriticalPath } from '../../agents/swarm/scheduling/list-schedulers.ts';
import { seededRandom } from '../../core/random.ts';

parentPort?.on('message', ({ seeds, trials }: { seeds: number[]; trials: Float64Array[] }) => {
  const sums = trials.map(() => 0);
  for (const seed of seeds) {
    const scenario = randomScenario(TRAINING_RANGE, seededRandom(seed));
    const peer = Math.min(meanCompletion(scenario, fair), meanCompletion(scenario, shortestCriticalPath));
    trials.forEach((weights, i) => {
      sums[i]! += Math.log(meanCompletion(scenario, weightedScheduler('trial', weights)) / peer);
    });
  }
  parentPort?.postMessage(sums);
});
