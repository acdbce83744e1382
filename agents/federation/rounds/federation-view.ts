// What people and programs see of the federation as a whole. One schema for the API, the page, MQTT and the command line.

import { type Static, Type } from 'typebox';
import type { RuleConfig } from '../aggregation/create-aggregator.ts';

export const Paused = Type.Object(
  { by: Type.String({ maxLength: 200 }), at: Type.Number(), reason: Type.String({ maxLength: 400 }) },
  { description: 'Who paused the rounds, when (milliseconds since 1970) and why.' },
);
export type Paused = Static<typeof Paused>;

export const LearnerFederationView = Type.Object({
  name: Type.String(),
  title: Type.String({ description: 'For people.' }),
  sentence: Type.String({ description: 'What goes on, or what is waited for.' }),
  trouble: Type.Optional(Type.String({ description: 'Nothing can be written just now, and why.' })),
  rounds: Type.Integer({ description: 'Number of the last round.' }),
  failures: Type.Integer({ description: 'Rounds that failed, the last ones in a row.' }),
  candidates: Type.Integer({ description: 'Nodes that could take part now.' }),
  examples: Type.Integer({ description: 'New examples on these.' }),
  aggregation: Type.Object(
    {
      rule: Type.String(),
      clip: Type.Number({ description: 'Times the median norm that an update may be long; 0: no cut.' }),
      mostNorm: Type.Optional(Type.Number()),
      liars: Type.Optional(Type.Number({ description: 'Share of liars, where the rule goes by it.' })),
    },
    { description: 'How its updates become one.' },
  ),
});
export type LearnerFederationView = Static<typeof LearnerFederationView>;

export const FederationStatus = Type.Object({
  coordinator: Type.Optional(
    Type.Object({ id: Type.String(), name: Type.String(), term: Type.Integer() }, { description: 'Who has the seat.' }),
  ),
  coordinates: Type.Boolean({ description: 'This node is the coordinator.' }),
  paused: Type.Optional(Paused),
  learners: Type.Array(LearnerFederationView, { description: 'Of the coordinator; empty on other nodes.' }),
});
export type FederationStatus = Static<typeof FederationStatus>;

const COUNTS_LIARS: readonly RuleConfig['rule'][] = ['trimmed-mean', 'krum', 'multi-krum', 'bulyan'];

export function aggregationInView({ rule, clip, liars, mostNorm }: RuleConfig): LearnerFederationView['aggregation'] {
  return {
    ...{ rule, clip },
    ...(mostNorm !== undefined && { mostNorm }),
    ...(COUNTS_LIARS.includes(rule) && { liars }),
  };
}
