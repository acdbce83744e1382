// All learners by the same suite, and what is particular to each of the statistical ones.

import { describe, expect, it } from 'vitest';
import { createAggregator } from '../../../../agents/federation/aggregation/create-aggregator.ts';
import { ruleFor } from '../../../../agents/federation/aggregation/learner-rule.ts';
import { PlainArithmetic } from '../../../../agents/federation/aggregation/plain-arithmetic.ts';
import type { Learner } from '../../../../agents/federation/learner.ts';
import { AnomalyBaselinesLearner } from '../../../../agents/federation/learners/anomaly-baselines.ts';
import type { Reading, SharedBaseline } from '../../../../agents/federation/learners/baseline-source.ts';
import { RecoveryKnowledgeLearner } from '../../../../agents/federation/learners/recovery-knowledge.ts';
import type { RecoveryOutcome, SharedRecovery } from '../../../../agents/federation/learners/recovery-source.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import { seededRandom } from '../../../../core/random.ts';
import { memoryDocument } from '../../memory-document.ts';
import { learnerCompliance, modelOf, originOf, PLAN } from './compliance.ts';
import { MeanLearner } from './mean-learner.ts';

const DAY = 86_400_000;
const never = new AbortController().signal;

learnerCompliance(
  'of one file',
  async () => {
    const [storage, clock] = [memoryDocument(), new VirtualClock()];
    const open = () => new MeanLearner(3, { storage, clock });
    return { learner: open(), restart: async () => open() };
  },
  { gain: 1.5 },
);

function repairs(seed: number, count: number, helps: number): RecoveryOutcome[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => ({
    ...{ id: `${seed}-${index}`, fault: 'agent-hung', action: 'agent.restart', at: index * 1000 },
    recovered: random.next() < helps,
    seconds: 0.5 + random.next(),
  }));
}

function recoveryNode(outcomes: RecoveryOutcome[]) {
  const [storage, clock] = [memoryDocument(), new VirtualClock({ epoch: 0 })];
  const shared: SharedRecovery[][] = [];
  const knowledge = {
    outcomes: () => outcomes,
    share: async (told: readonly SharedRecovery[]) => void shared.push([...told]),
  };
  const open = () => new RecoveryKnowledgeLearner({ knowledge, storage, clock, tell: () => {} });
  return { learner: open(), restart: async () => open(), shared };
}

learnerCompliance('recovery-knowledge', async () => recoveryNode(repairs(1, 80, 0.9)), { gain: 1.1 });

describe('knowledge of repairs', () => {
  it('of the mean of nodes has the ratios of all their trials, whatever a node has not tried', async () => {
    const sure = recoveryNode(repairs(1, 16, 1));
    const never1 = recoveryNode(repairs(2, 16, 0));
    const other = recoveryNode(
      repairs(3, 16, 1).map((outcome) => ({ ...outcome, fault: 'camera-lost', action: 'camera.restart' })),
    );
    const from = sure.learner.current();
    const mean = from.parameters.slice();
    for (const { learner } of [sure, never1, other]) {
      const { delta } = await learner.train(from, PLAN, never);
      for (let i = 0; i < mean.length; i++) mean[i]! += delta[i]! / 3;
    }
    await sure.learner.adopt(modelOf(mean), originOf(from.version));
    const told = sure.shared.at(-1)!;
    expect(told.map(({ fault, action }) => `${fault} ${action}`)).toEqual([
      'agent-hung agent.restart',
      'camera-lost camera.restart',
    ]);
    // Half of the tries of the first helped, with two tries of the prior of which one helped.
    expect(told[0]!.success).toBeGreaterThan(0.35);
    expect(told[0]!.success).toBeLessThan(0.65);
    expect(told[1]!.success).toBeGreaterThan(0.75);
    expect(Math.exp(told[0]!.logSeconds)).toBeGreaterThan(0.6);
    expect(Math.exp(told[0]!.logSeconds)).toBeLessThan(2.5);
  });

  it('lets no node outweigh others by a fault that it has daily, and forgets slowly', async () => {
    const often = recoveryNode(repairs(1, 4000, 0.5));
    const { delta } = await often.learner.train(often.learner.current(), PLAN, never);
    expect(Math.max(...delta)).toBeLessThanOrEqual(20.001);
    const old = repairs(1, 10, 1).map((outcome) => ({ ...outcome, at: 0 }));
    const recent = repairs(2, 10, 0).map((outcome) => ({ ...outcome, at: 60 * DAY }));
    const aged = recoveryNode([...old, ...recent]);
    const { delta: sums } = await aged.learner.train(aged.learner.current(), PLAN, never);
    const used = [...sums].filter((value) => value !== 0);
    const [tries, helped] = used;
    // Two half-lives: what helped counts a quarter.
    expect(helped! / (tries! - helped!)).toBeLessThan(0.5);
  });

  it('leaves out faults and actions that this version does not know', async () => {
    const strange = repairs(1, 20, 1).map((outcome) => ({ ...outcome, action: 'agent.sing' }));
    expect(recoveryNode(strange).learner.examples()).toBe(0);
  });
});

function readings(seed: number, level: number): Reading[] {
  const random = seededRandom(seed);
  return Array.from({ length: 800 }, (_, index) => ({
    metric: 'cpu-temperature',
    value: level + (index % 24 < 12 ? 0 : 8) + 2 * (random.next() - 0.5),
    at: index * 3600_000,
    hour: index % 24,
  }));
}

function baselineNode(profile: string, read: Reading[]) {
  const [storage, clock] = [memoryDocument(), new VirtualClock({ epoch: 0 })];
  const shared: SharedBaseline[][] = [];
  const source = {
    profile,
    readings: () => read,
    share: async (told: readonly SharedBaseline[]) => void shared.push([...told]),
  };
  const open = () => new AnomalyBaselinesLearner({ source, storage, clock, tell: () => {} });
  return { learner: open(), restart: async () => open(), shared };
}

learnerCompliance('anomaly-baselines', async () => baselineNode('raspberry-pi-4', readings(1, 50)), { gain: 2 });

describe('usual readings', () => {
  it('of the mean of nodes are those of like boards, by part of the day', async () => {
    const nodes = [
      baselineNode('raspberry-pi-4', readings(1, 50)),
      baselineNode('raspberry-pi-4', readings(2, 54)),
      baselineNode('generic-x64', readings(3, 30)),
    ];
    const from = nodes[0]!.learner.current();
    const mean = from.parameters.slice();
    for (const { learner } of nodes) {
      const { delta } = await learner.train(from, PLAN, never);
      for (let i = 0; i < mean.length; i++) mean[i]! += delta[i]! / 3;
    }
    for (const { learner } of nodes) await learner.adopt(modelOf(mean), originOf(from.version));
    const of = (node: number, hour: number) => nodes[node]!.shared.at(-1)!.find((told) => told.hour === hour)!;
    expect(of(0, 0).location).toBeGreaterThan(51);
    expect(of(0, 0).location).toBeLessThan(53);
    expect(of(0, 20).location).toBeGreaterThan(59);
    expect(of(2, 0).location).toBeLessThan(31);
    expect(nodes[0]!.shared.at(-1)).toEqual(nodes[1]!.shared.at(-1));
  });

  it('take no part on a board whose profile has no place in them', () => {
    expect(baselineNode('my-own-board', readings(1, 50)).learner.examples()).toBe(0);
  });

  it('are not ruled by a few wild readings', async () => {
    const wild = readings(1, 50).map((reading, index) => (index % 10 === 0 ? { ...reading, value: 4000 } : reading));
    const [calm, mad] = [baselineNode('raspberry-pi-4', readings(1, 50)), baselineNode('raspberry-pi-4', wild)];
    for (const { learner } of [calm, mad]) {
      const from = learner.current();
      const { delta } = await learner.train(from, PLAN, never);
      await learner.adopt(modelOf(delta), originOf(from.version));
    }
    const [usual, shifted] = [calm, mad].map(({ shared }) => shared.at(-1)![0]!.location);
    expect(Math.abs(shifted! - usual!)).toBeLessThan(1);
  });
});

describe('aggregated as suits them where the configuration chose nothing', () => {
  const DEFAULTS = { rule: 'default', liars: 0.3, clip: 1.5 } as const;

  /** What a round makes of the updates of these nodes; the first and the last adopt it. */
  async function round(nodes: { learner: Learner }[]): Promise<void> {
    const from = nodes[0]!.learner.current();
    const updates = await Promise.all(
      nodes.map(async ({ learner }, index) => {
        const { delta, examples } = await learner.train(from, PLAN, never);
        return { node: `n${index}`, delta, weight: examples };
      }),
    );
    const rule = ruleFor(DEFAULTS, undefined, nodes[0]!.learner.aggregation);
    const { delta } = createAggregator(rule, { arithmetic: new PlainArithmetic() }).aggregate(updates);
    const model = modelOf(from.parameters.map((value, index) => value + delta[index]!));
    for (const { learner } of [nodes[0]!, nodes.at(-1)!]) await learner.adopt(model, originOf(from.version));
  }

  it('usual readings of the fewer boards of a profile stay their own', async () => {
    const pis = [1, 2, 3, 4, 5, 6].map((seed) => baselineNode('raspberry-pi-4', readings(seed, 50)));
    const servers = [7, 8, 9].map((seed) => baselineNode('generic-x64', readings(seed, 30)));
    await round([...pis, ...servers]);
    const at = ({ shared }: (typeof pis)[0]) => shared.at(-1)!.find(({ hour }) => hour === 0)!.location;
    expect(at(pis[0]!)).toBeCloseTo(50, 0);
    expect(at(servers[2]!)).toBeCloseTo(30, 0);
  });

  it('repairs that few have tried are known to all', async () => {
    const most = [1, 2, 3, 4, 5, 6].map((seed) => recoveryNode(repairs(seed, 20, 0.2)));
    const few = [7, 8, 9].map((seed) =>
      recoveryNode(repairs(seed, 20, 1).map((each) => ({ ...each, fault: 'camera-lost', action: 'camera.restart' }))),
    );
    await round([...most, ...few]);
    const told = most[0]!.shared.at(-1)!;
    const success = (action: string) => told.find((each) => each.action === action)!.success;
    expect(success('agent.restart')).toBeLessThan(0.45);
    expect(success('camera.restart')).toBeGreaterThan(0.8);
  });
});
