// Changing the network key while everything runs: real nodes on loopback, traffic over two hops all the while.

import { Value } from 'typebox/value';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CredentialsDocument } from '../../../mesh/membership/network.ts';
import { again, invited, type RealNode, realNode, started, stopAll } from '../real-nodes.ts';

const soon = { timeout: 15_000, interval: 20 };

afterEach(stopAll);

/** holder–middle–far, each pair with a connection of its own and no other. */
async function line(): Promise<{ holder: RealNode; middle: RealNode; far: RealNode }> {
  const holder = await started(realNode('holder'));
  const middle = await invited(holder, 'middle');
  const first = await invited(holder, 'far');
  await first.mesh.stop();
  await first.state.write('peers', { format: 1, peers: [] });
  const far = await again(first, 'far', [middle]);
  await vi.waitFor(() => expect(far.mesh.routes()).toHaveLength(2), soon);
  await vi.waitFor(() => expect(holder.mesh.routes()).toHaveLength(2), soon);
  return { holder, middle, far };
}

async function stored(node: RealNode): Promise<CredentialsDocument> {
  return Value.Parse(CredentialsDocument, await node.state.read('credentials'));
}

const keyOf = (node: RealNode): number => node.mesh.membership().key.number;

describe('a rotation of the network key', () => {
  it('reaches every member over any hops, and loses neither a connection nor a message', async () => {
    const { holder, middle, far } = await line();
    const nodes = [holder, middle, far];
    const losses: unknown[] = [];
    const disturbed = vi.fn();
    for (const { mesh } of nodes) {
      // In a line every lost link is a lost route; that one costs more on a busy machine is no disturbance.
      mesh.on('routes', (routes) => routes.length < 2 && disturbed(routes));
      mesh.on('peer', (peer) => peer.state !== 'connected' && peer.state !== 'reachable' && disturbed(peer.state));
    }
    let pings = 0;
    let isOver = false;
    const pinging = (async () => {
      while (!isOver) {
        await holder.mesh.relay.ping(far.mesh.id).catch((error: unknown) => losses.push(error));
        pings++;
      }
    })();
    await vi.waitFor(() => expect(pings).toBeGreaterThan(20), soon);

    const begun = await holder.mesh.rotateKey();
    expect(begun).toMatchObject({ number: 1, holders: [{ name: 'holder' }] });
    expect(begun.missing.map(({ name }) => name).sort()).toEqual(['far', 'middle']);
    await vi.waitFor(() => expect(holder.mesh.membership().rotation?.completedAt).toBeDefined(), soon);
    await vi.waitFor(async () => {
      for (const node of nodes) expect((await stored(node)).formerKeys).toEqual([]);
    }, soon);

    const before = pings;
    await vi.waitFor(() => expect(pings).toBeGreaterThan(before + 20), soon);
    isOver = true;
    await pinging;
    expect(losses).toEqual([]);
    expect(disturbed).not.toHaveBeenCalled();
    expect(nodes.map(keyOf)).toEqual([1, 1, 1]);
    const documents = await Promise.all(nodes.map(stored));
    expect(new Set(documents.map(({ networkKey }) => networkKey)).size).toBe(1);
    expect(holder.mesh.membership().rotation?.holders).toHaveLength(3);
    const told = holder.journal.filter(({ kind }) => kind === 'mesh.key-rotation').map(({ message }) => message);
    expect(told).toHaveLength(2);
    expect(told[1]).toContain('All members have network key 1');
    expect(JSON.stringify(nodes.map(({ journal }) => journal))).not.toContain(documents[0]?.networkKey);
  });

  it('waits for a member that is away, which comes back with the old key and gets the new one', async () => {
    const { holder, middle, far } = await line();
    await far.mesh.stop();
    await holder.mesh.rotateKey();
    await vi.waitFor(() => expect(keyOf(middle)).toBe(1), soon);
    await vi.waitFor(() => expect(holder.mesh.membership().rotation?.missing).toMatchObject([{ name: 'far' }]), soon);
    expect((await stored(middle)).formerKeys).toHaveLength(1);

    const back = await again(far, 'far', [middle]);
    await vi.waitFor(() => expect(keyOf(back)).toBe(1), soon);
    await vi.waitFor(() => expect(holder.mesh.membership().rotation?.completedAt).toBeDefined(), soon);
    await vi.waitFor(async () => expect((await stored(middle)).formerKeys).toEqual([]), soon);
  });

  it('is over for who comes back too late: not even the handshake succeeds', async () => {
    const { holder, middle, far } = await line();
    await far.mesh.stop();
    await holder.mesh.rotateKey(0);
    await vi.waitFor(() => expect(keyOf(middle)).toBe(1), soon);
    await vi.waitFor(async () => expect((await stored(middle)).formerKeys).toEqual([]), soon);
    const late = await again(far, 'far', [middle]);
    await vi.waitFor(() => expect(middle.mesh.counters()?.strangers['no-handshake']).toBeGreaterThan(0), soon);
    expect(late.mesh.peers()).toEqual([]);
    expect(keyOf(late)).toBe(0);
  });

  it('keeps the new key from a removed member, which soon does not reach the hello any more', async () => {
    const { holder, middle, far } = await line();
    await holder.mesh.revoke(far.mesh.id);
    await holder.mesh.rotateKey();
    await vi.waitFor(() => expect(holder.mesh.membership().rotation?.completedAt).toBeDefined(), soon);
    await vi.waitFor(async () => expect((await stored(middle)).formerKeys).toEqual([]), soon);
    await far.mesh.stop();
    const thief = await again(far, 'far', [middle, holder]);
    await vi.waitFor(() => expect(middle.mesh.counters()?.strangers['no-handshake']).toBeGreaterThan(0), soon);
    expect(keyOf(thief)).toBe(0);
    expect(thief.mesh.peers()).toEqual([]);
  });

  it('lets a newcomer in with the newest key, and is done by the node with the authority only', async () => {
    const holder = await started(realNode('holder'));
    await holder.mesh.rotateKey();
    const newcomer = await invited(holder, 'newcomer');
    await vi.waitFor(() => expect(newcomer.mesh.peers()).toMatchObject([{ state: 'connected' }]), soon);
    expect(keyOf(newcomer)).toBe(1);
    await expect(newcomer.mesh.rotateKey()).rejects.toMatchObject({ code: 'NETWORK_NO_AUTHORITY' });
  });

  it('outlives a restart of the authority in the middle of it', async () => {
    const { holder, middle, far } = await line();
    await far.mesh.stop();
    await holder.mesh.rotateKey();
    await vi.waitFor(() => expect(keyOf(middle)).toBe(1), soon);
    await holder.mesh.stop();
    const restarted = await again(holder, 'holder', [middle]);
    expect(restarted.mesh.membership().rotation).toMatchObject({ number: 1, missing: [{ name: 'far' }] });
    const back = await again(far, 'far', [middle]);
    await vi.waitFor(() => expect(keyOf(back)).toBe(1), soon);
    await vi.waitFor(() => expect(restarted.mesh.membership().rotation?.missing).toEqual([]), soon);
  });
});
