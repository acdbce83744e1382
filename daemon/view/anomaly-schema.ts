// How anomalies are shown: what is unusual now and why, each series, the nodes beside their like, and what people said.

import { type Static, Type } from 'typebox';
import { Acknowledgement, QuietHours } from '../../agents/anomaly/quiet.ts';
import { AnomalyExplanation, AnomalySeriesView, AnomalyView } from '../../agents/anomaly/view.ts';

const At = Type.Number({ description: 'Milliseconds since 1970.' });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const Count = Type.Integer({ minimum: 0 });
const Id = Type.String({ description: 'Of the series: the same while the node exists.' });
const Muted = Type.Optional(Type.Union([Type.Literal('quiet-hours'), Type.Literal('acknowledged')]));

export const RaisedAnomaly = Type.Object({ ...AnomalyExplanation.properties, id: Id, muted: Muted });
export type RaisedAnomaly = Static<typeof RaisedAnomaly>;

export const FleetMemberView = Type.Object({
  id: Id,
  node: Type.String(),
  name: Type.String(),
  isSelf: Type.Boolean(),
  profile: Type.String(),
  score: Type.Number({ minimum: 0, maximum: 1, description: 'As it says of itself; nothing is concluded from it.' }),
  raised: Type.Integer({ minimum: 0, description: 'Anomalies that it says it has.' }),
  comparedWith: Type.Integer({
    minimum: 0,
    description: 'Nodes of its profile, itself among them; at least five count.',
  }),
  unlike: Type.Number({ minimum: 0, maximum: 1, description: 'Likelihood that it is unlike its like.' }),
  since: Type.Optional(At),
  sentence: Type.Optional(Type.String({ description: 'By which reading it is unlike.' })),
  muted: Muted,
});
export type FleetMemberView = Static<typeof FleetMemberView>;

export const AnomaliesView = Type.Object({
  enabled: Type.Boolean(),
  score: Type.Number({ minimum: 0, maximum: 1, description: 'Of the node: 0 normal to 1 anomalous.' }),
  raised: Type.Array(RaisedAnomaly, { description: 'What is unusual now, and why. Nobody is told of what is muted.' }),
  subjects: Type.Array(Type.Object({ subject: Type.String(), score: Share })),
  series: Type.Array(Type.Object({ ...AnomalySeriesView.properties, id: Id })),
  acknowledged: AnomalyView.properties.acknowledged,
  quietHours: Type.Array(QuietHours),
  fleet: Type.Array(FleetMemberView, { description: 'Nodes of this area that told of themselves lately.' }),
  totals: Type.Object(
    {
      readings: Count,
      raised: Type.Record(Type.String(), Count, { description: 'By kind of subject.' }),
      refused: Type.Integer({ description: 'Readings of series that were not watched since there are too many.' }),
      writtenBytes: Type.Integer({ description: 'Of what is usual.' }),
    },
    { description: 'Since the start.' },
  ),
});
export type AnomaliesView = Static<typeof AnomaliesView>;

export const AcknowledgeRequest = Type.Object(
  {
    reason: Type.String({ maxLength: 300, default: '' }),
    hours: Type.Number({ minimum: 0.1, maximum: 8760, default: 24, description: 'For which it counts.' }),
    wholeSubject: Type.Boolean({ default: false, description: 'Whatever else is unusual about its subject too.' }),
  },
  { additionalProperties: false },
);
export type AcknowledgeRequest = Static<typeof AcknowledgeRequest>;

export { Acknowledgement, QuietHours };
