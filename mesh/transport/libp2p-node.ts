// How a libp2p node is set up here: which parts, which limits, and why. No DHT: it is the main growth of memory in
// public reports of js-libp2p daemons, and a mesh of one's own boards does not need it.

import { createHash } from 'node:crypto';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { type Identify, identify } from '@libp2p/identify';
import type { ConnectionGater, Libp2p, MultiaddrConnection, PrivateKey } from '@libp2p/interface';
import { mdns } from '@libp2p/mdns';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import { noiseCrypto } from './noise-crypto.ts';
import { PrivateNetwork } from './private-network.ts';

export type MeshServices = { identify: Identify };
export type MeshLibp2p = Libp2p<MeshServices>;

export interface Libp2pNodeOptions {
  privateKey: PrivateKey;
  networkId: string;
  /** Of 32 bytes each, the newest first; asked at each connection. */
  networkKeys: () => readonly Uint8Array[];
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

/** Built, not started. */
export function createNode(options: Libp2pNodeOptions): Promise<MeshLibp2p> {
  const { networkId, maxPeers, handshakeTimeout } = options;
  return createLibp2p<MeshServices>({
    start: false,
    privateKey: options.privateKey,
    nodeInfo: { name: 'parlmesh', version: options.version, userAgent: `parlmesh/${options.version}` },
    addresses: { listen: options.listen, announce: options.announce },
    transports: [tcp({ backlog: 32, maxConnections: maxPeers + 16 })],
    connectionProtector: () => new PrivateNetwork({ keys: options.networkKeys, timeout: handshakeTimeout }),
    connectionEncrypters: [noise({ crypto: noiseCrypto() })],
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
    connectionGater: gater(options),
    peerDiscovery: options.mdns ? [mdns({ serviceTag: serviceTag(networkId), interval: 20_000 })] : [],
    // No pubsub: gossip knows who is linked to whom, and floods with far fewer copies (mesh/gossip/heirs.ts).
    services: { identify: identify({ maxMessageSize: 8192 }) },
  });
}

/** Only nodes of one network find each other; the tag tells nothing of the network but that it is the same. */
function serviceTag(networkId: string): string {
  const tag = createHash('sha256').update(`mdns ${networkId}`).digest('hex').slice(0, 12);
  return `_parlmesh-${tag}._udp.local`;
}

/**
 * Turns away the refused, and tells of connections that end before their other side has proven any key: strangers
 * without the network key cannot even negotiate, and libp2p itself only logs that.
 */
function gater({ admits, handshakeFailed }: Libp2pNodeOptions): ConnectionGater {
  const proven = new WeakSet<MultiaddrConnection>();
  return {
    denyDialMultiaddr: () => false,
    denyDialPeer: (peer) => !admits(peer.toString()),
    denyInboundConnection: (connection) => {
      connection.addEventListener(
        'close',
        () => {
          if (!proven.has(connection)) handshakeFailed(connection.remoteAddr.toString());
        },
        { once: true },
      );
      return false;
    },
    denyInboundEncryptedConnection: (peer, connection) => {
      proven.add(connection);
      return !admits(peer.toString());
    },
  };
}
