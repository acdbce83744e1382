// The direct connections of a node: who is connected, who of them is admitted, and what they say.

import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Clock } from '../core/clock.ts';
import type { DropCounters } from './counters.ts';
import { Greeter } from './membership/greeter.ts';
import type { NodeId } from './membership/keys.ts';
import type { Members } from './membership/members.ts';
import type { Strangers } from './membership/strangers.ts';
import { MAX_FRAME_BYTES, type PeerTransport, type PeerTransportEvents } from './transport/transport.ts';
import { type PeerMessage, PeerMessageSchema } from './wire/generated/parlmesh_pb.ts';

export interface Connection {
  peer: NodeId;
  transport: PeerTransport;
  address: string;
}

export interface NeighboursParts {
  self: NodeId;
  members: Members;
  strangers: Strangers;
  /** This node's, as it goes over the wire. */
  certificate: Uint8Array;
  version: string;
  clock: Clock;
  drops: DropCounters;
  /** The peer has proven that it belongs to the network. */
  admitted: (connection: Connection, version: string) => void;
  /** What an admitted peer says. */
  heard: (peer: NodeId, message: PeerMessage['kind']) => void;
  /** The peer takes bulk again. */
  drained: (peer: NodeId) => void;
  /** A connection ended. */
  left: (peer: NodeId, cause: string, wasAdmitted: boolean) => void;
}

export class Neighbours {
  readonly #parts: NeighboursParts;
  readonly #greeter: Greeter;
  readonly #connections = new Map<NodeId, Connection>();

  constructor(parts: NeighboursParts) {
    this.#parts = parts;
    this.#greeter = new Greeter({
      ...parts,
      send: (peer, message) => this.send(peer, message),
      disconnect: (peer, cause) => this.disconnect(peer, cause),
      admitted: (peer, version) => {
        const connection = this.#connections.get(peer);
        if (connection !== undefined) parts.admitted(connection, version);
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

  get count(): number {
    return this.#connections.size;
  }

  admitted(): NodeId[] {
    return [...this.#connections.keys()].filter((peer) => this.#greeter.isAdmitted(peer));
  }

  stop(): void {
    this.#greeter.stop();
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
    else if (this.#greeter.isAdmitted(peer)) heard(peer, message.kind);
    else drops.add('not-admitted');
  }
}
