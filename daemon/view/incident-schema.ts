// How the self-healing of a node is shown: incidents as their own story tells them, and how the loop itself does.

import { type Static, Type } from 'typebox';
import { ACTION_NAMES } from '../../agents/mapek/action-catalogue.ts';
import { IncidentView } from '../../agents/mapek/incident.ts';
import { PHASES } from '../../agents/mapek/phase-times.ts';
import { QuestionView } from '../../agents/mapek/questions.ts';
import { FAULTS } from '../../agents/mapek/symptom.ts';

export { IncidentView, QuestionView };

/** An incident, and what people are asked about it. */
export const IncidentDetailView = Type.Object({
  incident: IncidentView,
  question: Type.Optional(QuestionView),
});
export type IncidentDetailView = Static<typeof IncidentDetailView>;

export const IncidentAnswer = Type.Union([
  Type.Object({ kind: Type.Literal('approve'), action: Type.Enum([...ACTION_NAMES]) }, { additionalProperties: false }),
  Type.Object({ kind: Type.Literal('refuse') }, { additionalProperties: false }),
]);
export type IncidentAnswer = Static<typeof IncidentAnswer>;

const Count = Type.Integer({ minimum: 0 });
const Seconds = Type.Number({ minimum: 0 });

export const HealingView = Type.Object({
  mode: Type.Union([Type.Literal('repair'), Type.Literal('advise'), Type.Literal('off')]),
  open: Type.Integer({ minimum: 0, description: 'Incidents that are not over.' }),
  questions: Type.Array(QuestionView, { description: 'That people have not answered.' }),
  phases: Type.Array(
    Type.Object({
      phase: Type.Enum([...PHASES]),
      count: Count,
      meanSeconds: Seconds,
      p50Seconds: Type.Number({ description: 'Upper bound of the bucket that the median is in; -1: beyond the last.' }),
      p99Seconds: Type.Number({ description: 'The same of the 99th percentile.' }),
    }),
    { description: 'How long each phase of the loop took since the start.' },
  ),
  budget: Type.Object(
    {
      actionsLastHour: Count,
      mostPerHour: Count,
      mostPerSubject: Count,
      actionsLastMinute: Count,
      mostPerMinute: Type.Integer({ description: 'Beyond it nothing is begun for a while.' }),
    },
    { description: 'Actions that were begun, and how many may be.' },
  ),
  knowledge: Type.Array(
    Type.Object({
      fault: Type.Enum([...FAULTS]),
      action: Type.Enum([...ACTION_NAMES]),
      tries: Type.Number({ description: 'What ran at once with others counts by its share.' }),
      helped: Type.Number(),
      seconds: Type.Optional(Type.Number({ description: 'Geometric mean until it had helped.' })),
    }),
    { description: 'What was learned of each action on each fault.' },
  ),
  ignoredSignals: Type.Record(Type.String(), Count, { description: 'By why they were not believed.' }),
  lostRecords: Type.Integer({ description: 'Of repairs, that could not be written.' }),
});
export type HealingView = Static<typeof HealingView>;
