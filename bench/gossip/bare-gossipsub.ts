// gossipsub alone, on libp2p nodes that are set up like ours: what a well-known way to tell everybody costs.

import { hash, randomBytes } from 'node:crypto';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { type GossipSub, gossipsub, StrictNoSign } from '@libp2p/gossipsub';
import { type Identify, identify } from '@libp2p/identify';
import { tcp } from '@libp2p/tcp';
import { createLibp2p, type Libp2p } from 'libp2p';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { noiseCrypto } from '../../mesh/transport/noise-crypto.ts';
import { PrivateNetwork } from '../../mesh/transport/private-network.ts';
import { until } from '../rig/processes.ts';
import type { StartNetwork } from './network.ts';

const TOPIC = 'parlmesh/bench';
const CONNECTING_LIMIT = 300_000;
/** About what an envelope weighs. */
const MESSAGE_BYTES = 500;

type Node = Libp2p<{ identify: Identify; pubsub: GossipSub }>;

function createNode(networkKey: Uint8Array): Promise<Node> {
  return createLibp2p({
    start: false,
    privateKey: SigningKey.generate().forLibp2p(),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionProtector: () => new PrivateNetwork({ keys: () => [networkKey], timeout: 5000 }),
    connectionEncrypters: [noise({ crypto: noiseCrypto() })],
    streamMuxers: [yamux({ enableKeepAlive: false })],
    connectionManager: { inboundConnectionThreshold: 64, maxIncomingPendingConnections: 32 },
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      pubsub: gossipsub({
        globalSignaturePolicy: StrictNoSign,
        msgIdFn: ({ data }) => hash('sha256', data, 'buffer').subarray(0, 20),
        allowedTopics: [TOPIC],
        allowPublishToZeroTopicPeers: true,
        fallbackToFloodsub: false,
        floodPublish: true,
        batchPublish: true,
        emitSelf: false,
        // Fewer copies than by default, and none announced: the fastest that was found for 25 nodes in one loop.
        D: 4,
        Dlo: 3,
        Dhi: 8,
        Dscore: 3,
        Dout: 1,
        idontwantMinDataSize: 4096,
        heartbeatInterval: 500,
        // All nodes stand behind one address.
        scoreParams: { IPColocationFactorWeight: 0 },
      }),
    },
  });
}

export const startBareGossipsub: StartNetwork = async (count, heard) => {
  const networkKey = randomBytes(32);
  const nodes: Node[] = [];
  for (let index = 0; index < count; index++) {
    const node = await createNode(networkKey);
    await node.start();
    node.services.pubsub.subscribe(TOPIC);
    node.services.pubsub.addEventListener('message', ({ detail }) => heard(Buffer.from(detail.data).readUInt32BE()));
    for (const other of nodes) await node.dial(other.getMultiaddrs());
    nodes.push(node);
  }
  await until('every node has subscribed at every other', CONNECTING_LIMIT, () =>
    nodes.every((node) => node.services.pubsub.getSubscribers(TOPIC).length === count - 1),
  );
  return {
    publish: (from, message) => {
      const bytes = randomBytes(MESSAGE_BYTES);
      bytes.writeUInt32BE(message);
      void nodes[from]!.services.pubsub.publish(TOPIC, bytes);
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
};
