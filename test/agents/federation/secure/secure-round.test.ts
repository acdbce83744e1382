import { Value } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { PrivacyConfig } from '../../../../agents/federation/privacy/config.ts';
import { PrivacyGate } from '../../../../agents/federation/privacy/gate.ts';
import type { SecureMessage } from '../../../../agents/federation/secure/messages.ts';
import { SecureParticipant } from '../../../../agents/federation/secure/secure-participant.ts';
import {
  runSecureRound,
  type SecureRoundResult,
  updatesOfGroups,
} from '../../../../agents/federation/secure/secure-round.ts';
import { askSecurely, type SecureAnswer, serveSecurely } from '../../../../agents/federation/secure/secure-wire.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import { seededRandom } from '../../../../core/random.ts';
import { Exchange, runUntil } from '../../exchange.ts';
import { KeyRing, seededSecrets } from './nodes.ts';

const SIZE = 50;
const facts = {
  ...{ network: 'net', learner: 'parl-policy', format: 1, term: 2, round: 5, base: '0123456789abcdef', size: SIZE },
};
const settings = { clip: 1, noise: 0, parts: 1, groupSize: 5, attempt: 0, joinDeadline: 3_000, stepDeadline: 2_000 };

const deltaOf = (node: number): Float32Array =>
  Float32Array.from({ length: SIZE }, (_, at) => ((node + at) % 5) / 1000);

interface Board {
  id: string;
  participant: SecureParticipant;
  gate: PrivacyGate;
  documents: Map<string, string>;
}

/** Boards with their own gates and stores on a network in memory, and a coordinator. */
async function network(count: number, configOf: (node: number) => object = () => ({})) {
  const clock = new VirtualClock();
  const exchange = new Exchange({ clock, random: seededRandom(7) });
  const ring = new KeyRing();
  const keys = ring.newNode(9999);
  const coordinator = exchange.join(keys.self);
  const boards: Board[] = [];
  const asked: { node: string; message: SecureMessage; answer: SecureAnswer }[] = [];
  for (let number = 0; number < count; number++) {
    const own = ring.newNode(number + 1);
    const config = Value.Parse(PrivacyConfig, Value.Default(PrivacyConfig, configOf(number)));
    const documents = new Map<string, string>();
    const secrets = seededSecrets(`board ${number}`);
    const gate = await PrivacyGate.open({
      config: () => config,
      storage: {
        document: async (name) => documents.get(name),
        putDocument: async (name, value) => void documents.set(name, value),
      },
      clock,
      journal: { record: () => {} },
      secrets,
    });
    const isCoordinator = (node: string, _: string, term: number): boolean => node === keys.self && term === 2;
    const participant = new SecureParticipant({ keys: own, gate, config: () => config, secrets, isCoordinator });
    const joined = exchange.join(own.self);
    serveSecurely(joined, clock, 5_000, (origin, message) => participant.answer(origin, message));
    participant.ready({ facts, delta: deltaOf(number), examples: 50, fullExamples: 100 });
    boards.push({ id: own.self, participant, gate, documents });
  }
  const ended = new AbortController();
  const run = async (
    changes: Partial<typeof settings> = {},
    onAsk?: (node: string, kind: string) => void,
  ): Promise<SecureRoundResult> => {
    let result: SecureRoundResult | undefined;
    let failure: unknown;
    const ask = async (node: string, message: SecureMessage, deadline: number): Promise<SecureAnswer> => {
      const { kind } = JSON.parse(message.signed.body) as { kind: string };
      onAsk?.(node, kind);
      const answer = await askSecurely(coordinator, clock, node, message, deadline);
      asked.push({ node, message, answer });
      return answer;
    };
    const parts = { keys, ask, clock, random: seededRandom(1), signal: ended.signal };
    const ids = boards.map(({ id }) => id);
    runSecureRound(facts, ids, { ...settings, ...changes }, parts).then(
      (value) => (result = value),
      (thrown: unknown) => (failure = thrown),
    );
    await runUntil(clock, () => result !== undefined || failure !== undefined, 60_000, 50);
    if (result === undefined) throw failure;
    return result;
  };
  return { clock, exchange, boards, run, asked, ended, keys };
}

function meanOf(boards: readonly Board[], nodes: readonly string[], at: number): number {
  const chosen = boards.flatMap(({ id }, number) => (nodes.includes(id) ? [deltaOf(number)[at]!] : []));
  return chosen.reduce((sum, value) => sum + value, 0) / chosen.length;
}

describe('a secure round over the network', () => {
  test('ends with the mean of each group, charged and in the ledger of each node', async () => {
    const { boards, run } = await network(11);
    const { groups, leftOut } = await run();
    expect(leftOut).toEqual([]);
    const updates = updatesOfGroups(groups);
    expect(updates.map(({ update, nodes }) => [update.node, nodes.length, update.weight])).toEqual([
      ['group/0', 6, 3],
      ['group/1', 5, 2.5],
    ]);
    for (const { update, nodes } of updates) {
      for (const at of [0, 1, 49]) expect(update.delta[at]).toBeCloseTo(meanOf(boards, nodes, at), 5);
    }
    for (const { gate, participant } of boards) {
      expect(participant.standing('parl-policy')).toBe('left');
      expect(gate.ledger(5).entries).toMatchObject([
        { round: 5, term: 2, bytes: 4 * SIZE, secure: true, examples: 50 },
      ]);
    }
  });

  test('goes on without nodes that are cut off in the middle, and ends in time', async () => {
    const { boards, run, exchange, clock } = await network(6);
    const victim = boards[2]!;
    const begun = clock.now();
    const { groups, leftOut } = await run({ groupSize: 6 }, (node, kind) => {
      if (node === victim.id && kind === 'boxes') exchange.isolate(victim.id);
    });
    if (groups[0]?.kind !== 'summed') throw new Error(JSON.stringify(groups[0]));
    expect(groups[0].result.dropped).toEqual([victim.id]);
    expect(groups[0].result.mean[7]).toBeCloseTo(meanOf(boards, groups[0].result.survivors, 7), 5);
    expect(leftOut).toMatchObject([{ node: victim.id, reason: 'no-answer' }]);
    expect(clock.now() - begun).toBeLessThan(3_000 + 5 * 2_000);
    expect(victim.gate.ledger(5).entries).toEqual([]);
  });

  test('a node comes back within the step and is asked again: the same answer, charged once', async () => {
    const { boards, run, exchange, clock } = await network(5);
    const victim = boards[1]!;
    let cut = false;
    const { groups, leftOut } = await run({}, (node, kind) => {
      if (node !== victim.id || kind !== 'survivors' || cut) return;
      cut = true;
      exchange.isolate(victim.id);
      clock.after(300, () => exchange.isolate(victim.id, false));
    });
    expect(leftOut).toEqual([]);
    expect(groups[0]).toMatchObject({ kind: 'summed', result: { dropped: [] } });
    expect((await victim.gate.outlook('parl-policy')).participations).toBe(1);
  });

  test('leaves out, by name and reason, who refuses: veto, budget, secure aggregation off, groups too small, stricter terms', async () => {
    const { boards, run } = await network(10, (node) => {
      if (node === 0) return { leaves: { updates: 'deny' } };
      if (node === 1) return { noise: 1, budget: 1 };
      if (node === 2) return { secure: 'off' };
      if (node === 3) return { smallestGroup: 9 };
      if (node === 4) return { clip: 0.5 };
      return {};
    });
    boards[5]!.participant.drop('parl-policy');
    const { groups, leftOut } = await run({ groupSize: 4 });
    expect(new Map(leftOut.map(({ node, reason }) => [boards.findIndex(({ id }) => id === node), reason]))).toEqual(
      new Map([
        [0, 'denied'],
        [1, 'budget-spent'],
        [2, 'off'],
        [3, 'group-too-small'],
        [4, 'failed'],
        [5, 'no-answer'],
      ]),
    );
    expect(leftOut.find(({ reason }) => reason === 'failed')?.sentence).toContain('clips to 1');
    expect(groups.every(({ kind }) => kind === 'summed')).toBe(true);
    for (const { gate } of boards.slice(0, 6)) expect(gate.ledger(5).entries).toEqual([]);
  });

  test('counts the noise that the round asks for: with it, a budget is enough that own noise alone would exceed', async () => {
    const { boards, run } = await network(3, () => ({ noise: 1, budget: 3, smallestGroup: 3 }));
    expect((await boards[0]!.gate.outlook('parl-policy')).next.kind).toBe('refused');
    const { groups } = await run({ groupSize: 3, noise: 4 });
    expect(groups[0]?.kind).toBe('summed');
    expect(boards[0]!.gate.ledger(1).entries).toMatchObject([{ noise: 4, epsilon: expect.closeTo(2.1657, 3) }]);
  });

  test('held for the owner, it leaves within the step once approved', async () => {
    const { boards, run, clock } = await network(4, (node) => (node === 0 ? { leaves: { updates: 'ask' } } : {}));
    const { gate } = boards[0]!;
    const watch = clock.every(100, () => {
      for (const { id, state } of gate.held()) if (state === 'waiting') void gate.decide(id, 'approved');
    });
    const { groups } = await run({ groupSize: 4 });
    watch.cancel();
    expect(groups[0]).toMatchObject({ kind: 'summed', result: { dropped: [] } });
    expect(gate.ledger(5).entries).toHaveLength(1);
  });

  test('a coordinator that was killed goes on with the same attempt: the same sum, charged once', async () => {
    const { boards, run } = await network(4);
    const first = await run({ groupSize: 4 });
    expect(await run({ groupSize: 4 })).toEqual(first);
    for (const { gate } of boards) expect((await gate.outlook('parl-policy')).participations).toBe(1);
  });

  test('in another attempt, nodes give no second masked update under the same term', async () => {
    const { boards, run } = await network(4);
    await run({ groupSize: 4 });
    const { groups, leftOut } = await run({ groupSize: 4, attempt: 1 });
    expect(groups).toMatchObject([{ kind: 'failed', reason: 'too-few-masked' }]);
    expect(leftOut.map(({ reason }) => reason)).toEqual(['other-bytes', 'other-bytes', 'other-bytes', 'other-bytes']);
    for (const { gate } of boards) expect((await gate.outlook('parl-policy')).participations).toBe(1);
  });

  test('with too few nodes there is no group; a stop ends it at once', async () => {
    const { run } = await network(2);
    expect(await run()).toMatchObject({ groups: [] });
    const stopped = await network(5);
    const reason = new Error('stopping');
    stopped.clock.after(50, () => stopped.ended.abort(reason));
    await expect(
      stopped.run({}, (_, kind) => {
        if (kind === 'plan') stopped.ended.abort(reason);
      }),
    ).rejects.toThrow('stopping');
  });
});
