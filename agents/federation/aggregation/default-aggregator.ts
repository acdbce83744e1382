// What aggregates where nothing else is configured: weights held near one another, reputations, against the root data where there
// are some, clipped norms, consensus. `docs/federation-aggregation.md` says what was measured against it, and against others.

import type { Aggregator, Verdict } from './aggregator.ts';
import type { Arithmetic } from './arithmetic.ts';
import { consensus } from './rules/consensus.ts';
import { type NormBound, normClipping } from './rules/norm-clipping.ts';
import { againstRoot } from './rules/root-trust.ts';
import { withBoundedWeights, withReputations } from './rules/with-reputations.ts';
import { dot, normOf } from './update-set.ts';

export interface DefaultParts {
  arithmetic: Arithmetic;
  clip: NormBound;
  /** Of a node, by its reputation: 0 (does not count) to 1. Left out, all are trusted. */
  trust?: (node: string) => number;
  /** The coordinator's own update, trained on data that it trusts. */
  root?: Float32Array;
}

/** Times the median that a node's examples may count. */
const MOST_WEIGHT = 3;

export function defaultAggregator({ arithmetic, clip, trust = () => 1, root }: DefaultParts): Aggregator {
  const clipped = normClipping(consensus({ arithmetic }), clip);
  const rooted = root === undefined ? clipped : refusingOpponents(clipped, root);
  const { aggregate } = withBoundedWeights(withReputations(rooted, { trust, judgesAll: true }), MOST_WEIGHT);
  return { name: 'default', aggregate };
}

/** Leaves out what points against `root`; where all does, the root itself is the aggregate. */
function refusingOpponents(inner: Aggregator, root: Float32Array): Aggregator {
  const rootNorm = normOf(root);
  return {
    name: inner.name,
    aggregate: (updates) => {
      const cosines = updates.map(({ delta }) => dot(delta, root) / (rootNorm * normOf(delta) || 1));
      const agreeing = updates.filter((_, i) => cosines[i]! >= 0);
      const counts = agreeing.some(({ weight }) => weight > 0);
      const { delta, verdicts } = counts ? inner.aggregate(agreeing) : { delta: root.slice(), verdicts: [] };
      const judged = new Map(verdicts.map((verdict) => [verdict.node, verdict]));
      return {
        delta,
        verdicts: updates.map(({ node }, i): Verdict => {
          return judged.get(node) ?? { node, share: 0, doubt: againstRoot(cosines[i]!) };
        }),
      };
    },
  };
}
