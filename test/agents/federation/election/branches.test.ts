// After a partition: two lines of models, and what comes of them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BranchDuty } from '../../../../agents/federation/election/branch-duty.ts';
import { BRANCH, BranchExchange } from '../../../../agents/federation/election/branch-exchange.ts';
import { type Descent, lineOf, mergedParameters, relate } from '../../../../agents/federation/election/branches.ts';
import { bytesOf, frameOf, versionOf } from '../../../../agents/federation/messages.ts';
import { readLineage } from '../../../../agents/federation/rollout/lineage.ts';
import { SimulatedNetworks } from '../../../../agents/federation/simulation/simulated-network.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import type { JournalEntry } from '../../../../core/journal.ts';
import { seededRandom } from '../../../../core/random.ts';
import { MemoryFederationStorage } from '../memory-storage.ts';

const made = (version: string, parent: string, examples = 100): Descent => ({
  ...{ version, parent, examples },
  ...{ coordinator: 'c', round: 1, nodes: ['n'] },
});
const mapOf = (...descents: Descent[]) => new Map(descents.map((descent) => [descent.version, descent]));

describe('lines of models', () => {
  it('relate as same, behind, ahead, forked or strange', () => {
    const models = mapOf(made('m3', 'm2'), made('m2', 'm1'), made('m1', 'm0'));
    const ours = lineOf('m3', models);
    expect(ours.map(({ version }) => version)).toEqual(['m3', 'm2', 'm1']);
    expect(relate('m3', ours, 'm3', ours)).toEqual({ kind: 'nothing-new' });
    expect(relate('m3', ours, 'm1', [made('m1', 'm0')])).toEqual({ kind: 'nothing-new' });
    const ahead = [made('m5', 'm4'), made('m4', 'm3'), ...ours];
    expect(relate('m3', ours, 'm5', ahead)).toEqual({ kind: 'ahead', theirs: ahead.slice(0, 2) });
    const forked = [made('x2', 'x1'), made('x1', 'm1'), made('m1', 'm0')];
    expect(relate('m3', ours, 'x2', forked)).toEqual({
      ...{ kind: 'forked', split: 'm1' },
      ...{ ours: ours.slice(0, 2), theirs: forked.slice(0, 2) },
    });
    expect(relate('m3', ours, 'y2', [made('y2', 'y1')])).toEqual({ kind: 'strange' });
  });

  it('that run in a circle end', () => {
    expect(lineOf('a', mapOf(made('a', 'b'), made('b', 'a')))).toHaveLength(2);
  });

  it('become one by their examples', () => {
    const merged = mergedParameters(Float32Array.of(1, 1), [
      { head: Float32Array.of(2, 1), examples: 300 },
      { head: Float32Array.of(1, 5), examples: 100 },
    ]);
    expect([...merged]).toEqual([1.75, 2]);
  });

  it('lie between their heads whatever the examples are', () => {
    const counts = fc.integer({ min: 0, max: 1e9 });
    fc.assert(
      fc.property(counts, counts, fc.float({ min: -100, max: 100, noNaN: true }), (a, b, head) => {
        const sides = [
          { head: Float32Array.of(head), examples: a },
          { head: Float32Array.of(0), examples: b },
        ];
        const [merged] = mergedParameters(Float32Array.of(0), sides);
        expect(Math.abs(merged!)).toBeLessThanOrEqual(Math.abs(head) + 1e-4);
      }),
    );
  });
});

describe('handing models over after a partition', () => {
  const SIZE = 30_000;
  const LEARNER = 'parl-policy';

  interface Side {
    exchange: BranchExchange;
    storage: MemoryFederationStorage;
    proposed: {
      learner: string;
      parameters: Float32Array;
      origin: { parent: string; examples: number; nodes: readonly string[] };
    }[];
    journal: JournalEntry[];
    head: string;
    isCoordinator: boolean;
  }

  function sides(): { ours: Side; theirs: Side; networks: SimulatedNetworks; clock: VirtualClock } {
    const clock = new VirtualClock();
    const ways = { clock, random: seededRandom(1), delay: () => 0, loss: 0, noticeAfter: 0, syncEvery: 0 };
    const networks = new SimulatedNetworks(ways);
    const side = (id: string, isCoordinator: boolean): Side => {
      const made: Omit<Side, 'exchange'> = {
        storage: new MemoryFederationStorage(),
        ...{ proposed: [], journal: [], head: '', isCoordinator },
      };
      const exchange = new BranchExchange({
        network: networks.join(id),
        storage: made.storage,
        originOf: (lineage) => readLineage(lineage).origin,
        learner: (name) => (name === LEARNER ? { head: whole.head, format: 1, size: SIZE } : undefined),
        isCoordinator: () => whole.isCoordinator,
        mayCoordinate: (node) => node !== 'stranger',
        propose: async (candidate) => whole.proposed.push(candidate),
        clock,
        journal: { record: (entry) => void whole.journal.push(entry) },
      });
      const whole: Side = { ...made, exchange };
      return whole;
    };
    return { ours: side('ours', true), theirs: side('theirs', false), networks, clock };
  }

  async function add(side: Side, value: number, parent: string, node: string, examples: number): Promise<string> {
    const parameters = bytesOf(new Float32Array(SIZE).fill(value));
    const version = versionOf(parameters);
    const origin = { parent, coordinator: 'c', round: 1, madeAt: 0, nodes: [node], examples };
    const lineage = JSON.stringify({ origin });
    await side.storage.putModel({ learner: LEARNER, version, lineage, parameters });
    side.head = version;
    return version;
  }

  it('keeps every model, and proposes the mean of both lines with both as parents', async () => {
    const { ours, theirs } = sides();
    const split = await add(ours, 1, '0'.repeat(16), 'a', 10);
    await add(theirs, 1, '0'.repeat(16), 'a', 10);
    const ourHead = await add(ours, 2, split, 'a', 300);
    const between = await add(theirs, 3, split, 'b', 50);
    const theirHead = await add(theirs, 5, between, 'c', 50);
    await theirs.exchange.handOver('ours', LEARNER);
    for (const version of [between, theirHead]) {
      expect(await ours.storage.model(LEARNER, version)).toMatchObject({ version });
    }
    expect(ours.proposed).toHaveLength(1);
    const { parameters, origin } = ours.proposed[0]!;
    // 1 + 3/4 · (2 − 1) + 1/4 · (5 − 1)
    expect(parameters[SIZE - 1]).toBe(2.75);
    expect(origin).toMatchObject({ parent: ourHead, examples: 400, nodes: ['a', 'b', 'c'] });
    const merged = await ours.storage.model(LEARNER, versionOf(bytesOf(parameters)));
    expect(JSON.parse(merged!.lineage)).toMatchObject({
      ...{ parents: [ourHead, theirHead], split },
      origin: { parent: ourHead, coordinator: 'ours', examples: 400 },
    });
    expect(ours.journal[0]!.message).toContain('forked from ours');
  });

  it('takes a line that went on from ours as it is', async () => {
    const { ours, theirs } = sides();
    const head = await add(ours, 1, '0'.repeat(16), 'a', 10);
    await add(theirs, 1, '0'.repeat(16), 'a', 10);
    await add(theirs, 4, head, 'b', 50);
    await theirs.exchange.handOver('ours', LEARNER);
    expect(ours.proposed[0]!.parameters[0]).toBe(4);
    expect(ours.proposed[0]!.origin).toMatchObject({ parent: head, nodes: ['b'], examples: 50 });
  });

  it('does it once, however often it is repeated', async () => {
    const { ours, theirs } = sides();
    const head = await add(ours, 1, '0'.repeat(16), 'a', 10);
    await add(theirs, 1, '0'.repeat(16), 'a', 10);
    const next = await add(theirs, 4, head, 'b', 50);
    await theirs.exchange.handOver('ours', LEARNER);
    ours.head = next;
    await theirs.exchange.handOver('ours', LEARNER);
    expect(ours.proposed).toHaveLength(1);
    expect(await ours.storage.models(LEARNER, 10)).toHaveLength(2);
  });

  it('keeps a strange line and proposes nothing of it', async () => {
    const { ours, theirs } = sides();
    await add(ours, 1, '0'.repeat(16), 'a', 10);
    const strange = await add(theirs, 4, 'f'.repeat(16), 'b', 50);
    await theirs.exchange.handOver('ours', LEARNER);
    expect(ours.proposed).toEqual([]);
    expect(await ours.storage.model(LEARNER, strange)).toBeDefined();
  });

  it('is refused by who does not coordinate, and rejects so that it is tried again', async () => {
    const { ours, theirs } = sides();
    ours.isCoordinator = false;
    await add(ours, 1, '0'.repeat(16), 'a', 10);
    await add(theirs, 4, ours.head, 'b', 50);
    await expect(theirs.exchange.handOver('ours', LEARNER)).rejects.toMatchObject({ code: 'RELAY_REFUSED' });
  });

  it('is tried again until the one that remains has taken its seat', async () => {
    const { ours, theirs, clock } = sides();
    ours.isCoordinator = false;
    const head = await add(ours, 1, '0'.repeat(16), 'a', 10);
    await add(theirs, 1, '0'.repeat(16), 'a', 10);
    await add(theirs, 4, head, 'b', 50);
    const duty = new BranchDuty({
      ...{ self: 'theirs', exchange: theirs.exchange, learners: [LEARNER], clock, random: seededRandom(1) },
      leadership: { current: () => ({ node: 'ours', term: 3 }), onChange: () => () => {} },
      hasMade: async () => true,
    });
    const pass = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 100) {
        clock.advance(100);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await duty.start(new AbortController().signal);
    await pass(10_000);
    expect(ours.proposed).toEqual([]);
    ours.isCoordinator = true;
    await pass(60_000);
    expect(ours.proposed).toHaveLength(1);
    await duty.stop();
  });

  it('does not take bytes that are not those of the version, nor a model of another size', async () => {
    const { ours, networks } = sides();
    await add(ours, 1, '0'.repeat(16), 'a', 10);
    const liar = networks.join('liar');
    await Promise.resolve();
    const model = { ...made('f'.repeat(16), ours.head), coordinator: 'liar', nodes: [] };
    const ask = (question: object, bytes?: Uint8Array) => liar.request('ours', BRANCH, frameOf(question, bytes));
    await ask({ kind: 'line', learner: LEARNER, head: model.version, line: [model] });
    const wrong = { kind: 'piece', learner: LEARNER, model, bytes: 8, offset: 0 };
    await expect(ask(wrong, new Uint8Array(8))).rejects.toThrow(/has 120000 bytes, not 8/);
    for (let offset = 0; offset < 4 * SIZE; offset += 40_000) {
      const piece = { kind: 'piece', learner: LEARNER, model, bytes: 4 * SIZE, offset };
      const answer = ask(piece, new Uint8Array(40_000));
      if (offset + 40_000 === 4 * SIZE) await expect(answer).rejects.toThrow(/not its own/);
      else await answer;
    }
    expect(await ours.storage.model(LEARNER, model.version)).toBeUndefined();
  });

  it('takes nothing of a node that may not coordinate', async () => {
    const { ours, networks } = sides();
    const stranger = networks.join('stranger');
    await Promise.resolve();
    const question = { kind: 'end', learner: LEARNER, head: '0'.repeat(16) };
    await expect(stranger.request('ours', BRANCH, frameOf(question))).rejects.toThrow(/may not coordinate/);
    expect(ours.proposed).toEqual([]);
  });
});
