// The whole protocol on virtual time: what a simulator relies on.

import { describe, expect, it } from 'vitest';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { memorySequence, pathBetween, VirtualMesh, type VirtualNode } from './virtual-mesh.ts';

async function ring(mesh: VirtualMesh, names: string[]): Promise<VirtualNode[]> {
  const nodes: VirtualNode[] = [];
  for (const [at, name] of names.entries()) {
    const bootstrap = [nodes.at(-1), at === names.length - 1 ? nodes[0] : undefined].filter(
      (node) => node !== undefined,
    );
    nodes.push(await mesh.add(name, { bootstrap }));
  }
  return nodes;
}

describe('a mesh on virtual time', () => {
  it('routes around a ring and heals over the other side when a link fails silently', async () => {
    const mesh = new VirtualMesh();
    const [a, b, c, d] = await ring(mesh, ['a', 'b', 'c', 'd']);
    await mesh.pass(3000);
    expect(pathBetween(a!, b!)).toEqual(['b']);
    expect(pathBetween(b!, d!)).toHaveLength(2);
    mesh.medium.cut(a!.node.id, b!.node.id);
    await mesh.pass(5000);
    expect(pathBetween(a!, b!)).toEqual(['d', 'c', 'b']);
    expect(a!.node.routes().find(({ destination }) => destination === b!.node.id)?.reason).toBe('link to b went down');
    expect(a!.node.links().find(({ peer }) => peer === b!.node.id)).toMatchObject({
      state: 'down',
      cause: '3 probes without an answer',
    });
    expect(a!.journal.map(({ kind }) => kind)).toContain('route.changed');
    mesh.medium.mend(a!.node.id, b!.node.id);
    await mesh.pass(15_000);
    expect(pathBetween(a!, b!)).toEqual(['b']);
    expect(c!.node.topology().links.filter(({ state }) => state === 'up')).toHaveLength(4);
  });

  it('prefers two fast hops to a slow one, and moves when that changes for good', async () => {
    const mesh = new VirtualMesh();
    const a = await mesh.add('a');
    const b = await mesh.add('b', { bootstrap: [a] });
    const c = await mesh.add('c', { bootstrap: [a, b] });
    mesh.medium.shape(a.node.id, c.node.id, { delay: 60 });
    await mesh.pass(4000);
    expect(pathBetween(a, c)).toEqual(['b', 'c']);
    mesh.medium.shape(a.node.id, c.node.id, { delay: 1 });
    await mesh.pass(40_000);
    expect(pathBetween(a, c)).toEqual(['c']);
  });

  it('connects anew to a neighbour whose connection is given up on demand', async () => {
    const mesh = new VirtualMesh();
    const a = await mesh.add('a');
    const b = await mesh.add('b', { bootstrap: [a] });
    await mesh.pass(3000);
    a.node.resetLink(b.node.id);
    await mesh.pass(1);
    expect(pathBetween(a, b)).toBeUndefined();
    await mesh.pass(15_000);
    expect(pathBetween(a, b)).toEqual(['b']);
    expect(pathBetween(b, a)).toEqual(['a']);
  });

  it('repeats itself exactly by seed', async () => {
    const run = async (): Promise<unknown> => {
      const mesh = new VirtualMesh({ seed: 7, loss: 0.2 });
      const nodes = await ring(mesh, ['a', 'b', 'c', 'd', 'e']);
      await mesh.pass(20_000);
      return nodes.map(({ node }) => [node.links().map(({ state, loss, cost }) => [state, loss, cost])]);
    };
    expect(await run()).toEqual(await run());
  });

  it('holds together although a fifth of all messages is lost', async () => {
    const mesh = new VirtualMesh({ seed: 3, loss: 0.2 });
    const nodes = await ring(mesh, ['a', 'b', 'c', 'd']);
    await mesh.pass(90_000);
    for (const node of nodes) expect(node.node.routes().length).toBe(3);
  });

  it('gives a newcomer all that was said before it came', async () => {
    const mesh = new VirtualMesh();
    const a = await mesh.add('a');
    const b = await mesh.add('b', { bootstrap: [a] });
    await mesh.pass(2000);
    a.node.setScore(0.7);
    await mesh.pass(2000);
    const c = await mesh.add('c', { bootstrap: [b] });
    await mesh.pass(1500);
    const seen = c.node.peers().find(({ name }) => name === 'a');
    expect(seen).toMatchObject({ state: 'reachable', score: 0.7, profile: 'virtual' });
  });

  it('withdraws its links before it stops, so that nobody is surprised', async () => {
    const mesh = new VirtualMesh();
    const [a, b, c] = await ring(mesh, ['a', 'b', 'c']);
    await mesh.pass(2000);
    const stopping = b!.node.stop();
    await mesh.pass(100);
    expect(pathBetween(a!, b!)).toBeUndefined();
    expect(a!.node.peers().find(({ name }) => name === 'b')?.state).toBe('connected');
    await mesh.pass(200);
    await stopping;
    expect(a!.node.peers().find(({ name }) => name === 'b')).toMatchObject({
      state: 'stopped',
      lastError: 'it was stopped',
    });
    expect(c!.node.topology().nodes.find(({ name }) => name === 'b')?.state).toBe('stopped');
    const late = await mesh.add('late', { bootstrap: [a!] });
    await mesh.pass(2000);
    expect(late.node.peers().find(({ name }) => name === 'b')?.state).toBe('stopped');
    expect(pathBetween(a!, c!)).toEqual(['c']);
  });

  it('connects members to each other by itself when it may', async () => {
    const mesh = new VirtualMesh();
    const a = await mesh.add('a', { autoDial: true });
    const b = await mesh.add('b', { autoDial: true, bootstrap: [a] });
    const c = await mesh.add('c', { autoDial: true, bootstrap: [a] });
    await mesh.pass(10_000);
    expect(pathBetween(b, c)).toEqual(['c']);
  });

  it('refuses whoever shows a certificate that another authority made, and one that is not his', async () => {
    const mesh = new VirtualMesh();
    const a = await mesh.add('a');
    const key = SigningKey.generate();
    const forger = SigningKey.generate();
    const forged = await mesh.add('forged', {
      key,
      credentials: mesh.credentialsOf(key, 'forged', forger),
      bootstrap: [a],
    });
    const thief = await mesh.add('thief', {
      credentials: mesh.credentialsOf(SigningKey.generate(), 'x'),
      bootstrap: [a],
    });
    await mesh.pass(5000);
    expect(a.node.counters().strangers).toMatchObject({ forged: 1, 'foreign-certificate': 1 });
    expect(a.node.peers()).toEqual([]);
    expect(forged.node.routes()).toEqual([]);
    expect(thief.node.routes()).toEqual([]);
    expect(a.journal.map(({ kind }) => kind)).toContain('mesh.strangers');
  });

  it('is heard again after its state went back in time', async () => {
    const mesh = new VirtualMesh();
    const a = await mesh.add('a');
    const key = SigningKey.generate();
    const before = await mesh.add('b', { key, bootstrap: [a], sequence: memorySequence(50_000) });
    await mesh.pass(2000);
    const stopping = before.node.stop();
    await mesh.pass(300);
    await stopping;
    const after = await mesh.add('b', { key, bootstrap: [a], sequence: memorySequence(1) });
    await mesh.pass(2000);
    expect(pathBetween(a, after)).toEqual(['b']);
  });
});
