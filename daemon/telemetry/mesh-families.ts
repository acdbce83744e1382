// The metrics of the mesh: peers, links, routes and what passes between nodes.

import type { MeshCounters } from '../../mesh/counters.ts';
import type { LinkView } from '../view/schema.ts';
import { byKey, countBy, type Family, type Sample, sampleOf } from './samples.ts';

const PEER_STATES = ['connected', 'reachable', 'stopped', 'gone'] as const;
const PRESENCE_STATES = ['in', 'alive', 'suspect', 'gone', 'stopped'] as const;
/** Names are for people and need not be unique; ids are. */
const PEER = ['peer', 'peer_id'] as const;

export const meshFamilies: Family[] = [
  {
    name: 'parlmesh_peers',
    type: 'gauge',
    help: 'Known nodes by state, without this one.',
    labels: ['state'],
    read: ({ peers }) => countBy(PEER_STATES, peers),
  },
  {
    name: 'parlmesh_peer_anomaly_score',
    type: 'gauge',
    help: 'Anomaly score a peer tells of itself: 0 normal to 1 anomalous.',
    labels: PEER,
    read: ({ peers }) => peers.flatMap(({ id, name, score }) => sampleOf(score, name, id)),
  },
  link('parlmesh_link_up', '1 while the link is up.', ({ state }) => (state === 'up' ? 1 : 0)),
  link('parlmesh_link_round_trip_seconds', 'Smoothed round-trip time.', ({ roundTripSeconds }) => roundTripSeconds),
  link('parlmesh_link_jitter_seconds', 'Variation of the round-trip time.', ({ jitterSeconds }) => jitterSeconds),
  link('parlmesh_link_loss_ratio', 'Share of probes lost, 0 to 1.', ({ loss }) => loss),
  link('parlmesh_link_cost', 'Link cost used by routing; lower is better.', ({ cost }) => cost),
  link('parlmesh_link_failures_total', 'Times that the link failed.', ({ flaps }) => flaps, 'counter'),
  link('parlmesh_link_damped', '1 while the link is a last resort, as it failed too often.', ({ damped }) =>
    damped === undefined ? undefined : Number(damped),
  ),
  link('parlmesh_link_udp_probed', '1 while UDP probes measure the link, 0 while only its connection does.', (one) =>
    one.probe === undefined ? undefined : Number(one.probe === 'udp'),
  ),
  {
    name: 'parlmesh_local_doubt',
    type: 'gauge',
    help: 'How much this node’s prober doubts itself, being late: 0 well, to 3.',
    read: ({ mesh: counters }) => sampleOf(counters?.probes?.doubt),
  },
  {
    name: 'parlmesh_members',
    type: 'gauge',
    help: 'Other members by what this node holds of them: in (not reached yet), alive, suspect, gone, stopped.',
    labels: ['state'],
    read: ({ peers }) =>
      countBy(
        PRESENCE_STATES,
        peers.flatMap(({ presence }) => presence ?? []),
      ),
  },
  {
    name: 'parlmesh_certificate_remaining_seconds',
    type: 'gauge',
    help: 'Until the certificate of this node expires; below 0 others refuse it.',
    read: ({ membership }) => sampleOf(membership?.certificateSeconds),
  },
  {
    name: 'parlmesh_network_key_number',
    type: 'gauge',
    help: 'Which network key this node has: each rotation makes the next.',
    read: ({ membership }) => sampleOf(membership?.keyNumber),
  },
  {
    name: 'parlmesh_members_without_key',
    type: 'gauge',
    help: 'Members that do not have the newest network key yet; on the node with the authority.',
    read: ({ membership }) => sampleOf(membership?.withoutKey),
  },
  {
    name: 'parlmesh_authority_requests_total',
    type: 'counter',
    help: 'Renewals and keys that members asked the authority for, by outcome.',
    labels: ['outcome'],
    read: ({ membership }) => byKey(membership?.requests ?? {}),
  },
  {
    name: 'parlmesh_links_raised',
    type: 'gauge',
    help: 'Links of this node that cost more than measured, by a plan of the network.',
    read: ({ mesh: counters }) => sampleOf(counters?.planning?.raisedLinks),
  },
  {
    name: 'parlmesh_network_traffic_bytes_per_second',
    type: 'gauge',
    help: 'Bytes a second that all nodes together told they send over the relay.',
    read: ({ mesh: counters }) => sampleOf(counters?.planning?.toldRate),
  },
  {
    name: 'parlmesh_routes',
    type: 'gauge',
    help: 'Destinations with a route.',
    read: ({ routes }) => [[routes.length]],
  },
  {
    name: 'parlmesh_routes_without_backup',
    type: 'gauge',
    help: 'Destinations that are cut off when the first link of their route fails.',
    read: ({ routes }) => [[routes.filter(({ backup }) => backup === undefined).length]],
  },
  mesh(
    'parlmesh_backups_used_total',
    'Destinations whose first link failed, by what took over: lfa, path, none.',
    ({ backups }) => byKey(backups),
    'kind',
  ),
  mesh('parlmesh_rerouted_frames_total', 'Frames sent over a backup before the routes were computed.', (counters) => [
    [counters.reroutedFrames],
  ]),
  mesh(
    'parlmesh_transit_probes_total',
    'Probes of whether a neighbour passes on what it is handed.',
    ({ transit }) => [
      [transit.answered, 'answered'],
      [transit.unanswered, 'unanswered'],
    ],
    'result',
  ),
  {
    ...mesh('parlmesh_withholding_peers', 'Neighbours that pass on nothing and are avoided.', ({ transit }) => [
      [transit.avoided],
    ]),
    type: 'gauge',
  },
  mesh('parlmesh_route_changes_total', 'Routes that changed.', ({ routeChanges }) => [[routeChanges]]),
  mesh('parlmesh_route_computations_total', 'Times that routes were computed.', (counters) => [
    [counters.routeComputations],
  ]),
  mesh('parlmesh_gossip_published_total', 'Gossip messages of this node.', ({ published }) => [[published]]),
  mesh('parlmesh_gossip_accepted_total', 'Gossip frames accepted.', ({ accepted }) => byKey(accepted), 'topic'),
  mesh('parlmesh_gossip_dropped_total', 'Gossip frames dropped.', ({ drops }) => byKey(drops), 'reason'),
  mesh('parlmesh_link_probes_sent_total', 'Link probes sent over UDP.', ({ probes }) => [[probes?.sent ?? 0]]),
  mesh(
    'parlmesh_link_probes_refused_total',
    'Datagrams at the probe port that were no probe of a peer.',
    ({ probes }) => byKey(probes?.refused ?? {}),
    'reason',
  ),
  mesh('parlmesh_connections_refused_total', 'Connections refused.', ({ strangers }) => byKey(strangers), 'reason'),
  mesh('parlmesh_dials_failed_total', 'Connections that could not be opened.', ({ dialsFailed }) => [[dialsFailed]]),
  mesh(
    'parlmesh_transport_receive_bytes_total',
    'Bytes of mesh messages received.',
    ({ traffic }) => Object.entries(traffic).map(([transport, { receivedBytes }]) => [receivedBytes, transport]),
    'transport',
  ),
  mesh(
    'parlmesh_transport_transmit_bytes_total',
    'Bytes of mesh messages sent.',
    ({ traffic }) => Object.entries(traffic).map(([transport, { sentBytes }]) => [sentBytes, transport]),
    'transport',
  ),
];

function link(
  name: string,
  help: string,
  value: (one: LinkView) => number | undefined,
  type: Family['type'] = 'gauge',
): Family {
  return {
    name,
    type,
    help,
    labels: PEER,
    read: ({ links }) => links.flatMap((one) => sampleOf(value(one), one.peerName, one.peer)),
  };
}

function mesh(name: string, help: string, read: (counters: MeshCounters) => Sample[], label?: string): Family {
  return {
    name,
    type: 'counter',
    help,
    ...(label === undefined ? {} : { labels: [label] }),
    read: (reading) => (reading.mesh === undefined ? [] : read(reading.mesh)),
  };
}
