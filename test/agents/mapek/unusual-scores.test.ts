// Anomaly scores in the self-healing: of cameras, of a node that is unlike its like, and those that peers gossip.

import { describe, expect, it } from 'vitest';
import { CoOccurrence } from '../../../agents/mapek/co-occurrence.ts';
import { correlate } from '../../../agents/mapek/correlate.ts';
import { DependencyGraph } from '../../../agents/mapek/dependency-graph.ts';
import type { Signal } from '../../../agents/mapek/signal.ts';
import type { Fault } from '../../../agents/mapek/symptom.ts';
import { Rig } from './rig.ts';

const WHY =
  'This node is unlike the 5 other raspberry-pi-4 nodes: cpu.temperature is 82, typically 51 (12 spreads above)';

type Score = Signal & { kind: 'score' };

const score = (subject: string, metric: string, value: number, from?: string): Omit<Score, 'at'> => ({
  ...{ subject, kind: 'score', metric, score: value, why: `${metric} is odd` },
  ...(from !== undefined && { from }),
});

/** Says a score for a while, as often as anomalies do. */
async function unusual(rig: Rig, said: Omit<Score, 'at'>, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 5) {
    rig.hear(said);
    await rig.pass(5_000, 1_000);
  }
}

/** How sure it is of a fault that is seen here, with and without a clue beside it. */
async function surer(fault: Fault, see: (rig: Rig) => void, clue: Omit<Score, 'at'>): Promise<[number, number]> {
  const confidences: number[] = [];
  for (const clues of [[], [clue]]) {
    const rig = await new Rig().start();
    for (const each of clues) rig.hear(each);
    see(rig);
    await rig.pass(5_000);
    confidences.push(rig.incident(fault).confidence);
    await rig.loop.stop();
  }
  return [confidences[0]!, confidences[1]!];
}

describe('The unusual score of a camera', () => {
  it.each<[Fault, string]>([
    ['camera-covered', 'camera.scene'],
    ['camera-moved', 'camera.scene'],
    ['camera-frozen', 'camera.scene'],
    ['camera-frozen', 'camera.frames'],
    ['camera-lost', 'camera.frames'],
  ])('makes %s surer: %s', async (fault, metric) => {
    const [without, beside] = await surer(fault, (rig) => rig.wrong(fault), score('camera/c', metric, 0.99));
    expect(beside).toBeGreaterThan(without);
    expect(without).toBeGreaterThan(0.85);
  });

  it('is no symptom by itself', async () => {
    const rig = await new Rig().start();
    for (let n = 0; n < 100; n++) {
      for (const metric of ['camera.scene', 'camera.frames', 'camera.inference'])
        rig.hear(score('camera/c', metric, 1));
      await rig.pass(5_000, 1_000);
    }
    expect(rig.loop.incidents()).toEqual([]);
  });
});

describe('An unusual score', () => {
  it('tells how unusual something is, not how bad: a repair under way has not made it worse', async () => {
    const rig = await new Rig({ script: { 'route.avoid': { undo: async () => {} } } }).start();
    for (let n = 0; n < 5; n++) rig.hear({ kind: 'metric', subject: 'link/n2', metric: 'link.loss', value: 0.15 });
    await rig.pass(200);
    const { severity } = rig.incident('link-lossy');
    rig.hear(score('link/n2', 'link.loss', 1));
    await rig.pass(1_000);
    expect(rig.undone).toEqual([]);
    expect(rig.incident('link-lossy')).toMatchObject({ severity, steps: [{ outcome: 'verifying' }, {}] });
  });
});

describe('A node that is unlike its like', () => {
  const fleet = { ...score('node', 'fleet', 0.97), why: WHY };

  it('asks people with the sentence, does nothing, and is well when it is like the others again', async () => {
    const rig = await new Rig().start();
    await unusual(rig, fleet, 55);
    expect(rig.loop.incidents()).toEqual([]);
    await unusual(rig, fleet, 60);
    expect(rig.incident('node-unlike')).toMatchObject({
      subject: 'node',
      state: 'asked',
      severity: 0.2,
      evidence: [WHY],
    });
    const [question] = rig.loop.questions();
    expect(question!.reason).toContain(`${WHY}. Look at its work`);
    expect(question!.offers).toEqual([]);
    expect(rig.actions).toEqual([]);
    rig.hear({ ...fleet, score: 0 });
    await rig.pass(120_000, 5_000);
    expect(rig.incident('node-unlike')).toMatchObject({ state: 'recovered' });
    expect(rig.loop.questions()).toEqual([]);
  });

  it.each<[Fault, string]>([
    ['cpu-hot', 'node'],
    ['link-lossy', 'link/n2'],
  ])('is explained by %s of %s, whichever is seen first', async (fault) => {
    const rig = await new Rig().start();
    await unusual(rig, fleet, 40);
    rig.wrong(fault);
    await unusual(rig, fleet, 120);
    expect(rig.loop.incidents().map((one) => one.fault)).toEqual([fault]);
    expect(rig.incident(fault).explains).toEqual(['node']);
  });

  it('is never the cause of what is known better, however often it goes before it', () => {
    const learned = new CoOccurrence();
    for (let n = 0; n < 50; n++) {
      learned.began(`unlike ${n}`, 'node-unlike', n * 100_000);
      learned.began(`crashed ${n}`, 'agent-crashed', n * 100_000 + 1_000);
    }
    expect(learned.explains('node-unlike', 'agent-crashed')).toBe(true);
    const present = [
      { key: 'unlike', fault: 'node-unlike', subject: 'node', since: 0 },
      { key: 'crashed', fault: 'agent-crashed', subject: 'agent/a', since: 1_000 },
    ] as const;
    expect(correlate(present, new DependencyGraph(), learned).size).toBe(0);
  });
});

describe('Scores that peers gossip', () => {
  it('make what is seen here of that peer surer', async () => {
    const [without, beside] = await surer(
      'peer-silent',
      (rig) => rig.wrong('peer-silent'),
      score('peer/n2', 'peer.score', 1, 'n2'),
    );
    expect(beside).toBeGreaterThan(without);
    const lossy = await surer('link-lossy', (rig) => rig.wrong('link-lossy'), score('link/n2', 'link.loss', 1, 'n2'));
    expect(lossy[1]).toBeGreaterThan(lossy[0]);
  });

  it('start nothing when they are false, nor where this node has its doubts already', async () => {
    const rig = await new Rig().start();
    rig.hear({ kind: 'state', subject: 'peer/n2', state: 'suspect' });
    rig.hear({ kind: 'state', subject: 'link/n2', state: 'suspect' });
    for (let n = 0; n < 100; n++) {
      // n2 lies about itself and the link, n3 about n2.
      for (const from of ['n2', 'n3']) {
        rig.hear(score('peer/n2', 'peer.score', 1, from));
        rig.hear(score('peer/n2', 'peer.unlike', 1, from));
        rig.hear(score('link/n2', 'link.loss', 1, from));
      }
      await rig.pass(5_000, 1_000);
    }
    expect(rig.loop.incidents()).toEqual([]);
    expect(rig.actions).toEqual([]);
  });

  it('keep nothing alive that this node sees no more', async () => {
    const rig = await new Rig().start();
    rig.wrong('link-lossy');
    await rig.pass(1_000);
    rig.silent('link-lossy');
    await unusual(rig, score('link/n2', 'link.loss', 1, 'n2'), 300);
    expect(rig.incident('link-lossy').state).toBe('faded');
  });
});
