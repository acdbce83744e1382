// The direct connections of a node: who is connected, who of them is admitted, and what they say.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Clock, Millis } from '../core/clock.ts';
import type { DropCounters } from './counters.ts';
import { heirs, type Surroundings } from './gossip/heirs.ts';
import type { Certificate } from './membership/certificate.ts';
import { Greeter } from './membership/greeter.ts';
import type { NodeId } from './membership/keys.ts';
import type { Members } from './membership/members.ts';
import { MOST_REQUEST_BYTES } from './membership/renewal.ts';
import type { Strangers } from './membership/strangers.ts';
import { MAX_FRAME_BYTES, type PeerTransport, type PeerTransportEvents } from './transport/transport.ts';
import {
  type PeerMessage,
  PeerMessageSchema,
  RenewalAnswerSchema,
  RenewalRequestSchema,
} from './wire/generated/parlmesh_pb.ts';

export interface Connection {
  peer: NodeId;
  transport: PeerTransport;
  address: string;
  /** Of the peer; known once it is admitted. */
  area?: string;
}

/** How expired members come by a new certificate, seen from a connection. */
export interface RenewalCare {
  /** How far the clock of a node is ahead of this one's, by its own word. */
  clockHeard: (peer: NodeId, ahead: Millis) => void;
  /** A member was refused because its certificate has expired. */
  expired: (certificate: Certificate) => void;
  /** Brings a signed request of an expired member to the authority. */
  carry: (request: Uint8Array) => Promise<Uint8Array>;
  /** A peer refuses this node, whose certificate has expired, and would carry its request. */
  refused: (peer: NodeId) => void;
  answered: (answer: Uint8Array) => void;
}

export interface NeighboursParts {
  self: NodeId;
  members: Members;
  strangers: Strangers;
  /** This node's, as it goes over the wire. */
  certificate: () => Uint8Array;
  version: string;
  /** This node's. */
  area: string;
  clock: Clock;
  drops: DropCounters;
  linksOf: Surroundings['linksOf'];
  /** The peer has proven that it belongs to the network. */
  admitted: (connection: Connection, version: string) => void;
  /** What an admitted peer says. */
  heard: (peer: NodeId, message: PeerMessage['kind']) => void;
  /** The peer takes bulk again. */
  drained: (peer: NodeId) => void;
  /** What is said of certificates that have expired; left out where none does. */
  renewal?: RenewalCare | undefined;
  /** A connection ended. */
  left: (peer: NodeId, cause: string, wasAdmitted: boolean) => void;
}

export class Neighbours {
  readonly #parts: NeighboursParts;
  readonly #greeter: Greeter;
  readonly #connections = new Map<NodeId, Connection>();
  /** Whose requests are on their way to the authority. */
  readonly #carrying = new Set<NodeId>();

  constructor(parts: NeighboursParts) {
    this.#parts = parts;
    this.#greeter = new Greeter({
      ...parts,
      clockHeard: parts.renewal?.clockHeard,
      expired: parts.renewal?.expired,
      send: (peer, message) => this.send(peer, message),
      disconnect: (peer, cause) => this.disconnect(peer, cause),
      admitted: (peer, version, area) => {
        const connection = this.#connections.get(peer);
        if (connection === undefined) return;
        connection.area = area;
        parts.admitted(connection, version);
      },
    });
  }

  /** What a transport is to tell; one set of handlers for each. */
  eventsOf(
    transport: PeerTransport,
  ): Pick<PeerTransportEvents, 'connected' | 'disconnected' | 'message' | 'drained' | 'admits' | 'handshakeFailed'> {
    const { self, strangers } = this.#parts;
    return {
      connected: (peer, address) => {
        this.#connections.set(peer, { peer, transport, address });
        this.#greeter.connected(peer);
      },
      disconnected: (peer, cause) => {
        const wasAdmitted = this.#greeter.isAdmitted(peer);
        this.#connections.delete(peer);
        this.#greeter.disconnected(peer);
        this.#parts.left(peer, cause, wasAdmitted);
      },
      message: (peer, bytes) => this.#receive(peer, bytes),
      drained: (peer) => this.#parts.drained(peer),
      admits: (peer) => peer !== self && !strangers.isRefused(peer),
      handshakeFailed: () => strangers.refuse('no-handshake'),
    };
  }

  /** False when it is not connected, or cannot take more now. */
  send(peer: NodeId, message: PeerMessage): boolean {
    return this.#connections.get(peer)?.transport.send(peer, toBinary(PeerMessageSchema, message)) ?? false;
  }

  /** False while messages to the peer wait in its transport. */
  isClear(peer: NodeId): boolean {
    return this.#connections.get(peer)?.transport.isClear(peer) ?? false;
  }

  disconnect(peer: NodeId, cause: string): void {
    this.#connections.get(peer)?.transport.disconnect(peer, cause);
  }

  isConnected(peer: NodeId): boolean {
    return this.#connections.has(peer);
  }

  isAdmitted(peer: NodeId): boolean {
    return this.#greeter.isAdmitted(peer);
  }

  /** The other side of the connection; a multiaddress. */
  addressOf(peer: NodeId): string | undefined {
    return this.#connections.get(peer)?.address;
  }

  /** Undefined until it is admitted. */
  areaOf(peer: NodeId): string | undefined {
    return this.#connections.get(peer)?.area;
  }

  get count(): number {
    return this.#connections.size;
  }

  admitted(): NodeId[] {
    return [...this.#connections.keys()].filter((peer) => this.#greeter.isAdmitted(peer));
  }

  /** Whom gossip goes to: see `heirs`. */
  heirs(area: string | undefined, from: NodeId | undefined): NodeId[] {
    const { linksOf } = this.#parts;
    return heirs({ neighbours: this.admitted(), areaOf: (peer) => this.areaOf(peer), linksOf }, area, from);
  }

  stop(): void {
    this.#greeter.stop();
  }

  /** Shows a renewed certificate. */
  greetAgain(): void {
    this.#greeter.greetAgain();
  }

  /** Cuts members whose certificate has expired. */
  sweep(): void {
    this.#greeter.sweep();
  }

  /** Asks a peer that refuses this node to carry its request to the authority. */
  askToCarry(peer: NodeId, request: Uint8Array): void {
    this.send(
      peer,
      create(PeerMessageSchema, { kind: { case: 'renewalRequest', value: create(RenewalRequestSchema, { request }) } }),
    );
  }

  #receive(peer: NodeId, bytes: Uint8Array): void {
    const { drops, heard } = this.#parts;
    if (bytes.length > MAX_FRAME_BYTES) {
      drops.add('oversized');
      return;
    }
    let message: PeerMessage;
    try {
      message = fromBinary(PeerMessageSchema, bytes);
    } catch {
      drops.add('malformed');
      return;
    }
    if (message.kind.case === 'hello') this.#greeter.onHello(peer, message.kind.value);
    else if (message.kind.case === 'refused') this.#parts.renewal?.refused(peer);
    else if (message.kind.case === 'renewalAnswer') this.#parts.renewal?.answered(message.kind.value.answer);
    else if (message.kind.case === 'renewalRequest') void this.#carry(peer, message.kind.value.request);
    else if (this.#greeter.isAdmitted(peer)) heard(peer, message.kind);
    else drops.add('not-admitted');
  }

  /** One request a connection at a time, and only while its renewal window is open. */
  async #carry(peer: NodeId, request: Uint8Array): Promise<void> {
    const { renewal, drops } = this.#parts;
    if (renewal === undefined || !this.#greeter.isRenewing(peer) || this.#carrying.has(peer))
      return drops.add('not-admitted');
    if (request.length > MOST_REQUEST_BYTES) return drops.add('oversized');
    this.#carrying.add(peer);
    try {
      const answer = await renewal.carry(request);
      this.send(
        peer,
        create(PeerMessageSchema, { kind: { case: 'renewalAnswer', value: create(RenewalAnswerSchema, { answer }) } }),
      );
    } catch {
      // It asks again at its next connection.
    } finally {
      this.#carrying.delete(peer);
    }
  }
}
