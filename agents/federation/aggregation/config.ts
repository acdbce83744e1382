// Settings of the aggregation, as they stand under `federation.aggregation`.

import { type Static, Type } from 'typebox';
import { ReputationConfig } from './reputation.ts';
import { ServerOptimizerConfig } from './server-optimizer.ts';

/** What a node aggregates by; `default` is what suits the learner. */
const Rule = Type.Union([
  Type.Literal('default'),
  Type.Literal('fedavg'),
  Type.Literal('median'),
  Type.Literal('trimmed-mean'),
  Type.Literal('krum'),
  Type.Literal('multi-krum'),
  Type.Literal('bulyan'),
  Type.Literal('geometric-median'),
  Type.Literal('root-trust'),
  Type.Literal('consensus'),
]);
const LIARS = { minimum: 0, maximum: 0.49 };
const CLIP = { minimum: 0, maximum: 100 };
const MOST_NORM = { exclusiveMinimum: 0, maximum: 1e6 };

/** What one learner has otherwise than the rest. */
export const RuleOverrides = Type.Object(
  {
    rule: Type.Optional(
      Type.Union(Rule.anyOf, {
        description: 'As `aggregation.rule`; `default` is the robust default, also where the learner suggests another.',
      }),
    ),
    liars: Type.Optional(Type.Number({ ...LIARS, description: 'As `aggregation.liars`.' })),
    clip: Type.Optional(Type.Number({ ...CLIP, description: 'As `aggregation.clip`.' })),
    mostNorm: Type.Optional(Type.Number({ ...MOST_NORM, description: 'As `aggregation.mostNorm`.' })),
  },
  {
    additionalProperties: false,
    description: 'What of `aggregation` is otherwise for this learner: its rule and what the rule goes by.',
  },
);
export type RuleOverrides = Static<typeof RuleOverrides>;

export const AggregationConfig = Type.Object(
  {
    rule: Type.Union(Rule.anyOf, {
      default: 'default',
      description:
        'How updates become one. `default`: what suits each learner. For the scheduling policy copies count once, opponents of the majority are left out, the rest is averaged, each weighted by reputation; knowledge of repairs and baselines of anomalies, to which each node brings other numbers, are averaged with clipped norms (`fedavg`). `fedavg` stands no liar; `root-trust` needs a coordinator that trains too. docs/federation-aggregation.md says what each stands. `learners.NAME.aggregation` sets one learner’s own.',
    }),
    liars: Type.Number({
      ...LIARS,
      default: 0.3,
      description:
        'Share of nodes that may lie, for `trimmed-mean` (below 1/2), `krum` and `multi-krum` (n ≥ 2f + 3) and `bulyan` (n ≥ 4f + 3). Higher: more lies are stood, more honest work is thrown away, and more nodes are needed before a round can end. `default`, `median` and `geometric-median` need no such number.',
    }),
    clip: Type.Number({
      ...CLIP,
      default: 1.5,
      description:
        'Times the median norm that an update may be long; longer ones are cut to it. Lower: a liar moves less, and so do nodes that learned more than others. 0: no cut.',
    }),
    mostNorm: Type.Optional(
      Type.Number({
        ...MOST_NORM,
        description:
          'An absolute norm that no update exceeds, for networks where a majority may lie. Too low a value slows learning without a word.',
      }),
    ),
    deadline: Type.Number({
      minimum: 1,
      maximum: 600,
      default: 60,
      description:
        'Seconds that one aggregation may take before its thread is ended and the round fails. 1,000 updates of 20,000 numbers take 1 to 2 s on a PC and some ten times that on a small board.',
    }),
    reputation: ReputationConfig,
    server: ServerOptimizerConfig,
  },
  {
    additionalProperties: false,
    default: {},
    description: 'How the updates of a round become one model, and what liars can do to it.',
  },
);
export type AggregationConfig = Static<typeof AggregationConfig>;
export type AggregationRule = AggregationConfig['rule'];
