// How a libp2p node is set up here: which parts, which limits, and why. No DHT: it is the main growth of memory in
// public reports of js-libp2p daemons, and a mesh of one's own boards does not need it.

import { createHash } from 'node:crypto';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { type GossipSub, gossipsub, StrictNoSign } from '@libp2p/gossipsub';
import { type Identify, identify } from '@libp2p/identify';
import type { ConnectionEncrypter, ConnectionProtector, Libp2p, MessageStream, PrivateKey } from '@libp2p/interface';
import { mdns } from '@libp2p/mdns';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import { MAX_FRAME_BYTES } from './transport.ts';

export type MeshServices = { identify: Identify; pubsub: GossipSub };
export type MeshLibp2p = Libp2p<MeshServices>;

export interface Libp2pNodeOptions {
  privateKey: PrivateKey;
  networkId: string;
  /** 32 bytes. */
  networkKey: Uint8Array;
  listen: string[];
  announce: string[];
  mdns: boolean;
  maxPeers: number;
  version: string;
  /** Milliseconds in which a connection must have proven its key. */
  handshakeTimeout: number;
  /** Asked before work is spent on a peer. */
  admits: (peerId: string) => boolean;
  /** An inbound connection failed before its key was proven. */
  handshakeFailed: (address: string) => void;
}

export const gossipTopic = (networkId: string): string => `parlmesh/${networkId}`;

/** Built, not started. */
export function createNode(options: Libp2pNodeOptions): Promise<MeshLibp2p> {
  const { networkId, maxPeers, handshakeTimeout } = options;
  const topic = gossipTopic(networkId);
  return createLibp2p<MeshServices>({
    start: false,
    privateKey: options.privateKey,
    nodeInfo: { name: 'parlmesh', version: options.version, userAgent: `parlmesh/${options.version}` },
    addresses: { listen: options.listen, announce: options.announce },
    transports: [tcp({ backlog: 32, maxConnections: maxPeers + 16 })],
    connectionProtector: watched(
      preSharedKey({ psk: pnetFile(options.networkKey), timeout: handshakeTimeout }),
      options,
    ),
    connectionEncrypters: [watchedNoise(options)],
    streamMuxers: [
      yamux({
        maxInboundStreams: 64,
        maxOutboundStreams: 64,
        maxEarlyStreams: 8,
        maxMessageSize: 64 * 1024,
        // Link probes do this, and tell more.
        enableKeepAlive: false,
      }),
    ],
    connectionManager: {
      maxConnections: maxPeers,
      maxParallelDials: 8,
      maxDialQueueLength: 64,
      maxPeerAddrsToDial: 16,
      dialTimeout: handshakeTimeout,
      inboundUpgradeTimeout: handshakeTimeout,
      // Many nodes may live behind one address (a demo on one machine, a site behind NAT).
      inboundConnectionThreshold: 64,
      maxIncomingPendingConnections: 32,
      // Redialling is ours, for ever; libp2p would give up after five tries.
      reconnectRetries: 0,
    },
    connectionMonitor: { enabled: false },
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyDialPeer: (peer) => !options.admits(peer.toString()),
      denyInboundEncryptedConnection: (peer) => !options.admits(peer.toString()),
    },
    peerDiscovery: options.mdns ? [mdns({ serviceTag: serviceTag(networkId), interval: 20_000 })] : [],
    services: {
      identify: identify({ maxMessageSize: 8192 }),
      pubsub: gossipsub({
        // Envelopes carry their own signature.
        globalSignaturePolicy: StrictNoSign,
        msgIdFn: (message) => createHash('sha256').update(message.data).digest().subarray(0, 20),
        allowedTopics: [topic],
        allowPublishToZeroTopicPeers: true,
        ignoreDuplicatePublishError: true,
        fallbackToFloodsub: false,
        floodPublish: true,
        emitSelf: false,
        heartbeatInterval: 500,
        maxInboundStreams: 4,
        maxOutboundStreams: 4,
        maxInboundDataLength: MAX_FRAME_BYTES + 1024,
        maxOutboundBufferSize: 4 * MAX_FRAME_BYTES,
        maxTopicBytesPerPeer: 16 * 1024,
      }),
    },
  });
}

/** Only nodes of one network find each other; the tag tells nothing of the network but that it is the same. */
function serviceTag(networkId: string): string {
  const tag = createHash('sha256').update(`mdns ${networkId}`).digest('hex').slice(0, 12);
  return `_parlmesh-${tag}._udp.local`;
}

function pnetFile(key: Uint8Array): Uint8Array {
  return Buffer.from(`/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.from(key).toString('hex')}`);
}

type Watch = Pick<Libp2pNodeOptions, 'handshakeFailed'>;

/** A stranger without the network key fails here or in noise; libp2p only logs it, so both are watched. */
function watched(protector: () => ConnectionProtector, watch: Watch): () => ConnectionProtector {
  return () => {
    const inner = protector();
    return { protect: (connection, options) => reportFailure(inner.protect(connection, options), connection, watch) };
  };
}

function watchedNoise(watch: Watch): (components: Parameters<ReturnType<typeof noise>>[0]) => ConnectionEncrypter {
  const create = noise();
  return (components) => {
    const inner = create(components);
    return {
      protocol: inner.protocol,
      secureOutbound: (connection, options) => inner.secureOutbound(connection, options),
      secureInbound: (connection, options) =>
        reportFailure(inner.secureInbound(connection, options), connection, watch),
    };
  };
}

async function reportFailure<T>(outcome: Promise<T>, connection: MessageStream, watch: Watch): Promise<T> {
  try {
    return await outcome;
  } catch (error) {
    if (connection.direction === 'inbound') watch.handshakeFailed('an inbound connection');
    throw error;
  }
}
