// From the configuration to a rule. Paper rules (median, trimmed mean, Krum, Bulyan, root trust) count nodes, not examples;
// reputation keeps nodes without trust out of them, and weighs the others in the rest.

import { ParlmeshError } from '../../../core/errors.ts';
import type { Aggregator } from './aggregator.ts';
import type { Arithmetic } from './arithmetic.ts';
import type { AggregationConfig, AggregationRule } from './config.ts';
import { defaultAggregator } from './default-aggregator.ts';
import { bulyan } from './rules/bulyan.ts';
import { consensus } from './rules/consensus.ts';
import { fedAvg } from './rules/fed-avg.ts';
import { geometricMedian } from './rules/geometric-median.ts';
import { krum, multiKrum } from './rules/krum.ts';
import { normClipping } from './rules/norm-clipping.ts';
import { rootTrust } from './rules/root-trust.ts';
import { coordinateMedian, trimmedMean } from './rules/trimmed-mean.ts';
import { withReputations } from './rules/with-reputations.ts';

/** What a rule is made of. */
export type RuleConfig = Pick<AggregationConfig, 'rule' | 'liars' | 'clip' | 'mostNorm'>;

export interface AggregatorParts {
  arithmetic: Arithmetic;
  /** Of a node, by its reputation: 0 (does not count) to 1. Left out, all are trusted. */
  trust?: (node: string) => number;
  /** The coordinator's own update: `root-trust` needs it, `default` uses it. */
  root?: Float32Array;
}

/** Throws `AGGREGATION_NO_ROOT` for `root-trust` without a root. */
export function createAggregator(config: RuleConfig, parts: AggregatorParts): Aggregator {
  const clip = { timesMedian: config.clip, ...(config.mostNorm !== undefined && { norm: config.mostNorm }) };
  if (config.rule === 'default') return defaultAggregator({ ...parts, clip });
  const rule = normClipping(bareRule({ ...config, rule: config.rule }, parts), clip);
  return parts.trust === undefined ? rule : withReputations(rule, { trust: parts.trust, judgesAll: false });
}

function bareRule(
  { rule, liars }: RuleConfig & { rule: Exclude<AggregationRule, 'default'> },
  { arithmetic, root }: AggregatorParts,
): Aggregator {
  switch (rule) {
    case 'fedavg':
      return fedAvg();
    case 'median':
      return coordinateMedian({ arithmetic });
    case 'trimmed-mean':
      return trimmedMean({ liars, arithmetic });
    case 'krum':
      return krum({ liars, arithmetic });
    case 'multi-krum':
      return multiKrum({ liars, arithmetic });
    case 'bulyan':
      return bulyan({ liars, arithmetic });
    case 'geometric-median':
      return geometricMedian();
    case 'consensus':
      return consensus({ arithmetic });
    case 'root-trust':
      if (root !== undefined) return rootTrust({ root });
      throw new ParlmeshError(
        'AGGREGATION_NO_ROOT',
        'The rule "root-trust" needs an update of the coordinator itself',
        {
          hint: 'Let the coordinator train (it needs experience of its own), or choose another aggregation.rule',
        },
      );
  }
}
