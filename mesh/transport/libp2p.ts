// The mesh over libp2p: one long-lived stream each way and peer, for gossip as for messages between the two.

import type { Connection, PeerId, PeerInfo, PrivateKey, Stream } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { NodeId } from '../membership/keys.ts';
import { FrameReader, frame as framed } from './framing.ts';
import { createNode, type MeshLibp2p } from './libp2p-node.ts';
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

const PEER_PROTOCOL = '/parlmesh/peer/2';
/** The first byte of what goes over a stream. */
const [MESSAGE, GOSSIP] = [0, 1];
/** What waits for the outbound stream to open. */
const MOST_WAITING = 32;
/** Bytes that are sent together: each sending costs encryption, a system call and an acknowledgement. */
const BATCH = 16 * 1024;
/** Bytes that may wait in a stream for a slow peer before messages to it are dropped. */
const MOST_BUFFERED = 1024 * 1024;

interface PeerChannel {
  outbound: Stream | undefined;
  /** Goes out at the end of what runs now, or once the stream is open. */
  queue: Uint8Array[];
  queuedBytes: number;
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
    return bytes.length <= MAX_FRAME_BYTES && this.#enqueue(peer, encoded(MESSAGE, bytes));
  }

  isClear(peer: NodeId): boolean {
    const outbound = this.#channels.get(peer)?.outbound;
    return outbound?.status === 'open' && !outbound.writableNeedsDrain;
  }

  broadcast(frame: Uint8Array, _topic: string, _origin: NodeId, to?: readonly NodeId[]): void {
    if (frame.length > MAX_FRAME_BYTES) return;
    const bytes = encoded(GOSSIP, frame);
    // What a peer cannot take now, comparing brings later.
    for (const peer of to ?? this.#channels.keys()) this.#enqueue(peer, bytes);
  }

  disconnect(peer: NodeId, cause: string): void {
    const channel = this.#channels.get(peer);
    if (channel === undefined) return;
    channel.cause = cause;
    // The last words may say why.
    this.#flush(channel);
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
    const node = await createNode({
      ...this.#options,
      listen,
      admits: (peer) => events.admits(peer),
      handshakeFailed: (address) => events.handshakeFailed(address),
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
    this.#channels.set(id, { outbound: undefined, queue: [], queuedBytes: 0, cause: undefined });
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
      this.#flush(channel);
      this.#events?.drained(peer);
    } catch (error) {
      this.disconnect(peer, `it opens no ${PEER_PROTOCOL} stream: ${messageOf(error)}`);
    }
  }

  #receive(stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer.toString();
    this.#announce(connection.remotePeer);
    const reader = new FrameReader(MAX_FRAME_BYTES + 1);
    stream.addEventListener('message', ({ data }) => {
      try {
        for (const bytes of reader.push(data.subarray())) {
          this.#traffic.receivedMessages++;
          this.#traffic.receivedBytes += bytes.length;
          if (bytes[0] === MESSAGE) this.#events?.message(peer, bytes.subarray(1));
          // What another version may say besides is left alone.
          else if (bytes[0] === GOSSIP) this.#events?.frame(bytes.subarray(1), peer);
        }
      } catch (error) {
        this.disconnect(peer, messageOf(error));
      }
    });
    stream.addEventListener('remoteCloseWrite', () => {
      stream.close().catch(() => {});
    });
  }

  /** False when it cannot be taken now. */
  #enqueue(peer: NodeId, bytes: Uint8Array): boolean {
    const channel = this.#channels.get(peer);
    if (channel === undefined) return false;
    const { outbound, queue } = channel;
    if (outbound === undefined) {
      if (queue.length >= MOST_WAITING) return false;
    } else if (outbound.status !== 'open' || outbound.writeBufferLength + channel.queuedBytes > MOST_BUFFERED) {
      return false;
    }
    queue.push(bytes);
    channel.queuedBytes += bytes.length;
    this.#traffic.sentMessages++;
    this.#traffic.sentBytes += bytes.length;
    if (outbound === undefined) return true;
    if (channel.queuedBytes >= BATCH) this.#flush(channel);
    else if (queue.length === 1) queueMicrotask(() => this.#flush(channel));
    return true;
  }

  #flush(channel: PeerChannel): void {
    const { outbound, queue } = channel;
    if (outbound === undefined || queue.length === 0) return;
    channel.queue = [];
    channel.queuedBytes = 0;
    try {
      outbound.send(queue.length === 1 ? queue[0]! : Buffer.concat(queue));
    } catch {
      // The stream has just closed; what was said over it may be lost at any time.
    }
  }

  #connectionsTo(peer: NodeId): Connection[] {
    return (this.#node?.getConnections() ?? []).filter((connection) => connection.remotePeer.toString() === peer);
  }

  #running(): MeshLibp2p {
    if (this.#node === undefined) throw new ParlmeshError('MESH_NOT_RUNNING', 'The libp2p transport is not running');
    return this.#node;
  }
}

function encoded(kind: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + content.length);
  bytes[0] = kind;
  bytes.set(content, 1);
  return framed(bytes);
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
