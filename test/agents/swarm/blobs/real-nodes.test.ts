import { afterEach, expect, it, vi } from 'vitest';
import { BlobExchange } from '../../../../agents/swarm/blobs/blob-exchange.ts';
import { seededRandom } from '../../../../core/random.ts';
import { MeshAgentNetwork } from '../../../../daemon/agent-network.ts';
import { systemClock } from '../../../../daemon/clock.ts';
import { type RealNode, realNode, started, stopAll } from '../../../mesh/real-nodes.ts';
import { bytesOf, inPieces, openBlobs } from './kept-blobs.ts';

afterEach(stopAll);

async function withBlobs(node: RealNode) {
  const { store } = await openBlobs();
  const network = new MeshAgentNetwork(node.mesh, systemClock);
  const parts = { network, store, clock: systemClock, random: seededRandom(1), journal: { record: () => {} } };
  return { node, store, network, exchange: new BlobExchange(parts) };
}

it('a blob travels between real nodes over a third', { timeout: 180_000 }, async () => {
  const b = await started(realNode('b'));
  const members = [];
  for (const name of ['a', 'c']) {
    const member = await withBlobs(realNode(name, { authorize: () => true }));
    await started(member.node);
    const { token } = await b.mesh.createInvite({ expiresIn: 60_000 });
    await member.node.mesh.joinNetwork(token);
    members.push(member);
  }
  const [a, c] = [members[0]!, members[1]!];
  await vi.waitFor(() => {
    for (const [one, other] of [[a, c] as const, [c, a] as const]) {
      const found = one.network.nodes().find(({ id }) => id === other.network.self);
      expect(found?.reachable).toBe(true);
    }
  }, 60_000);
  const bytes = bytesOf(1, 5_000_000);
  const ref = await c.store.write(inPieces(bytes, 100_000));
  await a.exchange.bring(ref, [c.network.self]);
  expect(bytes.equals(await a.store.read(ref))).toBe(true);
  // The giver sees the end of the stream after the taker has all of it.
  await vi.waitFor(() => expect(c.exchange.status()).toMatchObject({ given: 1, giving: 0 }), 10_000);
  expect(a.exchange.speed(c.network.self)).toBeGreaterThan(10_000);
  expect(c.exchange.speed(a.network.self)).toBeGreaterThan(10_000);
  expect(a.exchange.speed(b.mesh.id)).toBeUndefined();
  // The node between knows nothing of blobs; the one behind it is asked all the same.
  const other = await c.store.write(bytesOf(2, 10));
  await a.exchange.bring({ $blob: other.$blob });
  expect(a.store.size(other.$blob)).toBe(10);
});
