// Lets what nodes have shown before weigh in: an update's weight is multiplied by the trust in its node, and a node without any
// does not count.

import { ParlmeshError } from '../../../../core/errors.ts';
import type { Aggregator, Verdict } from '../aggregator.ts';
import { figure, lowerMedianOf } from '../update-set.ts';

export interface Trusting {
  /** 0 (does not count) to 1. */
  trust(node: string): number;
  /** Whether `inner` takes updates of weight 0: then those that do not count are judged all the same. */
  judgesAll: boolean;
}

/** Throws `AGGREGATION_TOO_FEW` where no update has any weight left. */
export function withReputations(inner: Aggregator, { trust, judgesAll }: Trusting): Aggregator {
  return {
    name: inner.name,
    aggregate: (updates) => {
      const trusts = updates.map(({ node }) => trust(node));
      const reweighted = updates.map((update, i) => ({ ...update, weight: update.weight * trusts[i]! }));
      const counting = reweighted.filter(({ weight }) => weight > 0);
      if (counting.length === 0) {
        throw new ParlmeshError(
          'AGGREGATION_TOO_FEW',
          `None of ${updates.length} updates comes from a node whose reputation lets it count`,
          { hint: 'Wait for more nodes, or lower aggregation.reputation.floor' },
        );
      }
      const { delta, verdicts } = inner.aggregate(judgesAll ? reweighted : counting);
      const judged = new Map(verdicts.map((verdict) => [verdict.node, verdict]));
      return {
        delta,
        verdicts: updates.map(({ node }, i): Verdict => {
          const verdict = judged.get(node);
          if (trusts[i]! > 0 && verdict !== undefined) return verdict;
          if (verdict?.doubt !== undefined) return { ...verdict, share: 0 };
          const evidence = 'earlier rounds left it no weight; it counts again after enough sound updates';
          return { node, share: 0, doubt: { reason: 'reputation', evidence, severity: 0 } };
        }),
      };
    },
  };
}

/** Holds weights to a multiple of the median: nobody proves how many examples he had. */
export function withBoundedWeights(inner: Aggregator, timesMedian: number): Aggregator {
  return {
    name: inner.name,
    aggregate: (updates) => {
      const most = timesMedian * lowerMedianOf(updates.map(({ weight }) => weight));
      const { delta, verdicts } = inner.aggregate(
        updates.map((update) => (update.weight > most ? { ...update, weight: most } : update)),
      );
      return {
        delta,
        verdicts: verdicts.map((verdict, i) => {
          const claimed = updates[i]!.weight;
          if (verdict.doubt !== undefined || claimed <= 10 * most) return verdict;
          const evidence = `it claims ${figure(claimed)} examples and counts as ${figure(most)}, ${timesMedian} times the median`;
          return { ...verdict, doubt: { reason: 'outlying', evidence, severity: 0.5 } };
        }),
      };
    },
  };
}
