// A node's life in one network, from entering it to leaving it: what lives as long as the membership.

import type { Clock, Millis } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Random } from '../core/random.ts';
import { SequenceNumbers, sequenceStore } from './gossip/sequence.ts';
import type { NodeSummary } from './gossip/topics.ts';
import { systemSenses } from './link/system-senses.ts';
import { Authority } from './membership/authority.ts';
import { Inviter } from './membership/inviter.ts';
import { type Credentials, ownCertificate } from './membership/network.ts';
import { type Revocation, Revocations } from './membership/revocations.ts';
import { type KnownAddress, type MeshState, PeersDocument, readDocument } from './membership/state.ts';
import { MeshNode } from './mesh-node.ts';
import type { RelayAction } from './relay/relay.ts';
import { createTransports, type TransportsParts } from './transports.ts';

export interface ParticipationParts extends TransportsParts {
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

/** Milliseconds that one newcomer's enrolment may take. */
export const ENROL_TIMEOUT: Millis = 15_000;

export class Participation {
  readonly credentials: Credentials;
  readonly node: MeshNode;
  readonly revocations: Revocations;
  /** On the node that holds the network's authority. */
  readonly authority: Authority | undefined;
  readonly inviter: Inviter | undefined;
  readonly #parts: ParticipationParts;
  #running = true;

  private constructor(
    parts: ParticipationParts,
    credentials: Credentials,
    authority: Authority | undefined,
    sequence: SequenceNumbers,
    remembered: KnownAddress[],
  ) {
    this.#parts = parts;
    this.credentials = credentials;
    this.authority = authority;
    const { network } = credentials;
    this.revocations = new Revocations({
      ...parts,
      network: { id: network.id, authority: credentials.authority },
      self: parts.key.nodeId,
      removed: (revocation) => this.#onRemoved(revocation),
    });
    this.node = this.#createNode(sequence, remembered);
    this.inviter = authority && this.#createInviter(authority);
  }

  /** Reads what is kept of this network; nothing runs yet. Throws when this node is no member. */
  static async prepare(parts: ParticipationParts, credentials: Credentials): Promise<Participation> {
    const { state, key, clock } = parts;
    ownCertificate(credentials, key, clock.wall());
    let authority: Authority | undefined;
    if (credentials.authorityKey !== undefined) {
      authority = new Authority({ networkId: credentials.network.id, key: credentials.authorityKey, state, clock });
      await authority.load();
    }
    const peers = await readDocument(state, 'peers', PeersDocument);
    const sequence = await SequenceNumbers.open(sequenceStore(state));
    const participation = new Participation(parts, credentials, authority, sequence, peers?.peers ?? []);
    await participation.revocations.load();
    return participation;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.node.start(signal);
    this.revocations.start();
    await this.issueRevocations();
    await this.inviter?.start();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.revocations.stop();
    await this.inviter?.stop();
    await this.node.stop();
    this.node.removeAllListeners();
  }

  /** Signs and spreads those of the authority's document that have no statement yet. */
  async issueRevocations(): Promise<void> {
    const { authorityKey } = this.credentials;
    if (this.authority === undefined || authorityKey === undefined) return;
    for (const member of this.authority.members()) {
      if (member.revoked) await this.revocations.issue(authorityKey, member);
    }
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

  #createNode(sequence: SequenceNumbers, remembered: KnownAddress[]): MeshNode {
    const { state, logger, key } = this.#parts;
    const node = new MeshNode({
      ...this.#parts,
      credentials: this.credentials,
      sequence,
      remembered,
      transports: createTransports(this.#parts, this.credentials),
      senses: systemSenses({ ...this.#parts, self: key.nodeId }),
      isRevoked: (id) => this.revocations.has(id),
      remember: (peers) => {
        if (!this.#running) return;
        state.write('peers', { format: 1, peers }).catch((error: unknown) => {
          logger.warn({ error: messageOf(error) }, 'the peers could not be written');
        });
      },
    });
    this.revocations.subscribe(node.gossip);
    return node;
  }

  #createInviter(authority: Authority): Inviter {
    const { key, clock, config, journal } = this.#parts;
    return new Inviter({
      key,
      credentials: this.credentials,
      authority,
      listen: config.listen.map((address) => address.replace(/\/tcp\/\d+/, `/tcp/${config.enrolPort}`)),
      timeout: ENROL_TIMEOUT,
      peers: () => this.node.acquaintances(),
      clock,
      journal,
    });
  }
}
