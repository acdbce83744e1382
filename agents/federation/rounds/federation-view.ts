// What people and programs see of the federation as a whole, and what they set. One schema for the API, the page, MQTT and the
// command line.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

const Paused = Type.Object(
  { by: Type.String(), at: Type.Number(), reason: Type.String() },
  { description: 'Who paused the rounds, when (milliseconds since 1970) and why.' },
);
export const Control = Type.Object({ paused: Type.Optional(Paused) });
export type Control = Static<typeof Control>;

export const LearnerFederationView = Type.Object({
  name: Type.String(),
  title: Type.String({ description: 'For people.' }),
  sentence: Type.String({ description: 'What goes on, or what is waited for.' }),
  trouble: Type.Optional(Type.String({ description: 'Nothing can be written just now, and why.' })),
  rounds: Type.Integer({ description: 'Number of the last round.' }),
  failures: Type.Integer({ description: 'Rounds that failed, the last ones in a row.' }),
  candidates: Type.Integer({ description: 'Nodes that could take part now.' }),
  examples: Type.Integer({ description: 'New examples on these.' }),
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

/** Nothing set, for what cannot be read. Never throws. */
export function readControl(text: string | undefined): Control {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return Value.Check(Control, value) ? value : {};
  } catch {
    return {};
  }
}
