// The rule of one learner: what the configuration says of it, else what it says of all, else what suits the learner. Pure.

import type { AggregationConfig, RuleOverrides } from './config.ts';
import type { RuleConfig } from './create-aggregator.ts';

/** @param suits what the learner asks for where nobody chose a rule */
export function ruleFor(
  all: Pick<AggregationConfig, 'rule' | 'liars' | 'clip' | 'mostNorm'>,
  own: RuleOverrides | undefined,
  suits: RuleOverrides | undefined,
): RuleConfig {
  const { rule, liars, clip, mostNorm } = all;
  const isChosen = rule !== 'default' || own?.rule !== undefined;
  return {
    ...{ rule, liars, clip },
    ...(mostNorm !== undefined && { mostNorm }),
    ...(!isChosen && suits),
    ...own,
  };
}
