// What the aggregation's thread is asked and answers.

import type { Aggregate } from './aggregator.ts';
import type { RuleConfig } from './create-aggregator.ts';

/** Updates column-wise, so that one message carries thousands; `deltas` change hands. */
export interface AggregationRequest {
  config: RuleConfig;
  nodes: string[];
  weights: Float64Array;
  deltas: Float32Array[];
  /** Trust in each node, 0 to 1; left out, all are trusted. */
  trusts?: Float64Array;
  root?: Float32Array;
}

export type AggregationAnswer =
  | { ok: true; aggregate: Aggregate }
  /** `code` of what the rule threw, where it was foreseen. */
  | { ok: false; code: string; message: string; hint?: string };
