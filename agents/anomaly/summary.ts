// What a node says of its anomalies to others: bounded, and only of itself.

import { type Static, Type } from 'typebox';
import type { AnomalyView } from './view.ts';

export const FLEET_METRICS = 32;
const MOST_RAISED = 8;

export const AnomalySummary = Type.Object({
  profile: Type.String({ minLength: 1, maxLength: 64 }),
  /** Likelihood that anything of it is anomalous. */
  score: Type.Number({ minimum: 0, maximum: 1 }),
  /** What is raised, the worst first. */
  raised: Type.Array(
    Type.Object({
      subject: Type.String({ minLength: 1, maxLength: 200 }),
      metric: Type.String({ minLength: 1, maxLength: 100 }),
      likelihood: Type.Number({ minimum: 0, maximum: 1 }),
      since: Type.Number({ minimum: 0 }),
    }),
    { maxItems: MOST_RAISED },
  ),
  /** Readings by which it is compared with its like. */
  readings: Type.Array(Type.Object({ metric: Type.String({ minLength: 1, maxLength: 100 }), value: Type.Number() }), {
    maxItems: FLEET_METRICS,
  }),
});
export type AnomalySummary = Static<typeof AnomalySummary>;

/** For the mesh's gossip: each node's newest summary counts, for three refreshes of 15 s. */
export const anomalySummaryTopic = {
  name: 'anomaly-summary',
  kind: 'state',
  schema: AnomalySummary,
  lifetime: 45_000,
  scope: 'area',
} as const;

/** What is said of `view`: the first readings that are numbers, the worst of what is raised. */
export function summaryOf(
  profile: string,
  { score, raised }: Pick<AnomalyView, 'score' | 'raised'>,
  readings: readonly { metric: string; value: number }[],
): AnomalySummary {
  return {
    profile,
    score,
    raised: raised
      .toSorted((a, b) => b.likelihood - a.likelihood)
      .slice(0, MOST_RAISED)
      .map(({ subject, metric, likelihood, since }) => ({ subject, metric, likelihood, since })),
    readings: readings
      .filter(({ value }) => Number.isFinite(value))
      .slice(0, FLEET_METRICS)
      .map(({ metric, value }) => ({ metric, value })),
  };
}
