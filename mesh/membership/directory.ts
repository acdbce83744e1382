// Everything known of the other nodes, from their gossip and from our connections to them.

import type { Clock, Millis } from '../../core/clock.ts';
import type { Source } from '../gossip/state-table.ts';
import { DEFAULT_AREA, type MembershipPayload, type NodeSummary } from '../gossip/topics.ts';
import type { TransportKind } from '../transport/transport.ts';
import { type MeshPeer, presenceView } from '../views.ts';
import type { NodeId } from './keys.ts';
import { type Evidence, type Presence, presenceOf } from './presence.ts';

export interface DirectoryParts {
  clock: Clock;
  nameOf: (id: NodeId) => string;
  /** Nodes remembered at most. */
  most: number;
  /** What is known about the presence of a member. */
  evidence: (id: NodeId) => Evidence;
}

/** A node that was lost or stopped is still shown for this long. */
const SHOW_ABSENT: Millis = 24 * 3600_000;

interface Known {
  id: NodeId;
  state: MeshPeer['state'];
  since: Millis;
  presence: Presence;
  /** It was connected or had a route at some time. */
  wasReached: boolean;
  /** The transport of our connection to it. */
  connectedOver: TransportKind | undefined;
  /** Its membership record is fresh and says that it is there. */
  present: boolean;
  heardOverBroker: boolean;
  record: MembershipPayload | undefined;
  summary: NodeSummary | undefined;
  score: number | undefined;
  version: string | undefined;
  lastSeenAt: Millis | undefined;
  lastError: string | undefined;
}

export class Directory {
  readonly #parts: DirectoryParts;
  readonly #known = new Map<NodeId, Known>();

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  connected(id: NodeId, transport: TransportKind, version: string): void {
    this.#change(id, { connectedOver: transport, version, lastError: undefined, lastSeenAt: this.#parts.clock.wall() });
  }

  disconnected(id: NodeId, cause: string): void {
    if (this.#known.has(id)) this.#change(id, { connectedOver: undefined, lastError: cause });
  }

  forget(id: NodeId): void {
    this.#known.delete(id);
  }

  failed(id: NodeId, cause: string): void {
    if (this.#known.has(id)) this.#change(id, { lastError: cause });
  }

  record(id: NodeId, record: MembershipPayload, source: Source): void {
    this.#change(id, {
      record,
      present: record.present,
      version: record.version,
      heardOverBroker: source === 'mqtt',
      lastSeenAt: this.#parts.clock.wall(),
    });
  }

  recordEnded(id: NodeId): void {
    if (this.#known.has(id)) this.#change(id, { present: false, heardOverBroker: false });
  }

  summary(id: NodeId, summary: NodeSummary): void {
    this.#change(id, { summary, lastSeenAt: this.#parts.clock.wall() });
  }

  score(id: NodeId, score: number | undefined): void {
    this.#change(id, { score, lastSeenAt: this.#parts.clock.wall() });
  }

  /** It was stopped in order, rather than lost. */
  saidGoodbye(id: NodeId): boolean {
    return this.#known.get(id)?.record?.present === false;
  }

  recordOf(id: NodeId): MembershipPayload | undefined {
    return this.#known.get(id)?.record;
  }

  /**
   * Brings the states up to date with the routes; returns whose state changed.
   * @param isSilent a connection is left, but neither this node nor others get an answer
   * @param only these; everybody when left out
   */
  settle(
    hasRoute: (id: NodeId) => boolean,
    isSilent: (id: NodeId) => boolean,
    only: Iterable<NodeId> = this.#known.keys(),
  ): NodeId[] {
    const now = this.#parts.clock.wall();
    const changed: NodeId[] = [];
    for (const id of only) {
      const known = this.#known.get(id);
      if (known === undefined) continue;
      const heard = known.present && known.heardOverBroker;
      const connected = known.connectedOver !== undefined && !isSilent(id);
      const absent = this.saidGoodbye(id) ? 'stopped' : 'gone';
      const state = connected ? 'connected' : hasRoute(id) || heard ? 'reachable' : absent;
      if (state !== absent) known.wasReached = true;
      else if (state === known.state && now - known.since > SHOW_ABSENT) this.#known.delete(id);
      const isNew = state !== known.state;
      if (isNew) {
        known.state = state;
        known.since = now;
      }
      if (this.#settlePresence(known, now) || isNew) changed.push(id);
    }
    return changed;
  }

  /** Members that are there, and where. */
  *presentRecords(): Iterable<{ id: NodeId; addresses: string[] }> {
    for (const { id, present, record } of this.#known.values()) {
      if (present && record !== undefined) yield { id, addresses: record.addresses };
    }
  }

  peer(id: NodeId): MeshPeer | undefined {
    const known = this.#known.get(id);
    return known === undefined ? undefined : this.#view(known);
  }

  peers(): MeshPeer[] {
    return [...this.#known.values()].map((known) => this.#view(known)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #settlePresence(known: Known, now: Millis): boolean {
    const evidence = this.#parts.evidence(known.id);
    const state = presenceOf(known.state, known.wasReached, evidence);
    if (state === known.presence.state) return false;
    known.presence = { state, since: now, doubt: evidence.doubt };
    return true;
  }

  #change(id: NodeId, change: Partial<Known>): void {
    const known = this.#known.get(id) ?? this.#add(id);
    if (known !== undefined) Object.assign(known, change);
  }

  #add(id: NodeId): Known | undefined {
    if (this.#known.size >= this.#parts.most) return undefined;
    const now = this.#parts.clock.wall();
    const known: Known = {
      id,
      state: 'gone',
      since: now,
      presence: { state: 'in', since: now, doubt: 0 },
      wasReached: false,
      connectedOver: undefined,
      present: false,
      heardOverBroker: false,
      record: undefined,
      summary: undefined,
      score: undefined,
      version: undefined,
      lastSeenAt: undefined,
      lastError: undefined,
    };
    this.#known.set(id, known);
    return known;
  }

  #view(known: Known): MeshPeer {
    const { id, state, since, record, summary, connectedOver, lastSeenAt, lastError, version, score } = known;
    const transports: TransportKind[] = connectedOver === undefined ? [] : [connectedOver];
    if (known.heardOverBroker && known.present) transports.push('mqtt');
    return {
      id,
      name: this.#parts.nameOf(id),
      state,
      since,
      transports,
      addresses: record?.addresses ?? [],
      ...(lastSeenAt !== undefined && { lastSeenAt }),
      ...(lastError !== undefined && { lastError }),
      ...(record !== undefined && { area: record.area ?? DEFAULT_AREA }),
      ...(version !== undefined && { version }),
      ...(score !== undefined && { score }),
      ...(summary !== undefined && { profile: summary.profile, load: summary.load }),
      ...(summary?.page !== undefined && { page: summary.page }),
      ...(summary?.rests !== undefined && { rests: summary.rests }),
      presence: presenceView(known.presence, this.#parts.evidence(id), this.#parts.nameOf),
    };
  }
}
