// The mesh over libp2p: gossipsub for broadcast, one long-lived stream each way and peer for direct messages.

import { TopicValidatorResult } from '@libp2p/gossipsub';
import type { Connection, PeerId, PeerInfo, PrivateKey, Stream } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { NodeId } from '../membership/keys.ts';
import { FrameReader, frame as framed } from './framing.ts';
import { createNode, gossipTopic, type MeshLibp2p } from './libp2p-node.ts';
import { MAX_FRAME_BYTES, noTraffic, type PeerTransport, type PeerTransportEvents, type Traffic } from './transport.ts';

export interface Libp2pTransportOptions {
  privateKey: PrivateKey;
  networkId: string;
  /** Of 32 bytes each, the newest first; asked at each connection. */
  networkKeys: () => readonly Uint8Array[];
  listen: string[];
  /** The listen addresses are the defaults: when they are taken, any free port will do. */
  mayListenElsewhere: boolean;
  announce: string[];
  mdns: boolean;
  maxPeers: number;
  version: string;
  /** Milliseconds. */
  handshakeTimeout: number;
}

const PEER_PROTOCOL = '/parlmesh/peer/1';
/** Messages that wait for the outbound stream to open. */
const MOST_WAITING = 32;
/** Bytes that may wait in a stream for a slow peer before messages to it are dropped. */
const MOST_BUFFERED = 1024 * 1024;

interface PeerChannel {
  outbound: Stream | undefined;
  waiting: Uint8Array[];
  cause: string | undefined;
}

export class Libp2pTransport implements PeerTransport {
  readonly kind = 'libp2p';
  readonly #options: Libp2pTransportOptions;
  readonly #channels = new Map<NodeId, PeerChannel>();
  #node: MeshLibp2p | undefined;
  #events: PeerTransportEvents | undefined;
  #traffic = noTraffic();

  constructor(options: Libp2pTransportOptions) {
    this.#options = options;
  }

  async start(events: PeerTransportEvents, signal: AbortSignal): Promise<void> {
    const { listen, mayListenElsewhere } = this.#options;
    this.#events = events;
    try {
      this.#node = await this.#startNode(listen, events);
    } catch (cause) {
      if (!mayListenElsewhere) {
        throw new ParlmeshError('MESH_LISTEN_FAILED', `Cannot listen on ${listen.join(', ')}: ${messageOf(cause)}`, {
          cause,
          hint: 'Free the port, or change mesh.listen',
        });
      }
      this.#node = await this.#startNode(listen.map(onAnyPort), events);
    }
    if (signal.aborted) {
      await this.stop();
      signal.throwIfAborted();
    }
    events.ready();
  }

  async stop(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    await node?.stop();
    this.#channels.clear();
    this.#events = undefined;
  }

  async dial(addresses: string[], peer: NodeId | undefined, signal: AbortSignal): Promise<NodeId> {
    const proven = peer === undefined ? addresses : addresses.map((address) => withPeer(address, peer));
    const targets = proven.map(parseAddress);
    // While the network's key is changed the other side may know one of them only; each try takes the next.
    for (let keys = this.#options.networkKeys().length; ; keys--) {
      try {
        const connection = await this.#running().dial(targets, { signal });
        return connection.remotePeer.toString();
      } catch (cause) {
        if (keys <= 1 || signal.aborted || !isRefusedHandshake(cause)) throw explained(cause);
      }
    }
  }

  send(peer: NodeId, bytes: Uint8Array): boolean {
    const channel = this.#channels.get(peer);
    if (channel === undefined || bytes.length > MAX_FRAME_BYTES) return false;
    const { outbound } = channel;
    if (outbound === undefined) {
      if (channel.waiting.length >= MOST_WAITING) return false;
      channel.waiting.push(bytes);
      return true;
    }
    if (outbound.status !== 'open' || outbound.writeBufferLength > MOST_BUFFERED) return false;
    return this.#write(outbound, bytes);
  }

  isClear(peer: NodeId): boolean {
    const outbound = this.#channels.get(peer)?.outbound;
    return outbound?.status === 'open' && !outbound.writableNeedsDrain;
  }

  broadcast(frame: Uint8Array): void {
    const node = this.#node;
    if (node === undefined) return;
    this.#traffic.sentMessages++;
    this.#traffic.sentBytes += frame.length;
    // What gossipsub cannot take now, anti-entropy brings later.
    node.services.pubsub.publish(gossipTopic(this.#options.networkId), frame).catch(() => {});
  }

  disconnect(peer: NodeId, cause: string): void {
    const channel = this.#channels.get(peer);
    if (channel === undefined) return;
    channel.cause = cause;
    for (const connection of this.#connectionsTo(peer)) connection.abort(new Error(cause));
  }

  addresses(): string[] {
    const all = (this.#node?.getMultiaddrs() ?? []).map((address) => address.toString().replace(/\/p2p\/[^/]+$/, ''));
    const beyond = all.filter((address) => !address.startsWith('/ip4/127.') && !address.startsWith('/ip6/::1/'));
    return beyond.length > 0 ? beyond : all;
  }

  traffic(): Traffic {
    return { ...this.#traffic };
  }

  async #startNode(listen: string[], events: PeerTransportEvents): Promise<MeshLibp2p> {
    const { networkId } = this.#options;
    const node = await createNode({
      ...this.#options,
      listen,
      admits: (peer) => events.admits(peer),
      handshakeFailed: (address) => events.handshakeFailed(address),
    });
    const topic = gossipTopic(networkId);
    node.services.pubsub.topicValidators.set(topic, (from, { data }) => {
      this.#traffic.receivedMessages++;
      this.#traffic.receivedBytes += data.length;
      return events.frame(data, from.toString()) === 'accept'
        ? TopicValidatorResult.Accept
        : TopicValidatorResult.Ignore;
    });
    node.addEventListener('peer:connect', ({ detail }) => this.#announce(detail));
    node.addEventListener('peer:disconnect', ({ detail }) => this.#withdraw(detail.toString()));
    node.addEventListener('peer:discovery', ({ detail }) => this.#discovered(detail));
    try {
      await node.handle(PEER_PROTOCOL, (stream, connection) => this.#receive(stream, connection), {
        maxInboundStreams: 2,
        maxOutboundStreams: 2,
      });
      await node.start();
    } catch (error) {
      await node.stop();
      throw error;
    }
    // Only now: gossipsub must run before it can subscribe.
    node.services.pubsub.subscribe(topic);
    this.#node = node;
    for (const peer of node.getPeers()) this.#announce(peer);
    return node;
  }

  #discovered(peer: PeerInfo): void {
    this.#events?.discovered(
      peer.id.toString(),
      peer.multiaddrs.map((address) => address.toString()),
    );
  }

  #announce(peer: PeerId): void {
    const id = peer.toString();
    if (this.#channels.has(id) || this.#events === undefined) return;
    this.#channels.set(id, { outbound: undefined, waiting: [], cause: undefined });
    const [connection] = this.#connectionsTo(id);
    this.#events.connected(id, connection?.remoteAddr.toString() ?? '');
    void this.#open(id);
  }

  #withdraw(peer: NodeId): void {
    const channel = this.#channels.get(peer);
    if (channel === undefined) return;
    this.#channels.delete(peer);
    this.#events?.disconnected(peer, channel.cause ?? 'the connection closed');
  }

  /** Opens the stream that carries our messages; again when its connection went but another stands. */
  async #open(peer: NodeId): Promise<void> {
    const channel = this.#channels.get(peer);
    const connection = this.#connectionsTo(peer).find((one) => one.status === 'open');
    if (channel === undefined || connection === undefined) return;
    try {
      const signal = AbortSignal.timeout(this.#options.handshakeTimeout);
      const stream = await connection.newStream(PEER_PROTOCOL, { signal, maxOutboundStreams: 2 });
      if (this.#channels.get(peer) !== channel) return stream.abort(new Error('the peer is gone'));
      stream.addEventListener('close', () => {
        if (channel.outbound !== stream) return;
        channel.outbound = undefined;
        void this.#open(peer);
      });
      stream.addEventListener('drain', () => this.#events?.drained(peer));
      channel.outbound = stream;
      for (const bytes of channel.waiting.splice(0)) this.#write(stream, bytes);
      this.#events?.drained(peer);
    } catch (error) {
      this.disconnect(peer, `it opens no ${PEER_PROTOCOL} stream: ${messageOf(error)}`);
    }
  }

  #receive(stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer.toString();
    this.#announce(connection.remotePeer);
    const reader = new FrameReader(MAX_FRAME_BYTES);
    stream.addEventListener('message', ({ data }) => {
      try {
        for (const message of reader.push(data.subarray())) {
          this.#traffic.receivedMessages++;
          this.#traffic.receivedBytes += message.length;
          this.#events?.message(peer, message);
        }
      } catch (error) {
        this.disconnect(peer, messageOf(error));
      }
    });
    stream.addEventListener('remoteCloseWrite', () => {
      stream.close().catch(() => {});
    });
  }

  #write(stream: Stream, bytes: Uint8Array): boolean {
    try {
      stream.send(framed(bytes));
    } catch {
      return false;
    }
    this.#traffic.sentMessages++;
    this.#traffic.sentBytes += bytes.length;
    return true;
  }

  #connectionsTo(peer: NodeId): Connection[] {
    return (this.#node?.getConnections() ?? []).filter((connection) => connection.remotePeer.toString() === peer);
  }

  #running(): MeshLibp2p {
    if (this.#node === undefined) throw new ParlmeshError('MESH_NOT_RUNNING', 'The libp2p transport is not running');
    return this.#node;
  }
}

/** Without the network key not even the encryption of a connection can begin. */
function isRefusedHandshake(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.some(isRefusedHandshake);
  return cause instanceof Error && cause.name === 'EncryptionFailedError';
}

function explained(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause.name !== 'EncryptionFailedError') return cause;
  return new ParlmeshError('HANDSHAKE_REFUSED', 'refused: it belongs to another network, or is no parlmesh node', {
    cause,
  });
}

function parseAddress(address: string): Multiaddr {
  try {
    return multiaddr(address);
  } catch (cause) {
    throw new ParlmeshError('ADDRESS_INVALID', `"${address}" is not a multiaddress: ${messageOf(cause)}`, {
      hint: 'It looks like /ip4/192.168.1.5/tcp/7421 or /dns4/board.local/tcp/7421',
    });
  }
}

const onAnyPort = (address: string): string => address.replace(/\/tcp\/\d+/, '/tcp/0');

const withPeer = (address: string, peer: NodeId): string =>
  address.includes('/p2p/') ? address : `${address}/p2p/${peer}`;
