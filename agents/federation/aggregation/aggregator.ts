// One model from the updates of many nodes, some of which may lie. Every rule is a pure function of the updates and its
// settings, and says of every node how much it counted and why.

export interface Update {
  /** Id of the node. */
  node: string;
  /** Parameters after training less those before; all of one length and finite. */
  delta: Float32Array;
  /** Examples that it was trained on, or what is left of that weight after reputation. Above 0. */
  weight: number;
}

/** What became of one update. */
export interface Verdict {
  node: string;
  /** Share of the aggregate that it made, 0 (refused) to 1. For rules by coordinate: the share of coordinates kept. */
  share: number;
  /** Less than a fair share, and why: one word for metrics, a sentence with the numbers for people. */
  doubt?: Doubt;
}

export interface Doubt {
  reason: DoubtReason;
  evidence: string;
  /**
   * What reputation goes by: 0 (others were merely nearer) to 1 (nothing honest looks like it). Left out, 1.
   */
  severity?: number;
}

/** Bounded: it is the label of a metric. */
export const DOUBT_REASONS = [
  'far-away',
  'too-long',
  'too-alike',
  'against-root',
  'against-majority',
  'outlying',
  'reputation',
] as const;
export type DoubtReason = (typeof DOUBT_REASONS)[number];

export interface Aggregate {
  delta: Float32Array;
  verdicts: Verdict[];
}

export interface Aggregator {
  /** As in the configuration: `fedavg`, `median`, `trimmed-mean`, `krum`, `multi-krum`, `geometric-median`, … */
  readonly name: string;
  /** Throws `AGGREGATION_TOO_FEW` when the rule cannot stand so many liars among so few updates. */
  aggregate(updates: readonly Update[]): Aggregate;
}
