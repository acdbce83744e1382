// What a node says of its anomalies to others: bounded, and only of itself.

import { type Static, Type } from 'typebox';

export const FLEET_METRICS = 32;

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
    { maxItems: 8 },
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
