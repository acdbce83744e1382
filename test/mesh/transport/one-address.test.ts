import { randomBytes } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { createNode, gossipTopic, type MeshLibp2p } from '../../../mesh/transport/libp2p-node.ts';

const NETWORK = 'N'.repeat(16);
const topic = gossipTopic(NETWORK);
const networkKey = randomBytes(32);

async function node(): Promise<MeshLibp2p> {
  const created = await createNode({
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
  await created.start();
  onTestFinished(() => created.stop());
  created.services.pubsub.subscribe(topic);
  return created;
}

it('hears all of many members behind one address', { timeout: 30_000 }, async () => {
  const hub = await node();
  const heard = new Set<string>();
  hub.services.pubsub.addEventListener('message', ({ detail }) => heard.add(Buffer.from(detail.data).toString()));
  const members: MeshLibp2p[] = [];
  for (let index = 0; index < 16; index++) {
    const member = await node();
    await member.dial(hub.getMultiaddrs());
    members.push(member);
  }
  await expect.poll(() => hub.services.pubsub.getSubscribers(topic).length, { timeout: 10_000 }).toBe(16);
  await Promise.all(
    members.map((member, index) => member.services.pubsub.publish(topic, Buffer.from(`member ${index}`))),
  );
  await expect.poll(() => heard.size, { timeout: 5000 }).toBe(16);
});
