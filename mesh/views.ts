// What the mesh shows of itself. Times are milliseconds since 1970, durations seconds, shares 0 to 1.

import type { Misdeeds } from './gossip/blame.ts';
import type { Link } from './link/link-monitor.ts';
import type { Evidence, Presence, PresenceState } from './membership/presence.ts';
import { presenceInWords } from './membership/presence-in-words.ts';
import { changeInWords } from './routing/change-in-words.ts';
import type { Route } from './routing/mesh-router.ts';
import type { LoggedChange } from './routing/route-log.ts';
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
  /** It takes frames for others and does not pass them on, as far as this node's probes tell. */
  withholds?: true;
  /** What it was caught at within the last minute. */
  misdeeds?: Misdeeds;
  /** This node takes nothing from it any more; until it is let in again. */
  shutOut?: { since: number; why: string };
  lastSeenAt?: number;
  lastError?: string;
  /** The part of the network that it is in, once it has told of itself. */
  area?: string;
  profile?: string;
  version?: string;
  load?: number;
  score?: number;
  page?: string;
  /** It saves power: it takes no work, and other ways are preferred to those through it. Wall-clock time. */
  rests?: { until?: number };
  /** Is it there, and what this node goes by. */
  presence: MeshPresence;
}

export interface MeshPresence {
  state: PresenceState;
  since: number;
  /** Nodes that lost their link to it and have not told of another. */
  suspectedBy: { id: string; name: string; since: number }[];
  /** The ways that this node tried last, oldest outcome first. */
  tried: {
    way: 'udp' | 'stream' | 'indirect';
    /** Who was asked to try; of `indirect` only. */
    via?: string;
    viaName?: string;
    outcome: 'answered' | 'silent' | 'closed' | 'unanswered';
    at: number;
  }[];
  /** How much this node doubted itself when the state began: 0 well, to 3 (time-outs are 2.5 times as long). */
  localDoubt: number;
  /** Failures of the link to it so far, and whether it is a last resort for them. */
  flaps: number;
  damped: boolean;
  /** All of that as a sentence; empty when all is well. */
  why: string;
}

export interface MeshLink {
  peer: string;
  peerName: string;
  transport: string;
  /** The other side of its connection; a multiaddress. Not told with changes. */
  address?: string;
  /** How it is probed: UDP, or over its connection where UDP gets no answer. */
  probe: 'udp' | 'stream';
  /** `full`: as the preset says; `eased`: rarely, because nothing needs the link now and others watch the peer. */
  pace: 'full' | 'eased';
  /** Whose carrier the kernel watches for it. */
  interface?: string;
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
  /** This node was told to go around it where it can. */
  avoided?: true;
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
  /** Of a route to another area: the border that it leaves this one by, and what that asks from there on. */
  exit?: { border: string; borderName: string; cost: number };
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

interface NamedPath {
  nextHop: string;
  nextHopName: string;
  path: string[];
  pathNames: string[];
}

/** One change of one route. */
export interface MeshRouteChange {
  /** Grows by one with each change; starts anew with the node. */
  id: number;
  at: number;
  kind: 'added' | 'moved' | 'lost';
  destination: string;
  destinationName: string;
  before?: NamedPath & { cost: number };
  after?: NamedPath & { cost: number };
  reason: string;
  /** From the first word of the cause until the routes followed. */
  afterSeconds: number;
  /** What frames took until then. */
  backup?: NamedPath & { kind: 'lfa' | 'path' };
  sentence: string;
}

export interface MeshTopology {
  nodes: {
    id: string;
    name: string;
    self: boolean;
    state: MeshPeer['state'];
    score: number;
    area?: string;
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

export function presenceView(presence: Presence, { link, accusers }: Evidence, nameOf: NameOf): MeshPresence {
  const tried = (link?.tried ?? []).map(({ way, via, outcome, at }) => {
    return { way, ...(via !== undefined && { via, viaName: nameOf(via) }), outcome, at };
  });
  const view = {
    state: presence.state,
    since: presence.since,
    suspectedBy: accusers.map(({ id, since }) => ({ id, name: nameOf(id), since })),
    tried,
    localDoubt: presence.doubt,
    flaps: link?.flaps ?? 0,
    damped: link?.damped ?? false,
  };
  return { ...view, why: presenceInWords(view) };
}

/** @param address of the other side of its connection; a multiaddress */
export function linkView(link: Link, nameOf: NameOf, address?: string): MeshLink {
  const { peer, transport, probe, pace, state, since, quality, cost, flaps, damped, indirect } = link;
  return {
    peer,
    peerName: nameOf(peer),
    transport,
    ...(address !== undefined && { address }),
    probe,
    pace,
    ...(link.interface !== undefined && { interface: link.interface }),
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

export function routeView({ equalCost, exit, backup, ...route }: Route, nameOf: NameOf): MeshRoute {
  return {
    ...route,
    destinationName: nameOf(route.destination),
    nextHopName: nameOf(route.nextHop),
    pathNames: route.path.map(nameOf),
    equalCost: equalCost.map((id) => ({ id, name: nameOf(id) })),
    ...(exit && { exit: { ...exit, borderName: nameOf(exit.border) } }),
    ...(backup && {
      backup: { ...backup, nextHopName: nameOf(backup.nextHop), pathNames: backup.path.map(nameOf) },
    }),
  };
}

export function routeChangeView(change: LoggedChange, nameOf: NameOf): MeshRouteChange {
  const { id, at, kind, destination, before, after, backup, reason, delay } = change;
  const named = <Path extends { nextHop: string; path: string[] }>(path: Path): Path & NamedPath => ({
    ...path,
    nextHopName: nameOf(path.nextHop),
    pathNames: path.path.map(nameOf),
  });
  return {
    id,
    at,
    kind,
    destination,
    destinationName: nameOf(destination),
    ...(before && { before: named(before) }),
    ...(after && { after: named(after) }),
    reason,
    afterSeconds: delay / 1000,
    ...(backup && { backup: named(backup) }),
    sentence: changeInWords(change, nameOf),
  };
}

export function topologyNode(peer: MeshPeer): MeshTopology['nodes'][number] {
  const { id, name, state, score, area, profile } = peer;
  const shown = { id, name, self: false, state, score: score ?? 0 };
  return { ...shown, ...(area !== undefined && { area }), ...(profile !== undefined && { profile }) };
}
