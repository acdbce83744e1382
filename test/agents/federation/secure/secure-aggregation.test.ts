import { Value } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import type { Aggregate, Update } from '../../../../agents/federation/aggregation/aggregator.ts';
import type { Invitation, UpdateHeader } from '../../../../agents/federation/messages.ts';
import { PrivacyConfig } from '../../../../agents/federation/privacy/config.ts';
import { PrivacyGate } from '../../../../agents/federation/privacy/gate.ts';
import { RoundGuard } from '../../../../agents/federation/privacy/round-guard.ts';
import { Int8Codec } from '../../../../agents/federation/rounds/int8-codec.ts';
import { SecureAggregation } from '../../../../agents/federation/secure/secure-aggregation.ts';
import { SecureParticipant } from '../../../../agents/federation/secure/secure-participant.ts';
import { MarkedCodec, SecureProtection } from '../../../../agents/federation/secure/secure-protection.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import { seededRandom } from '../../../../core/random.ts';
import { runUntil } from '../../exchange.ts';
import { KeyRing, seededSecrets } from './nodes.ts';

const SIZE = 8;
const shape = { learner: 'parl-policy', format: 1, size: SIZE };
const base = { version: '0123456789abcdef', parameters: new Float32Array(SIZE) };

/** Median by coordinate, with what is far from it doubted: a rule that shows which group was spoilt. */
function median(updates: readonly Update[]): Aggregate {
  const delta = base.parameters.map((_, at) => {
    const sorted = updates.map((update) => update.delta[at]!).sort((a, b) => a - b);
    return sorted[(sorted.length - 1) >> 1]!;
  });
  const verdicts = updates.map(({ node, delta: own }) => {
    const far = Math.max(...own.map((value, at) => Math.abs(value - delta[at]!)));
    if (far < 0.1) return { node, share: 1 / updates.length };
    return { node, share: 0, doubt: { reason: 'far-away' as const, evidence: `${far.toFixed(2)} away`, severity: 1 } };
  });
  return { delta, verdicts };
}

/** What the rounds do, from the invitation to the aggregate, with real parts on both sides. */
async function secureRound(deltas: readonly Float32Array[], options: { term?: number; config?: object } = {}) {
  const clock = new VirtualClock();
  const ring = new KeyRing();
  const keys = ring.newNode(9999);
  const codec = new MarkedCodec(new Int8Codec());
  const participants = new Map<string, SecureParticipant>();
  const sent: Uint8Array[] = [];
  const aggregation = new SecureAggregation({
    keys,
    network: () => 'net',
    term: () => options.term ?? 1,
    settings: { clip: 1, noise: 0, colluders: 0, groupSize: 3, joinDeadline: 2000, stepDeadline: 2000 },
    ask: async (node, message) => participants.get(node)!.answer(keys.self, message),
    aggregate: median,
    clock,
    random: seededRandom(1),
  });
  const extras = await aggregation.prepare();
  const updates = [];
  for (const [number, delta] of deltas.entries()) {
    const own = ring.newNode(number + 1);
    const config = Value.Parse(PrivacyConfig, Value.Default(PrivacyConfig, { smallestGroup: 3, ...options.config }));
    const kept = new Map<string, string>();
    const secrets = seededSecrets(`${number}`);
    const gate = await PrivacyGate.open({
      config: () => config,
      storage: {
        document: async (name) => kept.get(name),
        putDocument: async (name, value) => void kept.set(name, value),
      },
      clock,
      journal: { record: () => {} },
      secrets,
    });
    const guard = new RoundGuard(gate, () => config);
    const participant = new SecureParticipant({
      keys: own,
      gate,
      config: () => config,
      secrets,
      isCoordinator: () => true,
    });
    participants.set(own.self, participant);
    const invitation: Invitation = {
      ...{ id: '0'.repeat(16), ...shape, round: 3, coordinator: keys.self, term: 1, mode: 'synchronous' },
      ...{ base: base.version, digest: '2'.repeat(64), lasts: 1000, extras },
      plan: { epochs: 1, proximal: 0, budget: 1, seed: 1 },
    };
    if ((await guard.mayTakePart(invitation, keys.self)) !== undefined) continue;
    const made = await new SecureProtection({ guard, participant, network: () => 'net' }).protect(invitation, delta);
    const data = codec.pack(shape, made.delta);
    expect(await made.release(data, 1000)).toEqual({ kind: 'leave' });
    sent.push(data);
    const header: UpdateHeader = {
      ...{ id: invitation.id, learner: shape.learner, format: 1, round: 3, coordinator: keys.self, node: own.self },
      ...{
        base: base.version,
        examples: 1000,
        seconds: 1,
        metrics: {},
        codec: codec.name,
        bytes: 1,
        digest: '3'.repeat(64),
      },
    };
    updates.push({ header, data, weight: 1 });
  }
  const task = { learner: shape.learner, format: 1, round: 3, id: '0'.repeat(16), base, updates };
  let settled: { aggregate?: Aggregate; failure?: unknown } | undefined;
  aggregation.aggregate(task, new AbortController().signal).then(
    (aggregate) => {
      settled = { aggregate };
    },
    (failure: unknown) => {
      settled = { failure };
    },
  );
  await runUntil(clock, () => settled !== undefined, 20_000, 50);
  if (settled?.aggregate === undefined) throw settled?.failure;
  return { aggregate: settled.aggregate, sent, nodes: [...participants.keys()] };
}

const good = (): Float32Array => new Float32Array(SIZE).fill(0.01);

describe('aggregation by secure sums', () => {
  test('gives the rule one update for each group; of each node only a mark was sent before', async () => {
    const { aggregate, sent } = await secureRound(Array.from({ length: 7 }, good));
    expect(aggregate.delta[3]).toBeCloseTo(0.01, 5);
    expect(sent.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1, 1, 1]);
    // Groups of 3 and 4, each half of the aggregate.
    expect(aggregate.verdicts.map(({ share }) => share).toSorted()).toEqual([
      ...Array(4).fill(1 / 8),
      ...Array(3).fill(1 / 6),
    ]);
  });

  test('a liar spoils its group alone, and the doubt names the group', async () => {
    const liar = new Float32Array(SIZE).fill(-0.35);
    const { aggregate, nodes } = await secureRound([liar, ...Array.from({ length: 8 }, good)]);
    expect(aggregate.delta[0]).toBeCloseTo(0.01, 5);
    const doubted = aggregate.verdicts.filter(({ doubt }) => doubt !== undefined);
    expect(doubted).toHaveLength(3);
    expect(doubted.map(({ node }) => node)).toContain(nodes[0]);
    expect(doubted[0]).toMatchObject({ share: 0, doubt: { evidence: expect.stringContaining('its group of 3: 0.1') } });
  });

  test('another coordinator that took the round over makes the sums under its own term', async () => {
    expect((await secureRound(Array.from({ length: 3 }, good), { term: 2 })).aggregate.delta[0]).toBeCloseTo(0.01, 5);
    await expect(secureRound(Array.from({ length: 3 }, good), { term: 0 })).rejects.toThrow(/not-ready|no-answer/);
  });

  test('fails by name when nobody joins', async () => {
    await expect(secureRound([good(), good()])).rejects.toThrow(
      expect.objectContaining({ code: 'AGGREGATION_TOO_FEW' }),
    );
    await expect(secureRound(Array.from({ length: 4 }, good), { config: { smallestGroup: 5 } })).rejects.toThrow(
      expect.objectContaining({ code: 'AGGREGATION_TOO_FEW', message: expect.stringContaining('4 group-too-small') }),
    );
  });
});

test('a packing with marks packs all else as before, and reads a mark as zeros', () => {
  const codec = new MarkedCodec(new Int8Codec());
  expect(codec.name).toBe('int8');
  const packed = codec.pack(shape, good());
  expect(codec.unpack(packed, shape)[0]).toBeCloseTo(0.01, 3);
  codec.settled('parl-policy', true);
  expect([...codec.unpack(codec.pack(shape, new Float32Array(0)), shape)]).toEqual(new Array(SIZE).fill(0));
  expect(() => codec.unpack(Uint8Array.of(1), shape)).toThrow();
});
