// Candidates on their way over an exchange of real participants: judged, canaries, stages, taken back; kills and take-overs.

import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../../agents/federation/messages.ts';
import { candidateOf, Mesh } from './mesh.ts';

const better = candidateOf(2);
/** Work goes the same whatever serves. */
const steady = () => 0.5;

async function rolledOut(mesh: Mesh, seconds = 600): Promise<void> {
  await mesh.ready('node-0');
  await mesh.node('node-0').rollouts.propose(better);
  await mesh.until(() => mesh.node('node-0').ends.length > 0, seconds);
}

describe('a better candidate', () => {
  it('is judged by nodes, serves on few, then on more, then on all, and is what rounds go on from', async () => {
    const mesh = await Mesh.of(10, { cost: steady });
    await mesh.ready('node-0');
    const { rollouts, ends } = mesh.node('node-0');
    expect(await rollouts.propose(better)).toBe(better.version);
    expect(rollouts.isBusy('mean')).toBe(true);
    await mesh.until(() => mesh.serving(better.version).length > 0);
    expect(rollouts.isBusy('mean')).toBe(false);
    const seen = new Set<number>();
    await mesh.until(() => {
      seen.add(mesh.serving(better.version).length);
      return ends.length > 0;
    });
    // Three canaries, a tenth of ten adds none, a half, all.
    expect(Math.max(...seen)).toBe(10);
    expect([...seen].filter((count) => count > 5 && count < 10).length).toBeLessThan(3);
    expect(
      mesh.journal.map(({ message }) => message).filter((message) => message.includes('passed a stage')),
    ).toHaveLength(2);
    expect(ends).toMatchObject([{ version: better.version, round: 1, fate: 'settled' }]);
    expect((await rollouts.settled('mean')).version).toBe(better.version);
    const [lineage] = await rollouts.lineage('mean');
    expect(lineage).toMatchObject({ version: better.version, round: 1, nodes: 2, examples: 50, role: 'serves' });
    expect(lineage!.rollout).toMatchObject({ fate: 'settled', gain: { trials: 60 } });
    expect(lineage!.rollout!.verdicts).toHaveLength(5);
    expect(lineage!.rollout!.stages[0]).toContain('canaries, 3 nodes');
  });

  it('that was merged of two lines still names both, whatever becomes of it', async () => {
    const mesh = await Mesh.of(3, { cost: steady });
    await mesh.ready('node-0');
    const { rollouts, disk } = mesh.node('node-0');
    const { origin, parameters } = better;
    const [other, split] = ['b'.repeat(16), 'a'.repeat(16)];
    const lineage = JSON.stringify({ origin, parents: [origin.parent, other], split });
    const model = { learner: 'mean', version: better.version, lineage, parameters: bytesOf(parameters) };
    await disk.storage.putModel(model);
    await rollouts.propose(better);
    await mesh.until(() => mesh.serving(better.version).length > 0);
    const [shown] = await rollouts.lineage('mean');
    expect(shown).toMatchObject({ parent: origin.parent, merged: { with: other, split } });
    expect(shown?.rollout?.fate).toBe('rolling-out');
  });

  it('takes the canaries from unlike boards that consent', async () => {
    const mesh = await Mesh.of(9, {
      cost: steady,
      group: (id) => `board-${Number(id.slice(5)) % 3}`,
      consents: (id, as) => as !== 'canary' || !['node-0', 'node-3'].includes(id) || 'the owner said no',
    });
    await mesh.ready('node-0');
    await mesh.node('node-0').rollouts.propose(better);
    await mesh.until(() => mesh.serving(better.version).length >= 3);
    const canaries = mesh.serving(better.version);
    expect(canaries).toHaveLength(3);
    expect(canaries).not.toContain('node-0');
    expect(canaries).not.toContain('node-3');
    expect(new Set(canaries.map((id) => Number(id.slice(5)) % 3)).size).toBeGreaterThan(1);
  });

  it('reaches nodes that were away, and new ones', async () => {
    const mesh = await Mesh.of(6, { cost: steady });
    mesh.exchange.isolate('node-4');
    await mesh.settle();
    await rolledOut(mesh);
    expect(mesh.serving(better.version)).not.toContain('node-4');
    mesh.exchange.isolate('node-4', false);
    await mesh.join('newcomer');
    await mesh.until(() => mesh.serving(better.version).length === 7);
  });

  it('goes on without work, when its time is up', async () => {
    const mesh = await Mesh.of(4, { config: { mostHold: 120 } });
    await rolledOut(mesh, 900);
    expect(mesh.serving(better.version)).toHaveLength(4);
  });
});

describe('a candidate that is not better', () => {
  it.each([
    ['worse', candidateOf(-4), 'refused'],
    ['the same as far as anybody can tell', candidateOf(0.001), 'carried'],
  ])('%s serves nowhere', async (_, candidate, fate) => {
    const mesh = await Mesh.of(5, { cost: steady });
    await mesh.ready('node-0');
    const { rollouts, ends } = mesh.node('node-0');
    await rollouts.propose(candidate);
    await mesh.until(() => ends.length > 0);
    expect(ends[0]).toMatchObject({ fate });
    expect(ends[0]!.reason).toMatch(/0\.\d{3}|1\.\d{3}/);
    expect(mesh.serving(candidate.version)).toEqual([]);
    // Rounds go on from what may still become better, not from what is worse.
    expect((await rollouts.settled('mean')).version === candidate.version).toBe(fate === 'carried');
  });

  it('is not gone on from for ever', async () => {
    const mesh = await Mesh.of(3, { cost: steady, config: { patience: 2 } });
    await mesh.ready('node-0');
    const { rollouts, ends } = mesh.node('node-0');
    for (let round = 1; round <= 3; round++) {
      await rollouts.propose(candidateOf(0.001 * round, round));
      await mesh.until(() => ends.length === round);
    }
    expect(ends.map(({ fate }) => fate)).toEqual(['carried', 'carried', 'refused']);
    expect((await rollouts.settled('mean')).parameters).toEqual(new Float32Array(8));
  });

  it('is not made better by one node that lies', async () => {
    const mesh = await Mesh.of(5, { cost: steady, claimed: (id) => (id === 'node-2' ? 1000 : undefined) });
    await mesh.ready('node-0');
    await mesh.node('node-0').rollouts.propose(candidateOf(-4));
    await mesh.until(() => mesh.node('node-0').ends.length > 0);
    expect(mesh.node('node-0').ends[0]!.fate).toBe('refused');
  });

  it('is refused at once when it cannot serve', async () => {
    const mesh = await Mesh.of(3);
    await mesh.ready('node-0');
    const { rollouts } = mesh.node('node-0');
    const broken = new Float32Array(8).fill(1);
    broken[3] = Number.NaN;
    const wrong = [
      candidateOf(1, 1, { parameters: new Float32Array(9) }),
      candidateOf(1, 1, { parameters: new Float32Array(2_000_000) }),
      candidateOf(1, 1, { parameters: broken }),
      candidateOf(1, 1, { format: 2 }),
      candidateOf(100),
    ];
    for (const candidate of wrong)
      await expect(rollouts.propose(candidate)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expect(rollouts.propose(candidateOf(1, 1, { learner: 'nothing' }))).rejects.toMatchObject({
      code: 'ROLLOUT_UNKNOWN_LEARNER',
    });
    expect(rollouts.isBusy('mean')).toBe(false);
  });

  it('waits for nobody, and one at a time is judged', async () => {
    const mesh = await Mesh.of(3);
    await mesh.ready('node-0');
    const { rollouts } = mesh.node('node-0');
    await rollouts.propose(better);
    await expect(rollouts.propose(candidateOf(1))).rejects.toMatchObject({ code: 'ROLLOUT_BUSY' });
  });
});

describe('a candidate under which work goes worse', () => {
  it('is taken back by itself, with the reason in numbers, also where it was not reached', async () => {
    const mesh = await Mesh.of(8, {
      cost: (_, version) => (version === better.version ? 0.9 : 0.5),
      config: { canaries: 4 },
    });
    await mesh.ready('node-0');
    const { rollouts, ends } = mesh.node('node-0');
    await rollouts.propose(better);
    await mesh.until(() => mesh.serving(better.version).length === 4);
    const [away] = mesh.serving(better.version).filter((id) => id !== 'node-0');
    mesh.exchange.isolate(away!);
    await mesh.until(() => ends.length > 0);
    expect(ends[0]).toMatchObject({ fate: 'taken-back' });
    expect(ends[0]!.reason).toContain('1.49 times as much as before');
    expect(ends[0]!.reason).toMatch(/0\.50 to 0\.90 ln\(job time \/ ideal\)/);
    await mesh.until(() => mesh.serving(better.version).length === 1);
    mesh.exchange.isolate(away!, false);
    await mesh.until(() => mesh.serving(better.version).length === 0);
    await mesh.until(() => rollouts.view()[0]!.strays === 0);
    expect(mesh.node(away!).learner.told.at(-1)).toContain('work goes worse');
    expect((await rollouts.settled('mean')).version).not.toBe(better.version);
    expect(mesh.journal.find(({ severity }) => severity === 'warning')?.message).toContain('taken back everywhere');
  });

  it('is not blamed for what happens to all nodes', async () => {
    let busy = false;
    const mesh = await Mesh.of(8, { cost: () => (busy ? 0.9 : 0.5) });
    await mesh.ready('node-0');
    await mesh.node('node-0').rollouts.propose(better);
    await mesh.until(() => mesh.serving(better.version).length > 0);
    await mesh.settle(10);
    busy = true;
    await mesh.until(() => mesh.node('node-0').ends.length > 0, 1200);
    expect(mesh.node('node-0').ends[0]!.fate).toBe('settled');
  });

  it('is taken back when it takes the nodes with it', async () => {
    const mesh = await Mesh.of(9, { cost: steady, config: { canaries: 3, leastHold: 3000 } });
    await mesh.ready('node-0');
    await mesh.node('node-0').rollouts.propose(better);
    await mesh.until(() => mesh.serving(better.version).length === 3);
    await mesh.settle();
    for (const id of mesh.serving(better.version)) if (id !== 'node-0') mesh.exchange.isolate(id);
    await mesh.until(() => mesh.node('node-0').ends.length > 0, 900);
    expect(mesh.node('node-0').ends[0]).toMatchObject({ fate: 'taken-back' });
    expect(mesh.node('node-0').ends[0]!.reason).toContain('have not been reached for 10 minutes');
  });
});

describe('a node', () => {
  it('serves nothing that the oracle forbids, or its owner, or that nobody of the network made', async () => {
    const asked: string[] = [];
    const mesh = await Mesh.of(3, {
      cost: steady,
      config: { mostHold: 120 },
      consents: (id) => id !== 'node-1' || 'the owner said no',
      authorizer: (id) => ({
        authorize: async ({ action, subject, actor }) => {
          asked.push(`${action} ${subject} ${actor.kind}`);
          if (id === 'node-2') throw new Error('changes are halted');
        },
      }),
    });
    await rolledOut(mesh, 900);
    expect(mesh.serving(better.version)).toEqual(['node-0']);
    expect(asked).toContain(`model.adopt mean/${better.version} from node-0 agent`);
    expect(mesh.node('node-1').rollouts.participant.refused()).toMatchObject({ 'no-consent': expect.any(Number) });
    expect(mesh.node('node-2').rollouts.participant.refused()).toMatchObject({ 'not-allowed': expect.any(Number) });
  });

  it('listens to the coordinator only', async () => {
    const mesh = await Mesh.of(3);
    const { participant } = mesh.node('node-1').rollouts;
    const answer = await participant.answer('node-2', { kind: 'recall', learner: 'mean' });
    expect(answer).toMatchObject({ kind: 'refused', reason: 'not-coordinator' });
    const seal = { body: '{}', signature: 'x'.repeat(88) };
    const adopt = { kind: 'adopt' as const, seal, parameters: '', canary: false, stage: 1 };
    expect(await participant.answer('node-0', adopt)).toMatchObject({ kind: 'refused', reason: 'forged' });
    expect(await participant.answer('node-0', { kind: 'take-back', notice: seal })).toMatchObject({ reason: 'forged' });
    expect(await participant.answer('node-0', { kind: 'measure', learner: 'other' })).toMatchObject({
      reason: 'unknown-learner',
    });
    expect(participant.refused()).toEqual({ 'not-coordinator': 1, forged: 2, 'unknown-learner': 1 });
  });
});

describe('over a bad network', () => {
  it('reaches all nodes, each once', async () => {
    const mesh = new Mesh({ cost: steady, config: { evaluation: 300 } });
    Object.assign(mesh.exchange.options, { loss: 0.2, duplication: 0.2, jitter: 400 });
    for (let index = 0; index < 6; index++) await mesh.join(`node-${index}`);
    await mesh.settle();
    mesh.lead('node-0');
    await rolledOut(mesh, 3000);
    await mesh.until(() => mesh.serving(better.version).length === 6, 1200);
    for (const { learner } of mesh.nodes.values()) expect(learner.told).toHaveLength(1);
  });
});
