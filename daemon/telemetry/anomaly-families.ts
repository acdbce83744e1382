// The metrics of anomalies: how anomalous each kind of thing is, what was raised, and what the watch itself takes.

import type { AnomaliesView } from '../view/anomaly-schema.ts';
import { byKey, type Family, type Sample } from './samples.ts';

/** Names of links and cameras are no labels here: a network of a thousand nodes has as many links. */
const KINDS = ['node', 'link', 'camera', 'agent'] as const;

export const anomalyFamilies: Family[] = [
  {
    name: 'parlmesh_anomaly_score',
    type: 'gauge',
    help: 'Highest anomaly score of each kind of subject: 0 normal to 1 anomalous.',
    labels: ['kind'],
    read: ({ anomalies }) => KINDS.map((kind): Sample => [scoreOf(anomalies, kind), kind]),
  },
  {
    name: 'parlmesh_anomalies_raised',
    type: 'gauge',
    help: 'Series that are unusual now.',
    read: ({ anomalies }) => [[anomalies.raised.length]],
  },
  {
    name: 'parlmesh_anomalies_raised_total',
    type: 'counter',
    help: 'Times that something became unusual, by kind of subject; peer: another node that is unlike its like.',
    labels: ['kind'],
    read: ({ anomalies }) => byKey(anomalies.totals.raised),
  },
  {
    name: 'parlmesh_anomaly_series',
    type: 'gauge',
    help: 'Series that are watched, by state.',
    labels: ['state'],
    read: ({ anomalies }) =>
      (['learning', 'calm', 'suspected', 'raised'] as const).map(
        (state): Sample => [anomalies.series.filter((one) => one.state === state).length, state],
      ),
  },
  {
    name: 'parlmesh_anomaly_readings_total',
    type: 'counter',
    help: 'Readings that were judged.',
    read: ({ anomalies }) => [[anomalies.totals.readings]],
  },
  {
    name: 'parlmesh_anomaly_readings_refused_total',
    type: 'counter',
    help: 'Readings of series that are not watched since there are too many.',
    read: ({ anomalies }) => [[anomalies.totals.refused]],
  },
  {
    name: 'parlmesh_anomaly_written_bytes_total',
    type: 'counter',
    help: 'Bytes of what is usual that were written to the store.',
    read: ({ anomalies }) => [[anomalies.totals.writtenBytes]],
  },
  {
    name: 'parlmesh_fleet_unlike_nodes',
    type: 'gauge',
    help: 'Nodes of this area that are unlike the others of their profile.',
    read: ({ anomalies }) => [[anomalies.fleet.filter(({ since }) => since !== undefined).length]],
  },
];

function scoreOf({ subjects }: AnomaliesView, kind: string): number {
  return subjects.reduce(
    (highest, { subject, score }) => (subject.split('/', 1)[0] === kind ? Math.max(highest, score) : highest),
    0,
  );
}
