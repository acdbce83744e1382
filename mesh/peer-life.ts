// The life of a peer as one node sees it: heard of, admitted, left, removed. Keeps the directory, the links, the dialler
// and the relay in step with each other, and tells of every change of state.

import type { Clock, Millis } from '../core/clock.ts';
import { feedDirectory } from './directory-feed.ts';
import type { Gossip, Message } from './gossip/gossip.ts';
import type { Synchronizer } from './gossip/synchronizer.ts';
import { type MembershipPayload, membershipTopic } from './gossip/topics.ts';
import type { LinkMonitor } from './link/link-monitor.ts';
import type { Directory } from './membership/directory.ts';
import type { NodeId } from './membership/keys.ts';
import type { Members } from './membership/members.ts';
import type { Reach } from './membership/reach.ts';
import type { KnownAddress } from './membership/state.ts';
import type { Strangers } from './membership/strangers.ts';
import type { MeshJournal } from './mesh-journal.ts';
import type { Connection, Neighbours } from './neighbours.ts';
import type { Relay } from './relay/relay.ts';
import type { RouteChange } from './routing/mesh-router.ts';
import type { Routing } from './routing/routing.ts';
import { Throttle } from './throttle.ts';
import type { MeshPeer } from './views.ts';

export interface PeerLifeParts {
  clock: Clock;
  gossip: Gossip;
  directory: Directory;
  members: Members;
  strangers: Strangers;
  neighbours: Neighbours;
  links: LinkMonitor;
  routing: Routing;
  relay: Relay;
  reach: Reach;
  synchronizer: Synchronizer;
  story: MeshJournal;
  nameOf: (id: NodeId) => string;
  isRevoked: (id: NodeId) => boolean;
  tell: (peer: MeshPeer) => void;
}

/** Looking at every member is work that grows with the network. */
const SETTLE_PERIOD: Millis = 200;

export class PeerLife {
  readonly #parts: PeerLifeParts;
  readonly #settleAll: Throttle;

  constructor(parts: PeerLifeParts) {
    this.#parts = parts;
    this.#settleAll = new Throttle(parts.clock, SETTLE_PERIOD, () => this.settle());
    const { gossip, directory } = parts;
    gossip.subscribe(membershipTopic, {
      message: (message) => this.#heardOf(message),
      ended: (origin) => {
        directory.recordEnded(origin);
        this.settle(origin);
      },
    });
    feedDirectory(gossip, directory, (id) => this.#tell(id));
  }

  /** A neighbour showed its certificate. */
  admitted({ peer, transport, address }: Connection, version: string): void {
    const { directory, links, synchronizer, story } = this.#parts;
    directory.connected(peer, transport.kind, version);
    links.add(peer, transport.kind, address);
    synchronizer.meet(peer);
    this.#remember(peer);
    story.joined(peer, { address, version });
    this.settle(peer);
  }

  /**
   * A connection to it ended.
   * @param isOver this node itself is at its end: nothing is told any more
   */
  left(peer: NodeId, cause: string, { wasAdmitted, isOver }: { wasAdmitted: boolean; isOver: boolean }): void {
    const { reach, directory, links, synchronizer, story, isRevoked } = this.#parts;
    const stopped = directory.saidGoodbye(peer);
    const reason = stopped ? 'it was stopped' : cause;
    // First of all the word of it goes out: when a member dies, every neighbour has the same to do at once.
    if (wasAdmitted) links.remove(peer, reason);
    reach.lost(peer);
    if (!wasAdmitted) return;
    synchronizer.part(peer);
    directory.disconnected(peer, reason);
    if (isOver) return;
    story.left(peer, reason, stopped);
    this.settle(peer);
    if (isRevoked(peer)) this.#forget(peer);
  }

  /** Cuts a member that was removed. */
  expel(id: NodeId): void {
    const { reach, relay, strangers, neighbours, gossip, routing } = this.#parts;
    reach.drop(id);
    relay.expel(id);
    strangers.refuse('revoked', id);
    neighbours.disconnect(id, 'refused: revoked');
    gossip.states.forget(id);
    routing.onEnded(id);
    this.#forget(id);
  }

  /** Brings the state of one peer up to date, or of everybody, and tells of it and of those that changed. */
  settle(touched?: NodeId): void {
    const { directory, routing, links } = this.#parts;
    const only = touched === undefined ? undefined : [touched];
    const changed = directory.settle((id) => routing.hasRoute(id), links.isSilent, only);
    for (const id of only ?? changed) this.#tell(id);
  }

  /** Who came into reach or out of it is told at once; what it means for others, a little later after many changes. */
  routesChanged(changes: readonly RouteChange[]): void {
    for (const { kind, destination } of changes) if (kind !== 'moved') this.settle(destination);
    this.#settleAll.request();
  }

  stop(): void {
    this.#settleAll.cancel();
  }

  /** Those admitted last whom others may dial. */
  acquaintances(most: number): KnownAddress[] {
    const { reach, neighbours } = this.#parts;
    const peers = reach.remembered().filter(({ id }) => neighbours.isAdmitted(id));
    return peers.slice(-most);
  }

  #heardOf({ origin, payload, source }: Message<MembershipPayload>): void {
    const { members, directory, neighbours, reach } = this.#parts;
    members.rename(origin, payload.name);
    this.#parts.routing.areas.heardOf(origin);
    directory.record(origin, payload, source);
    if (neighbours.isAdmitted(origin)) this.#remember(origin);
    if (payload.present) reach.memberSeen(origin, payload.addresses);
    this.settle(origin);
  }

  #remember(id: NodeId): void {
    const { directory, reach, nameOf } = this.#parts;
    reach.add({ id, name: nameOf(id), addresses: directory.recordOf(id)?.addresses ?? [] });
  }

  #tell(id: NodeId): void {
    const peer = this.#parts.directory.peer(id);
    if (peer !== undefined) this.#parts.tell(peer);
  }

  #forget(id: NodeId): void {
    const { directory, links, tell } = this.#parts;
    const peer = directory.peer(id);
    directory.forget(id);
    links.forget(id);
    if (peer !== undefined) tell({ ...peer, state: 'gone' });
  }
}
