// Anomalies as the API, the page and MQTT show them.

import { type Static, Type } from 'typebox';
import { Acknowledgement } from './quiet.ts';
import { TRAITS } from './series-detector.ts';

const Likelihood = Type.Number({ minimum: 0, maximum: 1, description: '0 normal to 1 anomalous.' });
const Time = Type.Number({ description: 'Milliseconds since 1970.' });
const Subject = Type.String({
  description: 'What it is about: `node`, `link/<node>`, `camera/north`, `agent/checker`.',
});

export const AnomalyReason = Type.Object({
  trait: Type.Enum([...TRAITS]),
  share: Type.Number({ minimum: 0, maximum: 1, description: 'Of the surprise.' }),
  sentence: Type.String(),
});

export const AnomalyExplanation = Type.Object({
  subject: Subject,
  metric: Type.String(),
  value: Type.Number(),
  likelihood: Likelihood,
  oneOf: Type.Number({ description: 'One of so many values of such a series is as unusual.' }),
  since: Time,
  usual: Type.Optional(
    Type.Object({ low: Type.Number(), typical: Type.Number(), high: Type.Number() }, { description: 'At this hour.' }),
  ),
  departure: Type.Number({ description: 'Spreads above (below where negative) what is typical at this hour.' }),
  reasons: Type.Array(AnomalyReason),
  together: Type.Array(Type.Object({ subject: Subject, metric: Type.String(), at: Time }), {
    description: 'What else changed within a minute, the earliest first.',
  }),
  sentence: Type.String(),
});
export type AnomalyExplanation = Static<typeof AnomalyExplanation>;

export const AnomalySeriesView = Type.Object({
  subject: Subject,
  metric: Type.String(),
  state: Type.Enum(['learning', 'calm', 'suspected', 'raised']),
  score: Likelihood,
  value: Type.Optional(Type.Number()),
  at: Time,
  since: Type.Optional(Time),
  muted: Type.Optional(Type.Union([Type.Literal('quiet-hours'), Type.Literal('acknowledged')])),
});
export type AnomalySeriesView = Static<typeof AnomalySeriesView>;

export const AnomalyView = Type.Object({
  score: Likelihood,
  subjects: Type.Array(Type.Object({ subject: Subject, score: Likelihood })),
  series: Type.Array(AnomalySeriesView),
  raised: Type.Array(AnomalyExplanation),
  acknowledged: Type.Array(Acknowledgement),
  refused: Type.Integer({ description: 'Series that were not watched since there are too many.' }),
});
export type AnomalyView = Static<typeof AnomalyView>;
