// The story of one incident: what was seen, concluded, done, verified and learned, by whom and when. The page, the command
// line, MQTT and the API show it as it is here, and the store keeps it so.

import { type Static, Type } from 'typebox';
import { ACTION_NAMES } from './action-catalogue.ts';
import { FAULTS } from './symptom.ts';

/** What an incident holds at most; what is beyond is left out. */
export const MOST = { evidence: 8, explains: 64, steps: 24, sentence: 500 } as const;

const At = Type.Number({ description: 'Milliseconds since 1970.' });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const Sentence = Type.String({ maxLength: MOST.sentence });

export const STEP_OUTCOMES = [
  ...(['running', 'verifying', 'helped', 'relapsed', 'no-effect', 'worse'] as const),
  /** Rejected; ran into its deadline; the oracle said no; stopped for something more urgent or with the daemon. */
  ...(['failed', 'gave-up', 'refused', 'interrupted'] as const),
] as const;
export type StepOutcome = (typeof STEP_OUTCOMES)[number];

export const INCIDENT_STATES = [
  /** Being planned, repaired or verified; gone and watched whether it stays so; a person is asked. */
  ...(['repairing', 'watching', 'asked'] as const),
  /** Over: gone; left to people; part of another incident; not heard of any more; cut off by the daemon's end. */
  ...(['recovered', 'escalated', 'explained', 'faded', 'interrupted'] as const),
] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

export const StepView = Type.Object({
  action: Type.Enum([...ACTION_NAMES]),
  inWords: Type.String({ maxLength: 300, description: 'What was to be done.' }),
  startedAt: At,
  endedAt: Type.Optional(At),
  by: Type.String({ maxLength: 200, description: 'Who decided it: `loop`, or the operator who approved it.' }),
  reason: Type.String({
    maxLength: MOST.sentence,
    description: 'Why this one, with the numbers that it was chosen by.',
  }),
  said: Type.String({ maxLength: MOST.sentence, description: 'What was done, or why it was not.' }),
  outcome: Type.Enum([...STEP_OUTCOMES]),
  undone: Type.Optional(
    Type.Boolean({ description: 'Whether it was taken back; left out when it had no need to be.' }),
  ),
});
export type StepView = Static<typeof StepView>;

export const IncidentView = Type.Object({
  id: Type.String({ maxLength: 64 }),
  node: Type.String({ maxLength: 128, description: 'Id of the node that tells it.' }),
  fault: Type.Enum([...FAULTS]),
  subject: Type.String({ maxLength: 200 }),
  state: Type.Enum([...INCIDENT_STATES]),
  confidence: Share,
  severity: Share,
  cause: Type.String({ maxLength: MOST.sentence, description: 'The likely root cause.' }),
  evidence: Type.Array(Sentence, { maxItems: MOST.evidence }),
  explains: Type.Array(Type.String({ maxLength: 200 }), {
    maxItems: MOST.explains,
    description: 'Whose trouble this one explains.',
  }),
  explainedBy: Type.Optional(Type.String({ maxLength: 64, description: 'The incident that this one is part of.' })),
  beganAt: At,
  /** When the loop opened it; first action; gone; closed. */
  seenAt: At,
  actedAt: Type.Optional(At),
  recoveredAt: Type.Optional(At),
  closedAt: Type.Optional(At),
  steps: Type.Array(StepView, { maxItems: MOST.steps }),
  relapses: Type.Integer({ minimum: 0 }),
  question: Type.Optional(Type.String({ maxLength: 64, description: 'The question that people are asked.' })),
  outcome: Type.Optional(Type.String({ maxLength: MOST.sentence, description: 'How it ended, one sentence.' })),
  learned: Type.Optional(Type.String({ maxLength: MOST.sentence, description: 'What the loop took from it.' })),
});
export type IncidentView = Static<typeof IncidentView>;

export const isOver = ({ state }: Pick<IncidentView, 'state'>): boolean =>
  state !== 'repairing' && state !== 'watching' && state !== 'asked';

/** Where stories are kept. */
export interface IncidentStorage {
  /** Writes it anew, or in place of the one with its id. Resolves once it is on the disk; the oldest beyond 500 go. */
  put(incident: IncidentView): Promise<void>;
  /** Newest first. What is read is not trusted: it is checked again. */
  recent(limit: number): Promise<unknown[]>;
}

export const cut = (text: string, most: number = MOST.sentence): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

/** The story as it is now, which does not change when it goes on. */
export const copyOf = (incident: IncidentView): IncidentView => ({
  ...incident,
  evidence: [...incident.evidence],
  explains: [...incident.explains],
  steps: incident.steps.map((step) => ({ ...step })),
});
