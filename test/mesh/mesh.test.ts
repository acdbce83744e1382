// Three real libp2p nodes: invited by token, routing, healing, refusing strangers.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { pathFrom, type RealNode, realNode, started, stopAll } from './real-nodes.ts';

const soon = { timeout: 10_000, interval: 20 };

async function invited(inviter: RealNode, name: string): Promise<RealNode> {
  const node = await started(realNode(name));
  const { token } = await inviter.mesh.createInvite({ expiresIn: 60_000 });
  await node.mesh.joinNetwork(token);
  return node;
}

afterEach(stopAll);

describe('a mesh of real nodes', () => {
  it('forms routes over the middle of a line, and loses them when the middle is gone', async () => {
    const b = await started(realNode('b'));
    const a = await invited(b, 'a');
    const c = await invited(b, 'c');
    await vi.waitFor(() => expect(pathFrom(a, c)).toEqual(['b', 'c']), soon);
    await vi.waitFor(() => expect(pathFrom(c, a)).toEqual(['b', 'a']), soon);
    expect(pathFrom(a, b)).toEqual(['b']);
    expect(a.mesh.network()).toMatchObject({ name: 'b', holdsAuthority: false });
    await b.mesh.stop();
    await vi.waitFor(() => expect(a.mesh.routes()).toEqual([]), soon);
    await vi.waitFor(() => expect(c.mesh.routes()).toEqual([]), soon);
    expect(a.journal.map(({ message }) => message)).toContain('b is no longer connected: it was stopped');
  });
});
