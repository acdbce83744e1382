// Federated averaging (McMahan et al. 2017, algorithm 1): the mean, weighted by examples. Stands no liar.

import type { Aggregator } from '../aggregator.ts';
import { requireUpdates, weightedMean } from '../update-set.ts';

export function fedAvg(): Aggregator {
  const name = 'fedavg';
  return {
    name,
    aggregate: (updates) => {
      requireUpdates(name, updates);
      const weights = updates.map(({ weight }) => weight);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const delta = weightedMean(
        updates.map((update) => update.delta),
        weights,
      );
      return { delta, verdicts: updates.map(({ node, weight }) => ({ node, share: weight / total })) };
    },
  };
}
