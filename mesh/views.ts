// What the mesh shows of itself. Times are milliseconds since 1970, durations seconds, shares 0 to 1.

import type { Link } from './link/link-monitor.ts';
import type { Route } from './routing/mesh-router.ts';
import type { TransportKind } from './transport/transport.ts';

type NameOf = (id: string) => string;

export interface MeshPeer {
  id: string;
  name: string;
  /** `connected`: a direct link; `reachable`: heard through others; `stopped`: it said goodbye; `gone`: it was lost. */
  state: 'connected' | 'reachable' | 'stopped' | 'gone';
  since: number;
  transports: TransportKind[];
  addresses: string[];
  lastSeenAt?: number;
  lastError?: string;
  profile?: string;
  version?: string;
  load?: number;
  score?: number;
  page?: string;
}

export interface MeshLink {
  peer: string;
  peerName: string;
  transport: string;
  /** How it is probed: UDP, or over its connection where UDP gets no answer. */
  probe: 'udp' | 'stream';
  state: 'up' | 'suspect' | 'down';
  since: number;
  roundTripSeconds?: number;
  jitterSeconds?: number;
  loss: number;
  cost: number;
  /** Failures so far. */
  flaps: number;
  /** It failed too often of late: a last resort until it holds. */
  damped: boolean;
  cause?: string;
  /** While it is down: who was asked whether they reach the peer, and who does. Names. */
  indirect?: { reached: boolean; asked: string[]; via?: string };
}

export interface MeshRoute {
  destination: string;
  destinationName: string;
  nextHop: string;
  nextHopName: string;
  cost: number;
  path: string[];
  pathNames: string[];
  since: number;
  reason: string;
  /** Next hops of all paths of this cost. */
  equalCost: { id: string; name: string }[];
  /** What is used at once when the link to the next hop fails. */
  backup?: {
    kind: 'lfa' | 'path';
    nextHop: string;
    nextHopName: string;
    path: string[];
    pathNames: string[];
    cost: number;
    protects: 'node' | 'link';
  };
}

export interface MeshTopology {
  nodes: {
    id: string;
    name: string;
    self: boolean;
    state: MeshPeer['state'];
    score: number;
    profile?: string;
  }[];
  links: {
    a: string;
    b: string;
    cost: number;
    roundTripSeconds?: number;
    state: 'up' | 'suspect' | 'down';
  }[];
}

export function linkView(link: Link, nameOf: NameOf): MeshLink {
  const { peer, transport, probe, state, since, quality, cost, flaps, damped, indirect } = link;
  return {
    peer,
    peerName: nameOf(peer),
    transport,
    probe,
    state: state.kind,
    since,
    ...(quality.roundTrip !== undefined && {
      roundTripSeconds: quality.roundTrip / 1000,
      jitterSeconds: quality.jitter / 1000,
    }),
    loss: quality.loss,
    cost,
    flaps,
    damped,
    ...(state.kind !== 'up' && { cause: state.cause }),
    ...(indirect && {
      indirect: {
        reached: indirect.reached,
        asked: indirect.asked.map(nameOf),
        ...(indirect.via !== undefined && { via: nameOf(indirect.via) }),
      },
    }),
  };
}

export function routeView({ equalCost, backup, ...route }: Route, nameOf: NameOf): MeshRoute {
  return {
    ...route,
    destinationName: nameOf(route.destination),
    nextHopName: nameOf(route.nextHop),
    pathNames: route.path.map(nameOf),
    equalCost: equalCost.map((id) => ({ id, name: nameOf(id) })),
    ...(backup && {
      backup: { ...backup, nextHopName: nameOf(backup.nextHop), pathNames: backup.path.map(nameOf) },
    }),
  };
}

export function topologyNode(peer: MeshPeer): MeshTopology['nodes'][number] {
  const { id, name, state, score, profile } = peer;
  return { id, name, self: false, state, score: score ?? 0, ...(profile !== undefined && { profile }) };
}
