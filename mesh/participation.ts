// A node's life in one network, from entering it to leaving it: what lives as long as the membership.

import { availableParallelism } from 'node:os';
import type { Clock, Millis, Timer } from '../core/clock.ts';
import { messageOf, ParlmeshError } from '../core/errors.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Random } from '../core/random.ts';
import { SequenceNumbers, sequenceStore } from './gossip/sequence.ts';
import type { NodeSummary } from './gossip/topics.ts';
import type { KeptAway } from './kept-away.ts';
import { systemSenses } from './link/system-senses.ts';
import { Authority } from './membership/authority.ts';
import { ClockWatch } from './membership/clock-watch.ts';
import { HeldCredentials } from './membership/held-credentials.ts';
import { Inviter } from './membership/inviter.ts';
import { type Credentials, ownCertificate } from './membership/network.ts';
import { KEY_SERVICE } from './membership/network-key-handover.ts';
import { stillAccepted } from './membership/network-keys.ts';
import { Registrar } from './membership/registrar.ts';
import { RENEWAL_SERVICE } from './membership/renewal.ts';
import { type Revocation, Revocations } from './membership/revocations.ts';
import { type KnownAddress, type MeshState, PeersDocument, readDocument } from './membership/state.ts';
import { type MembershipProblem, Upkeep } from './membership/upkeep.ts';
import { MeshNode } from './mesh-node.ts';
import type { RelayAction } from './relay/relay.ts';
import { TrafficEngineering } from './routing/traffic-engineering.ts';
import type { Transport } from './transport/transport.ts';
import { createTransports, type TransportsParts } from './transports.ts';

export interface ParticipationParts extends TransportsParts {
  /** Shown to people. */
  name: string;
  state: MeshState;
  /** What this node tells of itself, asked at every refresh; nothing when left out. */
  summary?: () => NodeSummary;
  /** What peers may do here over the relay; left out, they may ping. */
  authorize?: (action: RelayAction) => boolean;
  /** Asked before a plan is put into force unasked (`mesh.plan.apply: auto`); a rejection says why not. */
  mayApplyPlan?: () => Promise<void>;
  /** Neighbours that it does without. */
  keptAway?: KeptAway;
  /** Instead of those of the configuration; links are then probed over their connections. */
  transports?: () => Transport[];
  /** Of the certificates that this node issues; a year when left out. */
  certificateLifetime?: Millis;
  clock: Clock;
  random: Random;
  logger: Logger;
  journal: Journal;
}

/** Milliseconds that one newcomer's enrolment may take. */
export const ENROL_TIMEOUT: Millis = 15_000;
const HOUR: Millis = 3600_000;
/** Between two looks at links that are avoided. */
const LOOK: Millis = 10_000;
const MOST_PLAN_THREADS = 4;

/** What is read from disk before anything runs. */
interface Kept {
  credentials: Credentials;
  authority: Authority | undefined;
  sequence: SequenceNumbers;
  peers: KnownAddress[];
}

export class Participation {
  readonly credentials: HeldCredentials;
  readonly node: MeshNode;
  readonly revocations: Revocations;
  readonly upkeep: Upkeep;
  readonly engineering: TrafficEngineering;
  /** On the node that holds the network's authority. */
  readonly authority: Authority | undefined;
  readonly registrar: Registrar | undefined;
  readonly inviter: Inviter | undefined;
  readonly #parts: ParticipationParts;
  readonly #clocks = new ClockWatch();
  readonly #problems: (problem: MembershipProblem | undefined) => void;
  /** When the end of each peer's certificate was told last. */
  readonly #expiredTold = new Map<string, Millis>();
  #isClockWrong = false;
  #running = true;
  #looks: Timer | undefined;

  private constructor(
    parts: ParticipationParts,
    kept: Kept,
    problems: (problem: MembershipProblem | undefined) => void,
  ) {
    const { credentials, authority, sequence, peers } = kept;
    this.#parts = parts;
    this.#problems = problems;
    this.credentials = new HeldCredentials(parts.state, credentials);
    this.authority = authority;
    this.revocations = new Revocations({
      ...parts,
      network: { id: credentials.network.id, authority: credentials.authority },
      self: parts.key.nodeId,
      removed: (revocation) => this.#onRemoved(revocation),
    });
    this.upkeep = new Upkeep({
      ...parts,
      credentials: this.credentials,
      holdsAuthority: authority !== undefined,
      ask: (node, service, payload) => this.#ask(node, service, payload),
      renewed: (certificate) => this.node.renewed(certificate),
      problem: () => this.#tellProblem(),
    });
    this.node = this.#createNode(sequence, peers);
    this.engineering = this.#createEngineering();
    this.inviter = authority && this.#createInviter(authority);
    this.registrar = authority && this.#createRegistrar(authority);
  }

  /**
   * Reads what is kept of this network; nothing runs yet. Throws when this node is no member.
   * @param problem there is a problem with the membership, another one, or none any more
   */
  static async prepare(
    parts: ParticipationParts,
    credentials: Credentials,
    problem: (problem: MembershipProblem | undefined) => void,
  ): Promise<Participation> {
    const { state, certificateLifetime: lifetime } = parts;
    const { network, authorityKey } = credentials;
    const authority =
      authorityKey &&
      new Authority({
        ...parts,
        networkId: network.id,
        key: authorityKey,
        ...(lifetime !== undefined && { lifetime }),
      });
    await authority?.load();
    const valid = authority === undefined ? credentials : await renewOwn(parts, credentials, authority);
    ownCertificate(valid, parts.key, parts.clock.wall());
    const peers = await readDocument(state, 'peers', PeersDocument);
    const sequence = await SequenceNumbers.open(sequenceStore(state));
    const kept = { credentials: valid, authority, sequence, peers: peers?.peers ?? [] };
    const participation = new Participation(parts, kept, problem);
    await participation.revocations.load();
    return participation;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.node.start(signal);
    this.revocations.start();
    this.engineering.start();
    this.registrar?.start();
    this.upkeep.start();
    this.#looks = this.#parts.clock.every(LOOK, () => this.#reuseLinks());
    await this.issueRevocations();
    await this.inviter?.start();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#looks?.cancel();
    this.upkeep.stop();
    this.registrar?.stop();
    this.revocations.stop();
    await this.engineering.stop();
    await this.inviter?.stop();
    await this.node.stop();
    this.node.removeAllListeners();
  }

  /** Signs and spreads those of the authority's document that have no statement yet. */
  async issueRevocations(): Promise<void> {
    const { authorityKey } = this.credentials.current;
    if (this.authority === undefined || authorityKey === undefined) return;
    for (const member of this.authority.members()) {
      if (member.revoked) await this.revocations.issue(authorityKey, member);
    }
  }

  /** What is wrong with this node's membership and what to do: its clock first, since all else follows from it. */
  problem(): MembershipProblem | undefined {
    this.#clocks.issued(this.#parts.clock.wall() - this.upkeep.certificate.issuedAt);
    return this.#clocks.problem() ?? this.upkeep.problem();
  }

  #tellProblem(): void {
    const problem = this.problem();
    if (!this.#running) return;
    this.#problems(problem);
    const wasWrong = this.#isClockWrong;
    this.#isClockWrong = this.#clocks.problem() !== undefined;
    if (problem === undefined || wasWrong || !this.#isClockWrong) return;
    const { cause: message, hint } = problem;
    this.#parts.journal.record({
      severity: 'error',
      kind: 'mesh.clock',
      subject: 'service/mesh',
      message,
      data: { hint },
    });
  }

  #reuseLinks(): void {
    const { keptAway, clock, journal } = this.#parts;
    for (const link of keptAway?.reuse(this.node.links(), clock.now()) ?? []) {
      this.node.routing.linksChanged();
      const message = `The link to ${link.peerName} has been well for ten minutes: routes take it again`;
      journal.record({ severity: 'info', kind: 'link.reused', subject: `peer/${link.peer}`, message });
      this.node.emit('link', link);
    }
  }

  #onClock(peer: string, ahead: Millis): void {
    this.#clocks.heard(peer, ahead);
    this.#tellProblem();
  }

  #ask(node: string, service: string, payload: Uint8Array): Promise<Uint8Array> {
    if (node !== this.#parts.key.nodeId) return this.node.relay.request(node, service, payload);
    if (this.registrar === undefined || service !== RENEWAL_SERVICE) throw new Error(`no ${service} here`);
    return this.registrar.renew(payload);
  }

  /** Brings an expired member's request to the authority. */
  #carry(request: Uint8Array): Promise<Uint8Array> {
    const authority = this.registrar === undefined ? this.upkeep.authorityNode : this.#parts.key.nodeId;
    if (authority === undefined) throw new ParlmeshError('NETWORK_NO_AUTHORITY', 'The authority was not heard of');
    return this.#ask(authority, RENEWAL_SERVICE, request);
  }

  #onRemoved({ node: id, name }: Revocation): void {
    const self = id === this.#parts.key.nodeId;
    this.#parts.journal.record({
      severity: self ? 'error' : 'warning',
      kind: 'mesh.revoked',
      subject: self ? 'service/mesh' : `peer/${id}`,
      message: `${self ? 'This node' : name} was removed from the network`,
    });
    if (!self) this.node.expel(id);
  }

  /** Once an hour and member: it comes again and again. */
  #onExpired({ node, name, expiresAt }: { node: string; name: string; expiresAt: Millis }): void {
    const { clock, journal } = this.#parts;
    const now = clock.now();
    for (const [id, at] of this.#expiredTold) if (now - at > HOUR) this.#expiredTold.delete(id);
    if (this.#expiredTold.has(node)) return;
    this.#expiredTold.set(node, now);
    journal.record({
      severity: 'warning',
      kind: 'mesh.expired',
      subject: `peer/${node}`,
      message: `The certificate of ${name} expired on ${new Date(expiresAt).toISOString().slice(0, 10)}: it is refused until it is renewed`,
    });
  }

  #createNode(sequence: SequenceNumbers, remembered: KnownAddress[]): MeshNode {
    const { state, logger, key, clock, keptAway, authorize = ({ service }) => service === 'ping' } = this.#parts;
    const { credentials } = this;
    const isMembership = ({ kind, service }: RelayAction): boolean =>
      this.authority !== undefined && kind === 'message' && (service === RENEWAL_SERVICE || service === KEY_SERVICE);
    const networkKeys = (): Uint8Array[] =>
      stillAccepted(credentials.current.keys, 0, clock.wall()).map((one) => one.key);
    const node = new MeshNode({
      ...this.#parts,
      authorize: (action) => isMembership(action) || authorize(action),
      credentials: credentials.current,
      sequence,
      remembered,
      transports: this.#parts.transports?.() ?? createTransports(this.#parts, credentials.current.network, networkKeys),
      ...(this.#parts.transports === undefined && { senses: systemSenses({ ...this.#parts, self: key.nodeId }) }),
      isRevoked: (id) => this.revocations.has(id) || (keptAway?.isolated.has(id) ?? false),
      relayed: (neighbour, frame) => this.engineering.carried(neighbour, frame),
      weighed: (links) => {
        const weighed = this.engineering.weighed(links);
        return keptAway?.priced(weighed) ?? weighed;
      },
      renewal: {
        clockHeard: (peer, ahead) => this.#onClock(peer, ahead),
        expired: (certificate) => this.#onExpired(certificate),
        carry: async (request) => this.#carry(request),
        refused: (peer) => node.askToCarry(peer, this.upkeep.request()),
        answered: (answer) => {
          this.upkeep.take(answer).catch((error: unknown) => {
            logger.warn({ error: messageOf(error) }, 'the certificate was not renewed');
          });
        },
      },
      remember: (peers) => {
        if (!this.#running) return;
        state.write('peers', { format: 1, peers }).catch((error: unknown) => {
          logger.warn({ error: messageOf(error) }, 'the peers could not be written');
        });
      },
    });
    this.revocations.subscribe(node.gossip);
    this.upkeep.subscribe(node.gossip);
    return node;
  }

  #createEngineering(): TrafficEngineering {
    const { node } = this;
    const { network, authority, authorityKey } = this.credentials.current;
    const parts = {
      ...this.#parts,
      ...{ self: node.id, authorityKey, network: { id: network.id, authority } },
      threads: Math.min(MOST_PLAN_THREADS, availableParallelism()),
      settings: this.#parts.config.plan,
    };
    return new TrafficEngineering(parts, {
      ...{ gossip: node.gossip, routing: node.routing, nameOf: node.nameOf },
      drop: (reason) => node.drops.add(reason),
      lost: () => node.relay.counters().drops.queue,
    });
  }

  #createInviter(authority: Authority): Inviter {
    const { key, clock, config, journal } = this.#parts;
    return new Inviter({
      key,
      credentials: () => this.credentials.current,
      authority,
      listen: config.listen.map((address) => address.replace(/\/tcp\/\d+/, `/tcp/${config.enrolPort}`)),
      timeout: ENROL_TIMEOUT,
      peers: () => this.node.acquaintances(),
      clock,
      journal,
    });
  }

  #createRegistrar(authority: Authority): Registrar | undefined {
    const { authorityKey } = this.credentials.current;
    if (authorityKey === undefined) return undefined;
    const { node, revocations } = this;
    const registrar = new Registrar({
      ...this.#parts,
      self: node.id,
      authority,
      authorityKey,
      credentials: this.credentials,
      gossip: node.gossip,
      isRevoked: (id) => revocations.has(id),
      nameOf: node.nameOf,
    });
    node.relay.handle(RENEWAL_SERVICE, { message: (_origin, payload) => registrar.renew(payload) });
    node.relay.handle(KEY_SERVICE, { message: (origin, payload) => registrar.key(origin, payload) });
    return registrar;
  }
}

/**
 * The authority's own node is never locked out: it signs its certificate anew, however old, also when the clock was
 * wrong at the first start.
 */
async function renewOwn(
  { key, clock, state, journal }: ParticipationParts,
  credentials: Credentials,
  authority: Authority,
): Promise<Credentials> {
  const own = ownCertificate(credentials, key, clock.wall());
  if (clock.wall() < own.expiresAt) return credentials;
  const renewed = await authority.renew(own, Number.POSITIVE_INFINITY);
  if (!renewed.ok) return credentials;
  const held = new HeldCredentials(state, credentials);
  await held.change((current) => ({ ...current, certificate: renewed.certificate }));
  journal.record({
    severity: 'info',
    kind: 'mesh.renewed',
    subject: 'service/mesh',
    message: 'The certificate of this node had expired; as holder of the authority it has renewed it',
  });
  return held.current;
}
