// gossipsub alone, on libp2p nodes that are set up like ours: what signing, verifying and keeping state add to it.

import { randomBytes } from 'node:crypto';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { createNode, gossipTopic, type MeshLibp2p } from '../../mesh/transport/libp2p-node.ts';
import { until } from '../rig/processes.ts';
import type { StartNetwork } from './network.ts';

const NETWORK = 'bench';
const CONNECTING_LIMIT = 300_000;
/** About what an envelope weighs. */
const MESSAGE_BYTES = 500;

export const startBareGossipsub: StartNetwork = async (count, heard) => {
  const networkKey = randomBytes(32);
  const topic = gossipTopic(NETWORK);
  const nodes: MeshLibp2p[] = [];
  for (let index = 0; index < count; index++) {
    const node = await createNode({
      privateKey: SigningKey.generate().forLibp2p(),
      networkId: NETWORK,
      networkKeys: () => [networkKey],
      listen: ['/ip4/127.0.0.1/tcp/0'],
      announce: [],
      mdns: false,
      maxPeers: 64,
      version: '0',
      handshakeTimeout: 5000,
      admits: () => true,
      handshakeFailed: () => {},
    });
    await node.start();
    node.services.pubsub.subscribe(topic);
    node.services.pubsub.addEventListener('message', ({ detail }) => heard(Buffer.from(detail.data).readUInt32BE()));
    for (const other of nodes) await node.dial(other.getMultiaddrs());
    nodes.push(node);
  }
  await until('every node has subscribed at every other', CONNECTING_LIMIT, () =>
    nodes.every((node) => node.services.pubsub.getSubscribers(topic).length === count - 1),
  );
  return {
    publish: (from, message) => {
      const bytes = randomBytes(MESSAGE_BYTES);
      bytes.writeUInt32BE(message);
      void nodes[from]!.services.pubsub.publish(topic, bytes);
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
};
