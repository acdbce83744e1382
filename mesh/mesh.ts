// The mesh as the daemon sees it: a service that is in one network at a time, and can move to another.

import { EventEmitter } from 'node:events';
import { availableParallelism } from 'node:os';
import { type Static, type TSchema, Type } from 'typebox';
import type { Clock, Millis } from '../core/clock.ts';
import { messageOf, ParlmeshError } from '../core/errors.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Random } from '../core/random.ts';
import type { Service } from '../core/service.ts';
import type { MeshCounters } from './counters.ts';
import type { TopicHandler } from './gossip/gossip.ts';
import { SequenceNumbers, sequenceStore } from './gossip/sequence.ts';
import type { NodeSummary, Topic } from './gossip/topics.ts';
import { systemSenses } from './link/system-senses.ts';
import { Authority, type Member } from './membership/authority.ts';
import { enrol } from './membership/enrolment.ts';
import { Inviter } from './membership/inviter.ts';
import type { NodeId, SigningKey } from './membership/keys.ts';
import {
  type Credentials,
  CredentialsDocument,
  createNetwork,
  credentialsFromDocument,
  credentialsToDocument,
  ownCertificate,
} from './membership/network.ts';
import { type Revocation, Revocations } from './membership/revocations.ts';
import { KnownAddress, type MeshState, readDocument } from './membership/state.ts';
import { decodeToken } from './membership/token.ts';
import { MeshNode, type MeshNodeEvents } from './mesh-node.ts';
import type { Relay, RelayAction, RelayHandler } from './relay/relay.ts';
import { RoutePlanner } from './routing/route-planner.ts';
import { createTransports, type TransportsParts } from './transports.ts';
import type { MeshLink, MeshPeer, MeshRoute, MeshTopology } from './views.ts';

export interface MeshParts extends TransportsParts {
  /** Shown to people. */
  name: string;
  state: MeshState;
  /** What this node tells of itself; asked at every refresh. */
  summary: () => NodeSummary;
  /** What peers may do here over the relay; left out, they may ping. */
  authorize?: (action: RelayAction) => boolean;
  clock: Clock;
  random: Random;
  logger: Logger;
  journal: Journal;
}

export type NetworkView = { id: string; name: string; holdsAuthority: boolean };

export type MeshEvents = MeshNodeEvents & {
  /** This node has moved to another network. */
  network: [NetworkView];
};

const PeersDocument = Type.Object({ format: Type.Literal(1), peers: Type.Array(KnownAddress, { maxItems: 256 }) });

const ENROL_TIMEOUT: Millis = 15_000;
const ENTER_TIMEOUT: Millis = 60_000;
const MOST_PLAN_THREADS = 4;

/** Everything that lives as long as the membership in one network. */
interface Membership {
  credentials: Credentials;
  node: MeshNode;
  authority: Authority | undefined;
  revocations: Revocations;
  inviter: Inviter | undefined;
}

export class Mesh extends EventEmitter<MeshEvents> implements Service {
  readonly name = 'mesh';
  readonly id: NodeId;
  readonly planner: RoutePlanner;
  readonly #parts: MeshParts;
  readonly #subscriptions: ((node: MeshNode) => void)[] = [];
  #membership: Membership | undefined;
  #score = 0;
  #moving = false;

  constructor(parts: MeshParts) {
    super();
    this.#parts = parts;
    this.id = parts.key.nodeId;
    const threads = Math.min(MOST_PLAN_THREADS, availableParallelism());
    this.planner = new RoutePlanner({ self: this.id, node: () => this.#running().node, threads });
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#enter(await this.#credentials(), signal);
  }

  async stop(): Promise<void> {
    const membership = this.#membership;
    this.#membership = undefined;
    await this.planner.stop();
    membership?.revocations.stop();
    await membership?.inviter?.stop();
    await membership?.node.stop();
    membership?.node.removeAllListeners();
  }

  /** One handler a topic; call it before `start`. It stays through a change of network. */
  subscribe<S extends TSchema>(topic: Topic<S>, handler: TopicHandler<Static<S>>): void {
    this.#subscriptions.push((node) => node.gossip.subscribe(topic, handler));
  }

  /** Says something to every node of the network. Nothing happens while the mesh is stopped. */
  publish<S extends TSchema>(topic: Topic<S>, payload: Static<S>): void {
    this.#membership?.node.gossip.publish(topic, payload);
  }

  /** One handler a service of the relay; call it before `start`. It stays through a change of network. */
  handle(service: string, handler: RelayHandler): void {
    this.#subscriptions.push((node) => node.relay.handle(service, handler));
  }

  /** Reaches any node over as many hops as it takes. Throws `MESH_NOT_RUNNING`. */
  get relay(): Relay {
    return this.#running().node.relay;
  }

  /** This node's anomaly score: 0 normal to 1 anomalous. */
  setScore(score: number): void {
    this.#score = score;
    this.#membership?.node.setScore(score);
  }

  /** Undefined before the first start. */
  network(): NetworkView | undefined {
    const credentials = this.#membership?.credentials;
    return credentials && { ...credentials.network, holdsAuthority: credentials.authorityKey !== undefined };
  }

  peers(): MeshPeer[] {
    return this.#membership?.node.peers() ?? [];
  }

  links(): MeshLink[] {
    return this.#membership?.node.links() ?? [];
  }

  routes(): MeshRoute[] {
    return this.#membership?.node.routes() ?? [];
  }

  topology(): MeshTopology {
    return this.#membership?.node.topology() ?? { nodes: [], links: [] };
  }

  counters(): MeshCounters | undefined {
    return this.#membership?.node.counters();
  }

  /** Multiaddresses with the peer id: what can be another node's `mesh.bootstrap`. */
  addresses(): string[] {
    return (this.#membership?.node.addresses() ?? []).map((address) => `${address}/p2p/${this.id}`);
  }

  /** Who holds a certificate: all of them on the node with the authority, elsewhere those that were heard of. */
  members(): Omit<Member, 'serial'>[] {
    const { authority, node, revocations } = this.#running();
    const members = new Map<NodeId, Omit<Member, 'serial'>>();
    for (const { node: id, name, issuedAt, expiresAt } of node.certificates()) {
      members.set(id, { id, name, issuedAt, expiresAt, revoked: false });
    }
    for (const { serial: _, ...member } of authority?.members() ?? []) members.set(member.id, member);
    for (const { node: id, name, issuedAt, expiresAt } of revocations.list()) {
      members.set(id, { id, name, issuedAt, expiresAt, revoked: true });
    }
    return [...members.values()];
  }

  /**
   * Makes a one-time token. Throws `NETWORK_NO_AUTHORITY` on a node that cannot let others in.
   * @param expiresIn milliseconds from now
   */
  async createInvite(options: { expiresIn: Millis; name?: string }): Promise<{ token: string; expiresAt: Millis }> {
    const { inviter, credentials } = this.#running();
    if (inviter === undefined) {
      throw new ParlmeshError(
        'NETWORK_NO_AUTHORITY',
        `This node does not hold the authority of network "${credentials.network.name}"`,
        { hint: 'Run "parlmesh network invite" on the node where the network was created' },
      );
    }
    return inviter.createInvite(options);
  }

  /**
   * Removes a member for good: every node refuses it within seconds, or as soon as it hears of it.
   * Throws `MEMBER_UNKNOWN`, `MEMBER_INVALID`, `NETWORK_NO_AUTHORITY`, `REVOCATIONS_LIMIT`.
   */
  async revoke(id: NodeId): Promise<void> {
    const { authority, revocations, credentials } = this.#running();
    if (authority === undefined || credentials.authorityKey === undefined) {
      throw new ParlmeshError('NETWORK_NO_AUTHORITY', 'Only the node that holds the authority can remove members', {
        hint: 'Run it on the node where the network was created',
      });
    }
    if (id === this.id) {
      throw new ParlmeshError('MEMBER_INVALID', 'This node holds the authority of the network and cannot be removed', {
        hint: 'To leave the network: parlmesh network join TOKEN, or parlmesh network create NAME --replace',
      });
    }
    await authority.revoke(id);
    await this.#issueRevocations(authority, revocations, credentials.authorityKey);
  }

  /** Leaves the present network and enters the one that the token names. Rejects, and stays, when that fails. */
  async joinNetwork(text: string): Promise<NetworkView> {
    const { key, name, clock, state } = this.#parts;
    const token = decodeToken(text);
    return this.#move(async () => {
      const timing = { wall: clock.wall(), timeout: ENROL_TIMEOUT };
      const { credentials, peers } = await enrol(token, { key, name }, timing);
      await state.write('peers', { format: 1, peers: this.#parts.config.autoDial ? peers : peers.slice(0, 1) });
      return credentials;
    });
  }

  /** Leaves the present network for a new one, whose authority this node holds. */
  async createNetwork(networkName: string): Promise<NetworkView> {
    const { key, name, clock, state } = this.#parts;
    return this.#move(async () => {
      const credentials = createNetwork(networkName, key, name, clock.wall());
      await state.write('peers', { format: 1, peers: [] });
      return credentials;
    });
  }

  async #move(obtain: () => Promise<Credentials>): Promise<NetworkView> {
    const before = this.#running().credentials;
    const left = before.network;
    if (this.#moving) {
      throw new ParlmeshError('NETWORK_MOVING', 'This node is just moving to another network', {
        hint: 'Wait until that is done: parlmesh network show',
      });
    }
    this.#moving = true;
    try {
      const peers = await this.#parts.state.read('peers');
      const credentials = await obtain();
      await this.#parts.state.archive(left.id);
      await this.stop();
      try {
        await this.#enter(credentials, AbortSignal.timeout(ENTER_TIMEOUT));
        await this.#parts.state.write('credentials', credentialsToDocument(credentials));
      } catch (error) {
        await this.#goBack(before, peers);
        throw error;
      }
      const network = { ...credentials.network, holdsAuthority: credentials.authorityKey !== undefined };
      this.#parts.journal.record({
        severity: 'info',
        kind: 'mesh.joined',
        subject: 'service/mesh',
        message: `This node is now in network "${network.name}" (it was in "${left.name}")`,
        data: { network: network.id, left: left.id },
      });
      this.emit('network', network);
      return network;
    } finally {
      this.#moving = false;
    }
  }

  /** Nothing was lost yet: the credentials on disk are still those of the network that was left. */
  async #goBack(credentials: Credentials, peers: unknown): Promise<void> {
    const { state, journal } = this.#parts;
    await this.stop();
    try {
      await state.write('peers', peers ?? { format: 1, peers: [] });
      await this.#enter(credentials, AbortSignal.timeout(ENTER_TIMEOUT));
    } catch (error) {
      const message = `Network "${credentials.network.name}" could not be entered again: ${messageOf(error)}`;
      journal.record({ severity: 'error', kind: 'mesh.lost', subject: 'service/mesh', message });
    }
  }

  /** Those on disk, or a network of this node's own at its first start. */
  async #credentials(): Promise<Credentials> {
    const { state, key, name, clock } = this.#parts;
    const stored = await readDocument(state, 'credentials', CredentialsDocument);
    if (stored !== undefined) return credentialsFromDocument(stored);
    const credentials = createNetwork(name, key, name, clock.wall());
    await state.write('credentials', credentialsToDocument(credentials));
    return credentials;
  }

  async #enter(credentials: Credentials, signal: AbortSignal): Promise<void> {
    const { state, key, clock, config, journal } = this.#parts;
    ownCertificate(credentials, key, clock.wall());
    let authority: Authority | undefined;
    if (credentials.authorityKey !== undefined) {
      authority = new Authority({ networkId: credentials.network.id, key: credentials.authorityKey, state, clock });
      await authority.load();
    }
    const revocations = this.#revocations(credentials);
    await revocations.load();
    const peers = await readDocument(state, 'peers', PeersDocument);
    const sequence = await SequenceNumbers.open(sequenceStore(state));
    const node = this.#createNode(credentials, sequence, peers?.peers ?? [], revocations);
    const inviter =
      authority &&
      new Inviter({
        key,
        credentials,
        authority,
        listen: config.listen.map((address) => address.replace(/\/tcp\/\d+/, `/tcp/${config.enrolPort}`)),
        timeout: ENROL_TIMEOUT,
        peers: () => node.acquaintances(),
        clock,
        journal,
      });
    this.#membership = { credentials, node, authority, revocations, inviter };
    try {
      await node.start(signal);
      revocations.start();
      if (authority !== undefined && credentials.authorityKey !== undefined) {
        await this.#issueRevocations(authority, revocations, credentials.authorityKey);
      }
      await inviter?.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  #revocations({ network, authority }: Credentials): Revocations {
    return new Revocations({
      ...this.#parts,
      network: { id: network.id, authority },
      self: this.id,
      removed: (revocation) => this.#onRemoved(revocation),
    });
  }

  /** Those of the authority's document that have no statement yet. */
  async #issueRevocations(authority: Authority, revocations: Revocations, key: SigningKey): Promise<void> {
    for (const member of authority.members()) if (member.revoked) await revocations.issue(key, member);
  }

  #onRemoved({ node: id, name }: Revocation): void {
    const self = id === this.id;
    this.#parts.journal.record({
      severity: self ? 'error' : 'warning',
      kind: 'mesh.revoked',
      subject: self ? 'service/mesh' : `peer/${id}`,
      message: `${self ? 'This node' : name} was removed from the network`,
    });
    if (!self) this.#membership?.node.expel(id);
  }

  #createNode(
    credentials: Credentials,
    sequence: SequenceNumbers,
    remembered: KnownAddress[],
    revocations: Revocations,
  ): MeshNode {
    const { state, logger } = this.#parts;
    const node = new MeshNode({
      ...this.#parts,
      credentials,
      sequence,
      remembered,
      transports: createTransports(this.#parts, credentials),
      senses: systemSenses({ ...this.#parts, self: this.id }),
      isRevoked: (id) => revocations.has(id),
      remember: (peers) => {
        if (this.#membership?.node !== node) return;
        state.write('peers', { format: 1, peers }).catch((error: unknown) => {
          logger.warn({ error: messageOf(error) }, 'the peers could not be written');
        });
      },
    });
    revocations.subscribe(node.gossip);
    for (const subscribe of this.#subscriptions) subscribe(node);
    node.setScore(this.#score);
    node.on('peer', (peer) => this.emit('peer', peer));
    node.on('link', (link) => this.emit('link', link));
    node.on('routes', (routes) => this.emit('routes', routes));
    node.on('topology', (topology) => this.emit('topology', topology));
    return node;
  }

  #running(): Membership {
    if (this.#membership === undefined) {
      throw new ParlmeshError('MESH_NOT_RUNNING', 'The mesh is not running', {
        hint: 'parlmesh status shows why',
      });
    }
    return this.#membership;
  }
}
