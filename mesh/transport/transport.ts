// The one interface above the media. What lies below may be libp2p, an MQTT broker, or memory on virtual time.

import type { NodeId } from '../membership/keys.ts';

export type TransportKind = 'libp2p' | 'mqtt' | 'memory';

/** Largest frame that any transport carries. */
export const MAX_FRAME_BYTES = 128 * 1024;

/** What a transport tells. None of the calls may throw; all are synchronous. */
export interface TransportEvents {
  /**
   * A gossiped frame arrived. It is unchecked bytes from anybody.
   * @param from the neighbour that passed it on, where the medium knows
   */
  frame(frame: Uint8Array, from?: NodeId): void;
  /** The medium is there (again): the broker was (re)connected, the first listener is open. */
  ready(): void;
  /** The medium is lost, with the cause. The transport goes on trying by itself, for ever. */
  lost(cause: string): void;
}

/** Carries signed frames to every node of the network that the medium reaches. */
export interface Transport {
  readonly kind: TransportKind;
  /** Resolves when frames can be handed over, not when anybody listens. A broker that is away is no failure. */
  start(events: TransportEvents, signal: AbortSignal): Promise<void>;
  /** Idempotent; gives back every socket and timer. */
  stop(): Promise<void>;
  /**
   * Sends a frame towards everybody. Never throws, never queues without bound; what the medium cannot take is lost
   * (gossip heals it).
   * @param topic and @param origin address the frame on media that have addresses (MQTT's topic tree)
   * @param to on a medium with connections: these peers only; all when left out
   */
  broadcast(frame: Uint8Array, topic: string, origin: NodeId, to?: readonly NodeId[]): void;
  traffic(): Traffic;
}

/** What a transport with direct connections tells besides. */
export interface PeerTransportEvents extends TransportEvents {
  /** A connection stands, and the other side has proven to hold the key of `peer`. It may still be a stranger. */
  connected(peer: NodeId, address: string): void;
  disconnected(peer: NodeId, cause: string): void;
  /** Bytes from a connected peer, whole and in order (where the medium does not lose them). */
  message(peer: NodeId, bytes: Uint8Array): void;
  /** What had to wait for a connected peer is on its way: it is clear again. */
  drained(peer: NodeId): void;
  /** Somebody who may be of this network was seen nearby. */
  discovered(peer: NodeId, addresses: string[]): void;
  /** Asked before any work is spent on a connection. */
  admits(peer: NodeId): boolean;
  /** A connection failed before the other side had proven any key: another network's key, or no parlmesh at all. */
  handshakeFailed(address: string): void;
}

/** A transport whose medium has direct connections: those are the mesh's links. */
export interface PeerTransport extends Transport {
  start(events: PeerTransportEvents, signal: AbortSignal): Promise<void>;
  /**
   * Connects; resolves with who answered. Rejects with the cause, also when `signal` aborts.
   * @param peer who must answer; undefined when anybody may
   */
  dial(addresses: string[], peer: NodeId | undefined, signal: AbortSignal): Promise<NodeId>;
  /** Sends to a connected peer. False when it cannot take more now or is not connected: the message is dropped. */
  send(peer: NodeId, bytes: Uint8Array): boolean;
  /** False while messages to the peer wait in the transport; `drained` follows. Bulk waits for it, elsewhere. */
  isClear(peer: NodeId): boolean;
  /** Cuts the connection; `disconnected` follows. Unknown peers are ignored. */
  disconnect(peer: NodeId, cause: string): void;
  /** Where others can dial this node; multiaddresses, without the peer id. */
  addresses(): string[];
}

/** Bytes and messages since the start. */
export interface Traffic {
  sentMessages: number;
  sentBytes: number;
  receivedMessages: number;
  receivedBytes: number;
}

export const noTraffic = (): Traffic => ({ sentMessages: 0, sentBytes: 0, receivedMessages: 0, receivedBytes: 0 });

export function isPeerTransport(transport: Transport): transport is PeerTransport {
  return 'dial' in transport;
}
