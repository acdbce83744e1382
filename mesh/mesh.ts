// The mesh as the daemon sees it: a service that is in one network at a time, and can move to another.

import { EventEmitter } from 'node:events';
import type { Static, TSchema } from 'typebox';
import type { Millis } from '../core/clock.ts';
import { messageOf, ParlmeshError } from '../core/errors.ts';
import type { Service } from '../core/service.ts';
import type { MeshCounters } from './counters.ts';
import type { TopicHandler } from './gossip/gossip.ts';
import type { Topic } from './gossip/topics.ts';
import { type Impairment, Impairments } from './impairments.ts';
import { KeptAway, unconnected } from './kept-away.ts';
import type { Member } from './membership/authority.ts';
import { changeNetwork, type Destination } from './membership/change-of-network.ts';
import { enrol } from './membership/enrolment.ts';
import type { NodeId } from './membership/keys.ts';
import {
  type Credentials,
  CredentialsDocument,
  createNetwork,
  credentialsFromDocument,
  credentialsToDocument,
} from './membership/network.ts';
import type { RegistrarOutcome, RotationView } from './membership/registrar.ts';
import { readDocument } from './membership/state.ts';
import { decodeToken } from './membership/token.ts';
import type { MembershipProblem } from './membership/upkeep.ts';
import type { MeshNode, MeshNodeEvents } from './mesh-node.ts';
import { ENROL_TIMEOUT, Participation, type ParticipationParts } from './participation.ts';
import type { Relay, RelayHandler } from './relay/relay.ts';
import type { RouteLogQuery } from './routing/route-log.ts';
import { RoutePlanner } from './routing/route-planner.ts';
import type { MeshLink, MeshPeer, MeshRoute, MeshRouteChange, MeshTopology } from './views.ts';

export type MeshParts = ParticipationParts;

export type NetworkView = { id: string; name: string; holdsAuthority: boolean };

/** This node's membership: how long it lasts, which network key it has, what is wrong and what to do. */
export interface MembershipView {
  issuedAt: Millis;
  expiresAt: Millis;
  key: { number: number; since: Millis };
  /** On the node that holds the authority, since the first rotation of the key. */
  rotation: RotationView | undefined;
  problem: MembershipProblem | undefined;
}

export type MeshEvents = MeshNodeEvents & {
  /** There is a problem with this node's membership, another one, or none any more. */
  membership: [MembershipProblem | undefined];
  /** This node has moved to another network. */
  network: [NetworkView];
};

const ENTER_TIMEOUT: Millis = 60_000;
const DAY: Millis = 24 * 3600_000;

export class Mesh extends EventEmitter<MeshEvents> implements Service {
  readonly name = 'mesh';
  readonly id: NodeId;
  readonly planner: RoutePlanner;
  readonly #parts: MeshParts;
  readonly #keptAway = new KeptAway();
  readonly #impairments = new Impairments();
  readonly #subscriptions: ((node: MeshNode) => void)[] = [];
  #participation: Participation | undefined;
  #score = 0;
  #moving = false;

  constructor(parts: MeshParts) {
    super();
    this.#parts = { ...parts, keptAway: this.#keptAway, impairments: this.#impairments };
    this.id = parts.key.nodeId;
    this.planner = new RoutePlanner({ self: this.id, running: () => this.#running() });
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#enter(await this.#credentials(), signal);
  }

  async stop(): Promise<void> {
    const participation = this.#participation;
    this.#participation = undefined;
    await participation?.stop();
  }

  /** One handler a topic; call it before `start`. It stays through a change of network. */
  subscribe<S extends TSchema>(topic: Topic<S>, handler: TopicHandler<Static<S>>): void {
    this.#subscriptions.push((node) => node.gossip.subscribe(topic, handler));
  }

  /** Says something to every node of the network. Nothing happens while the mesh is stopped. */
  publish<S extends TSchema>(topic: Topic<S>, payload: Static<S>): void {
    this.#participation?.node.gossip.publish(topic, payload);
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
    this.#participation?.node.setScore(score);
  }

  /** Undefined before the first start. */
  network(): NetworkView | undefined {
    const credentials = this.#participation?.credentials.current;
    return credentials && viewOf(credentials);
  }

  /** The keys of the present network, for what other rooms sign; undefined before the first start. */
  credentials(): Credentials | undefined {
    return this.#participation?.credentials.current;
  }

  membership(): MembershipView {
    const { upkeep, credentials, registrar } = this.#running();
    const { issuedAt, expiresAt } = upkeep.certificate;
    const [{ number, since }] = credentials.current.keys;
    const problem = this.#running().problem();
    return { issuedAt, expiresAt, key: { number, since }, rotation: registrar?.rotation(), problem };
  }

  peers(): MeshPeer[] {
    return this.#keptAway.shown(this.#participation?.node.peers() ?? []);
  }

  links(): MeshLink[] {
    return (this.#participation?.node.links() ?? []).map((link) => this.#keptAway.marked(link));
  }

  routes(): MeshRoute[] {
    return this.#participation?.node.routes() ?? [];
  }

  /** The newest changes of routes since the start, newest first. */
  routeLog(query: RouteLogQuery): MeshRouteChange[] {
    return this.#participation?.node.routeLog(query) ?? [];
  }

  topology(): MeshTopology {
    return this.#participation?.node.topology() ?? { nodes: [], links: [] };
  }

  counters(): MeshCounters | undefined {
    const participation = this.#participation;
    return participation && { ...participation.node.counters(), planning: participation.engineering.figures() };
  }

  /** Questions of members by what became of them; undefined on a node without the authority. */
  registrarCounts(): Record<RegistrarOutcome, number> | undefined {
    return this.#participation?.registrar?.counts();
  }

  /** Multiaddresses with the peer id: what can be another node's `mesh.bootstrap`. */
  addresses(): string[] {
    return (this.#participation?.node.addresses() ?? []).map((address) => `${address}/p2p/${this.id}`);
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
        `This node does not hold the authority of network "${credentials.current.network.name}"`,
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
    const participation = this.#running();
    const { authority } = participation;
    if (authority === undefined) throw noAuthority('remove members');
    if (id === this.id) {
      throw new ParlmeshError('MEMBER_INVALID', 'This node holds the authority of the network and cannot be removed', {
        hint: 'To leave the network: parlmesh network join TOKEN, or parlmesh network create NAME --replace',
      });
    }
    await authority.revoke(id);
    await participation.issueRevocations();
  }

  /**
   * Makes a new network key, which all members fetch while everything goes on. Throws `NETWORK_NO_AUTHORITY`.
   * @param overlap how long the key before it lets in members that are away, at the longest; the configured one when
   * left out
   */
  async rotateKey(overlap: Millis = this.#parts.config.keyOverlapDays * DAY): Promise<RotationView> {
    const { registrar } = this.#running();
    if (registrar === undefined) throw noAuthority('change the network key');
    return registrar.rotate(overlap);
  }

  /** Leaves the present network and enters the one that the token names. Rejects, and stays, when that fails. */
  async joinNetwork(text: string): Promise<NetworkView> {
    const { key, name, clock, config } = this.#parts;
    const token = decodeToken(text);
    return this.#move(async () => {
      const { credentials, peers } = await enrol(token, { key, name }, { wall: clock.wall(), timeout: ENROL_TIMEOUT });
      return { credentials, peers: config.autoDial ? peers : peers.slice(0, 1) };
    });
  }

  /** Leaves the present network for a new one, whose authority this node holds. */
  async createNetwork(networkName: string): Promise<NetworkView> {
    const { key, name, clock } = this.#parts;
    return this.#move(async () => ({ credentials: createNetwork(networkName, key, name, clock.wall()), peers: [] }));
  }

  async #move(obtain: () => Promise<Destination>): Promise<NetworkView> {
    const before = this.#running();
    const left = before.credentials.current;
    if (this.#moving) {
      throw new ParlmeshError('NETWORK_MOVING', 'This node is just moving to another network', {
        hint: 'Wait until that is done: parlmesh network show',
      });
    }
    this.#moving = true;
    try {
      const destination = await obtain();
      await this.#changeTo(destination, before);
      const { network } = destination.credentials;
      const view = viewOf(destination.credentials);
      this.#parts.journal.record({
        severity: 'info',
        kind: 'mesh.joined',
        subject: 'service/mesh',
        message: `This node is now in network "${network.name}" (it was in "${left.network.name}")`,
        data: { network: network.id, left: left.network.id },
      });
      this.emit('network', view);
      return view;
    } finally {
      this.#moving = false;
    }
  }

  async #changeTo(destination: Destination, before: Participation): Promise<void> {
    const left = before.credentials.current;
    try {
      await changeNetwork(this.#parts.state, left, destination, async (credentials) => {
        await this.stop();
        await this.#enter(credentials, AbortSignal.timeout(ENTER_TIMEOUT));
      });
    } catch (error) {
      if (this.#participation === before) throw error;
      await this.stop();
      await this.#enter(left, AbortSignal.timeout(ENTER_TIMEOUT)).catch((lost: unknown) => {
        const message = `Network "${left.network.name}" could not be entered again: ${messageOf(lost)}`;
        this.#parts.journal.record({ severity: 'error', kind: 'mesh.lost', subject: 'service/mesh', message });
      });
      throw error;
    }
  }

  /** Those on disk, or a network of this node's own at its first start. */
  async #credentials(): Promise<Credentials> {
    const { state, key, name, clock, certificateLifetime } = this.#parts;
    const stored = await readDocument(state, 'credentials', CredentialsDocument);
    if (stored !== undefined) return credentialsFromDocument(stored);
    const credentials = createNetwork(name, key, name, clock.wall(), certificateLifetime);
    await state.write('credentials', credentialsToDocument(credentials));
    return credentials;
  }

  async #enter(credentials: Credentials, signal: AbortSignal): Promise<void> {
    const participation = await Participation.prepare(this.#parts, credentials, (problem) =>
      this.emit('membership', problem),
    );
    const { node } = participation;
    for (const subscribe of this.#subscriptions) subscribe(node);
    node.setScore(this.#score);
    node.on('peer', (peer) => this.emit('peer', peer));
    node.on('link', (link) => this.emit('link', this.#keptAway.marked(link)));
    node.on('routes', (routes) => this.emit('routes', routes));
    node.on('topology', (topology) => this.emit('topology', topology));
    node.on('converged', (seconds) => this.emit('converged', seconds));
    this.#participation = participation;
    try {
      await participation.start(signal);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Gives the connections to a neighbour up; it is dialled again at once, and on all its addresses. */
  resetLink(peer: NodeId): void {
    this.#running().node.resetLink(peer);
  }

  /** Has routes go around the link to a neighbour where they can, until it has been well for ten minutes; or not any more. */
  avoid(peer: NodeId, isAvoided: boolean): void {
    this.#keptAway.avoid(peer, isAvoided, this.#parts.clock.now());
    this.#participation?.node.routing.linksChanged();
    for (const link of this.links()) if (link.peer === peer) this.emit('link', link);
  }

  /** This node rests, and is a last resort for what others send through it; or not any more. Its next summary says so too. */
  rest(isResting: boolean): void {
    this.#keptAway.isResting = isResting;
    this.#participation?.node.routing.linksChanged();
  }

  /**
   * Takes nothing from a node and gives nothing to it, as if it had been removed: of this node alone, until `readmit`.
   * @param why a sentence
   */
  isolate(peer: NodeId, why: string): void {
    const name = this.peers().find(({ id }) => id === peer)?.name ?? `…${peer.slice(-8)}`;
    this.#keptAway.isolated.set(peer, { name, since: this.#parts.clock.wall(), why });
    this.#participation?.node.resetLink(peer);
    for (const one of this.peers()) if (one.id === peer) this.emit('peer', one);
  }

  /**
   * Lets a node in again that was shut out, and seeks it at once. Throws `PEER_NOT_FOUND` where it was not.
   * @param by who says so
   */
  readmit(peer: NodeId, by: string): void {
    const { name, since, why } = this.#keptAway.readmit(peer);
    this.#participation?.node.readmit(peer);
    this.#parts.journal.record({
      severity: 'info',
      kind: 'peer.readmitted',
      subject: `peer/${peer}`,
      message: `${name} was let in again by ${by}; it had been shut out: ${why}`,
      data: { by, since },
    });
    this.emit('peer', unconnected(peer, name, { state: 'in', since: this.#parts.clock.wall() }));
  }

  isIsolated(peer: NodeId): boolean {
    return this.#keptAway.isolated.has(peer);
  }

  /** Makes the link to a neighbour worse, or as it was again: for trying out what follows. Only chaos does that. */
  impair(peer: NodeId, impairment: Impairment | undefined): void {
    this.#impairments.set(peer, impairment);
  }

  #running(): Participation {
    if (this.#participation === undefined) {
      throw new ParlmeshError('MESH_NOT_RUNNING', 'The mesh is not running', {
        hint: 'parlmesh status shows why',
      });
    }
    return this.#participation;
  }
}

const viewOf = ({ network, authorityKey }: Credentials): NetworkView => ({
  ...network,
  holdsAuthority: authorityKey !== undefined,
});

const noAuthority = (what: string): ParlmeshError =>
  new ParlmeshError('NETWORK_NO_AUTHORITY', `Only the node that holds the authority can ${what}`, {
    hint: 'Run it on the node where the network was created',
  });
