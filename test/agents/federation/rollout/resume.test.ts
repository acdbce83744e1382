// A coordinator that is killed at each step of a roll-out: it goes on when it is back, or another one does.

import { describe, expect, it } from 'vitest';
import { candidateOf, Mesh } from './mesh.ts';

const better = candidateOf(2);
/** Work goes the same whatever serves. */
const steady = () => 0.5;

describe('a coordinator that is killed', () => {
  const moments: [string, (mesh: Mesh) => boolean][] = [
    ['while nodes play the candidate', (mesh) => mesh.node('node-0').rollouts.view()[0]?.judging !== undefined],
    [
      'before the first node has answered',
      (mesh) => (mesh.node('node-0').rollouts.view()[0]?.rolling?.nodes.asked ?? 0) > 0,
    ],
    [
      'with canaries',
      (mesh) =>
        mesh.node('node-0').rollouts.view()[0]?.rolling?.stage === 'canaries' &&
        mesh.serving(better.version).length > 0,
    ],
    ['with half of the nodes', (mesh) => mesh.node('node-0').rollouts.view()[0]?.rolling?.stage === '50 %'],
    ['with all nodes', (mesh) => mesh.node('node-0').rollouts.view()[0]?.rolling?.stage === '100 %'],
  ];

  it.each(moments)('%s goes on when it is back', async (_, isNow) => {
    const mesh = await Mesh.of(8, { cost: steady });
    await mesh.ready('node-0');
    await mesh.node('node-0').rollouts.propose(better);
    await mesh.until(() => isNow(mesh));
    await mesh.kill('node-0');
    await mesh.settle(30);
    await mesh.join('node-0');
    await mesh.until(() => mesh.node('node-0').ends.length > 0, 900);
    expect(mesh.node('node-0').ends[0]!.fate).toBe('settled');
    expect(mesh.serving(better.version)).toHaveLength(8);
    for (const { learner } of mesh.nodes.values()) expect(learner.told.length).toBeLessThanOrEqual(1);
  });

  it('while it takes a model back goes on with that', async () => {
    const mesh = await Mesh.of(8, {
      cost: (_, version) => (version === better.version ? 0.9 : 0.5),
      config: { canaries: 4 },
    });
    await mesh.ready('node-0');
    await mesh.node('node-0').rollouts.propose(better);
    await mesh.until(() => mesh.node('node-0').ends.length > 0);
    await mesh.kill('node-0');
    const left = mesh.serving(better.version).filter((id) => id !== 'node-0');
    expect(left).not.toEqual([]);
    await mesh.settle(30);
    await mesh.join('node-0');
    await mesh.until(() => mesh.serving(better.version).length === 0);
  });

  it.each(moments.slice(2))('%s leaves a roll-out that another one goes on with', async (_, isNow) => {
    const mesh = await Mesh.of(8, { cost: steady });
    await mesh.ready('node-0');
    await mesh.node('node-0').rollouts.propose(better);
    await mesh.until(() => isNow(mesh));
    await mesh.settle(4);
    const before = mesh.serving(better.version);
    await mesh.kill('node-0');
    mesh.lead('node-5');
    await mesh.until(() => mesh.node('node-5').ends.length > 0, 900);
    expect(mesh.node('node-5').ends[0]).toMatchObject({ version: better.version, fate: 'settled' });
    expect(mesh.serving(better.version)).toEqual(expect.arrayContaining(before));
    expect(mesh.serving(better.version).filter((id) => id !== 'node-0')).toHaveLength(7);
    expect((await mesh.node('node-5').rollouts.settled('mean')).parameters).toEqual(better.parameters);
  });

  it('lets no round begin from an old model before the nodes were asked', async () => {
    const mesh = await Mesh.of(6, { cost: steady, config: { leastHold: 1000 } });
    await mesh.ready('node-0');
    await mesh.node('node-0').rollouts.propose(better);
    await mesh.until(() => mesh.serving(better.version).length === 3);
    await mesh.kill('node-0');
    mesh.lead('node-5');
    let base: string | undefined;
    void mesh
      .node('node-5')
      .rollouts.settled('mean')
      .then(({ version }) => {
        base = version;
      });
    await mesh.until(() => base !== undefined);
    expect(base).toBe(better.version);
  });

  it('leaves a taking back that another one goes on with', async () => {
    const mesh = await Mesh.of(8, {
      cost: (_, version) => (version === better.version ? 0.9 : 0.5),
      config: { canaries: 4 },
    });
    await mesh.ready('node-0');
    await mesh.node('node-0').rollouts.propose(better);
    await mesh.until(() => mesh.serving(better.version).length === 4);
    const away = mesh.serving(better.version).find((id) => id !== 'node-0')!;
    mesh.exchange.isolate(away);
    await mesh.until(() => mesh.serving(better.version).length === 1);
    await mesh.kill('node-0');
    mesh.exchange.isolate(away, false);
    await mesh.settle();
    mesh.lead(['node-5', 'node-6'].find((id) => id !== away)!);
    await mesh.until(() => mesh.serving(better.version).filter((id) => id !== 'node-0').length === 0);
  });

  it('of whose disk nothing can be written asks nobody, and goes on when it can', async () => {
    const mesh = await Mesh.of(5, { cost: steady });
    await mesh.ready('node-0');
    const { rollouts, disk, ends } = mesh.node('node-0');
    await rollouts.propose(better);
    disk.storage.failing = 'the disk is full';
    await mesh.settle(60);
    expect(mesh.serving(better.version)).toEqual([]);
    disk.storage.failing = undefined;
    await mesh.until(() => ends.length > 0);
    expect(ends[0]!.fate).toBe('settled');
  });
});
