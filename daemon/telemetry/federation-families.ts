// The metrics of learning together: rounds and updates where this node coordinates, what it does for rounds elsewhere, experience
// on its way, roll-outs, and what privacy is left. Labels are words of the protocol and names of learners.

import type { FederationTotals } from '../federation/figures.ts';
import { byKey, type Family, type Sample, sampleOf } from './samples.ts';

export const federationFamilies: Family[] = [
  counts('rounds_total', 'Rounds that ended here, by outcome.', 'outcome', ({ rounds }) => rounds),
  figure('rounds_running', 'gauge', 'Rounds that run here now.', ({ running }) => running),
  counts(
    'updates_total',
    'Updates that came to this coordinator, taken or by the reason for which they were refused.',
    'outcome',
    ({ updates }) => ({ taken: updates.taken, ...updates.refused }),
  ),
  figure('update_received_bytes_total', 'counter', 'Bytes of updates that came.', ({ updates }) => updates.bytes),
  counts('declines_total', 'Invitations that this node declined, by reason.', 'reason', ({ declined }) => declined),
  counts('participations_total', 'Trainings that ended here, by how.', 'end', ({ ended }) => ended),
  figure('shipped_bytes_total', 'counter', 'Bytes of experience that were sent.', ({ shipped }) => shipped.bytes),
  figure('shipped_rows_total', 'counter', 'Batches of experience that arrived.', ({ shipped }) => shipped.rows),
  figure('shipping_lag_rows', 'gauge', 'Batches of experience that the coordinator has not.', ({ lag }) => lag.rows),
  figure('shipping_lag_seconds', 'gauge', 'Age of the oldest of them.', ({ lag }) => lag.seconds),
  figure('taken_bytes_total', 'counter', 'Bytes of experience that came here.', ({ received }) => received.bytes),
  figure('taken_rows_total', 'counter', 'Batches of experience that came here.', ({ received }) => received.rows),
  {
    name: 'parlmesh_federation_shipments_refused_total',
    type: 'counter',
    help: 'Shipments that were refused, by whom: the coordinator refused ours, or we another’s; by reason.',
    labels: ['by', 'reason'],
    read: ({ federation }) =>
      federation === undefined
        ? []
        : [
            ...Object.entries(federation.shipped.refused).map(([reason, count]): Sample => [count, 'them', reason]),
            ...Object.entries(federation.received.refused).map(([reason, count]): Sample => [count, 'us', reason]),
          ],
  },
  {
    name: 'parlmesh_federation_term',
    type: 'gauge',
    help: 'Term of the seat that this node knows; it grows with each take-over.',
    read: ({ federation }) => sampleOf(federation?.term),
  },
  figure('coordinates', 'gauge', '1 while this node coordinates.', ({ coordinates }) => Number(coordinates)),
  figure('seated', 'gauge', '1 while this node knows of a coordinator.', ({ term }) => Number(term !== undefined)),
  counts('rollouts_total', 'Models that rounds here made, by what became of them.', 'fate', ({ fates }) => fates),
  {
    name: 'parlmesh_federation_epsilon',
    type: 'gauge',
    help: 'Epsilon that a learner has spent in this period; absent where nothing is proven.',
    labels: ['learner'],
    read: ({ shared }) =>
      (shared?.privacy ?? []).flatMap(({ learner, epsilonBefore }) => sampleOf(epsilonBefore, learner)),
  },
  {
    name: 'parlmesh_federation_budget',
    type: 'gauge',
    help: 'Epsilon that a learner may spend in a period; absent without a budget.',
    labels: ['learner'],
    read: ({ shared }) => (shared?.privacy ?? []).flatMap(({ learner, budget }) => sampleOf(budget, learner)),
  },
  {
    name: 'parlmesh_federation_held',
    type: 'gauge',
    help: 'Things that wait for the owner of this board before they leave it.',
    read: ({ shared }) => (shared?.enabled ? [[shared.held.filter(({ state }) => state === 'waiting').length]] : []),
  },
];

function figure(what: string, type: Family['type'], help: string, value: (totals: FederationTotals) => number): Family {
  const read: Family['read'] = ({ federation }) => (federation === undefined ? [] : [[value(federation)]]);
  return { name: `parlmesh_federation_${what}`, type, help, read };
}

function counts(
  what: string,
  help: string,
  label: string,
  of: (totals: FederationTotals) => Record<string, number>,
): Family {
  const read: Family['read'] = ({ federation }) => (federation === undefined ? [] : byKey(of(federation)));
  return { name: `parlmesh_federation_${what}`, type: 'counter', help, labels: [label], read };
}
