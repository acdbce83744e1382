import { randomBytes } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { Libp2pTransport } from '../../../mesh/transport/libp2p.ts';

const networkKey = randomBytes(32);

async function transport(heard: (frame: Uint8Array) => void = () => {}): Promise<Libp2pTransport> {
  const created = new Libp2pTransport({
    privateKey: SigningKey.generate().forLibp2p(),
    networkId: 'N'.repeat(16),
    networkKeys: () => [networkKey],
    listen: ['/ip4/127.0.0.1/tcp/0'],
    mayListenElsewhere: false,
    announce: [],
    mdns: false,
    maxPeers: 64,
    version: '0',
    handshakeTimeout: 5000,
  });
  const nothing = (): void => {};
  await created.start(
    {
      ...{ ready: nothing, lost: nothing, connected: nothing, disconnected: nothing, message: nothing },
      ...{ drained: nothing, discovered: nothing, handshakeFailed: nothing, admits: () => true, frame: heard },
    },
    new AbortController().signal,
  );
  onTestFinished(() => created.stop());
  return created;
}

it('hears all of many members behind one address', { timeout: 30_000 }, async () => {
  const heard = new Set<string>();
  const hub = await transport((frame) => heard.add(Buffer.from(frame).toString()));
  for (let index = 0; index < 16; index++) {
    const member = await transport();
    await member.dial(hub.addresses(), undefined, AbortSignal.timeout(5000));
    member.broadcast(Buffer.from(`member ${index}`), 'test', 'origin');
  }
  await expect.poll(() => heard.size, { timeout: 5000 }).toBe(16);
});
