import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { advertise, answerCoordinator, type ClientState } from '../../../../agents/federation/secure/client.ts';
import { digestOf } from '../../../../agents/federation/secure/federation-keys.ts';
import { formGroups, gatherKeys } from '../../../../agents/federation/secure/gathering.ts';
import type { GroupState } from '../../../../agents/federation/secure/group-state.ts';
import { newPair } from '../../../../agents/federation/secure/key-agreement.ts';
import { applyMask, wordsOf } from '../../../../agents/federation/secure/masks.ts';
import { makeMessage, type SecureMessage } from '../../../../agents/federation/secure/messages.ts';
import { closeStep, takeMessage } from '../../../../agents/federation/secure/server.ts';
import { combineShares } from '../../../../agents/federation/secure/shamir.ts';
import { deliver, playRound, type SecureNetwork, secureNetwork, seededSecrets, untilShared } from './nodes.ts';

const input = (node: number): Int32Array => Int32Array.from([node, 10 * node, -node]);

const network = (nodes = 6): SecureNetwork => secureNetwork({ nodes, size: 3, input });

const idsOf = ({ nodes }: SecureNetwork): string[] => [...nodes.keys()];

/** A message of the coordinator with one part of its body changed, signed anew. */
function resigned(net: SecureNetwork, message: SecureMessage, change: object): SecureMessage {
  const body: unknown = JSON.parse(message.signed.body);
  return makeMessage(net.coordinator, { ...Object(body), ...change }, message.data);
}

function upToMasked(net: SecureNetwork): { clients: Map<string, ClientState>; group: GroupState } {
  const { clients, groups } = untilShared(net);
  const closed = closeStep(groups[0]!, net.coordinator);
  const [group] = deliver(net, clients, [closed.state], closed.send);
  return { clients, group: group! };
}

describe('a coordinator that lies', () => {
  test('about the draw: with a neighbour of its choice, or with nonces left out, no node shares anything', () => {
    const net = secureNetwork({ nodes: 12, size: 3, groupSize: 4, input });
    const { coordinator } = net;
    const { gathering } = untilShared(net);
    const { groups, send } = formGroups(gathering, coordinator);
    const victim = groups[0]!.members[0]!.node;
    const other = groups[1]!.members[0]!.node;
    const mine = send.find(({ node }) => node === victim)!.message;
    const theirs = send.find(({ node }) => node === other)!.message;
    const members = JSON.parse(mine.signed.body).members as object[];
    const swapped = [...members.slice(0, -1), (JSON.parse(theirs.signed.body).members as object[])[0]!];
    const nonces = JSON.parse(mine.signed.body).nonces as string[];
    const lies = [
      { members: swapped },
      { number: 1 },
      { nonces: nonces.map((nonce, at) => (at === 5 ? '' : nonce)) },
      { nonces: nonces.map((nonce, at) => (at === 5 ? randomBytes(32).toString('base64') : nonce)) },
      { nonces: nonces.slice(1) },
    ];
    // Each time a node that has answered the plan only.
    const { parts, nonce, weight } = net.nodes.get(victim)!;
    const plan = untilShared(net).planMessage;
    for (const lie of lies) {
      const begun = advertise(parts, plan, coordinator.self, { nonce: nonce.nonce, weight }).state;
      const told = resigned(net, mine, { plan: digestOf(plan.signed.body), ...lie });
      expect(answerCoordinator(begun, told, parts)).toEqual({ state: { kind: 'stopped', reason: 'bad-draw' } });
    }
  });

  test('about keys: one of its own in place of a member’s is not signed by that member', () => {
    const net = network();
    const { rosters, planMessage } = untilShared(net);
    const { node, message } = rosters[0]!;
    const { parts, nonce, weight } = net.nodes.get(node)!;
    const begun = advertise(parts, planMessage, net.coordinator.self, { nonce: nonce.nonce, weight }).state;
    const members = JSON.parse(message.signed.body).members as { body: string; signature: string }[];
    const forged = members.map((statement) => {
      const body = JSON.parse(statement.body) as Record<string, unknown>;
      if (body.node === node) return statement;
      const masking = Buffer.from(newPair(randomBytes).publicKey).toString('base64');
      return { ...statement, body: JSON.stringify({ ...body, masking }) };
    });
    const step = answerCoordinator(begun, resigned(net, message, { members: forged }), parts);
    expect(step).toEqual({ state: { kind: 'stopped', reason: 'bad-signature' } });
  });

  test('about who is still there: to two lists no set of nodes large enough signs, and nobody gives shares', () => {
    const net = network(6); // 5 of 6 are needed
    const { clients, group } = upToMasked(net);
    if (group.kind !== 'masking') throw new Error(group.kind);
    const ids = group.members.map(({ node }) => node);
    const lists = [
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 5],
    ];
    const signed = lists.map(() => new Map<number, string>());
    for (const [member, node] of ids.entries()) {
      const which = lists.findIndex((list) => list.includes(member) && (member % 2 === 0 || list.includes(5)));
      const message = makeMessage(net.coordinator, {
        kind: 'survivors',
        node: net.coordinator.self,
        group: group.group,
        survivors: lists[which]!,
      });
      const step = answerCoordinator(clients.get(node)!, message, net.nodes.get(node)!.parts);
      clients.set(node, step.state);
      if (step.answer !== undefined) signed[which]!.set(member, step.answer.signed.signature);
    }
    for (const [which, signatures] of signed.entries()) {
      const agreed = [...signatures]
        .map(([member, signature]) => ({ member, signature }))
        .sort((a, b) => a.member - b.member);
      expect(agreed.length, `list ${which}`).toBeLessThan(5);
      const message = makeMessage(net.coordinator, {
        kind: 'agreement',
        node: net.coordinator.self,
        group: group.group,
        agreed,
      });
      for (const node of ids) {
        const step = answerCoordinator(clients.get(node)!, message, net.nodes.get(node)!.parts);
        expect(step.answer).toBeUndefined();
      }
    }
  });

  test('to one node, with a second list after the first: it stops for good', () => {
    const net = network(6);
    const { clients, group } = upToMasked(net);
    const node = group.members[0]!.node;
    const { parts } = net.nodes.get(node)!;
    const survivors = (list: number[]): SecureMessage =>
      makeMessage(net.coordinator, {
        kind: 'survivors',
        node: net.coordinator.self,
        group: group.group,
        survivors: list,
      });
    const first = answerCoordinator(clients.get(node)!, survivors([0, 1, 2, 3, 4]), parts);
    expect(first.state.kind).toBe('agreed');
    // The very same again is a lost answer, and gets the very same answer.
    expect(answerCoordinator(first.state, survivors([0, 1, 2, 3, 4]), parts).answer).toEqual(first.answer);
    const second = answerCoordinator(first.state, survivors([0, 1, 2, 3, 5]), parts);
    expect(second).toEqual({ state: { kind: 'stopped', reason: 'contradiction' } });
    expect(answerCoordinator(second.state, survivors([0, 1, 2, 3, 4]), parts).answer).toBeUndefined();
  });

  test('with fewer signatures than needed, or with one copied from another member, it gets no shares', () => {
    const net = network(6);
    const { clients, group } = upToMasked(net);
    const closed = closeStep(group, net.coordinator);
    const [agreeing] = deliver(net, clients, [closed.state], closed.send);
    const agreement = closeStep(agreeing!, net.coordinator).send[0]!;
    const agreed = JSON.parse(agreement.message.signed.body).agreed as { member: number; signature: string }[];
    const { parts } = net.nodes.get(agreement.node)!;
    const state = clients.get(agreement.node)!;
    const answerTo = (list: object[]) =>
      answerCoordinator(state, resigned(net, agreement.message, { agreed: list }), parts);
    expect(answerTo(agreed.slice(0, 4)).state).toEqual({ kind: 'stopped', reason: 'too-few' });
    const copied = agreed.map((entry, at) => (at === 1 ? { ...entry, signature: agreed[0]!.signature } : entry));
    expect(answerTo(copied).state).toEqual({ kind: 'stopped', reason: 'bad-signature' });
    expect(answerTo(agreed).answer).toBeDefined();
  });

  test('with steps out of order or of another group, nodes stop', () => {
    const net = network(6);
    const { clients, group } = upToMasked(net);
    const node = group.members[0]!.node;
    const { parts } = net.nodes.get(node)!;
    const message = (body: object): SecureMessage =>
      makeMessage(net.coordinator, { node: net.coordinator.self, ...body });
    const early = message({ kind: 'agreement', group: group.group, agreed: [] });
    expect(answerCoordinator(clients.get(node)!, early, parts).state).toEqual({
      kind: 'stopped',
      reason: 'out-of-order',
    });
    const elsewhere = message({ kind: 'survivors', group: 'f'.repeat(64), survivors: [0, 1, 2, 3, 4] });
    expect(answerCoordinator(clients.get(node)!, elsewhere, parts).state).toEqual({
      kind: 'stopped',
      reason: 'not-the-coordinator',
    });
  });

  test('with an old plan: the nonce that it asks for is not the one of this round', () => {
    const net = network(3);
    const { planMessage } = untilShared(net);
    const { parts, weight } = net.nodes.get(idsOf(net)[0]!)!;
    const other = Buffer.from(seededSecrets('next round')(32)).toString('base64');
    expect(advertise(parts, planMessage, net.coordinator.self, { nonce: other, weight }).state).toEqual({
      kind: 'stopped',
      reason: 'not-invited',
    });
  });

  test('with groups smaller than a node takes part in: it stays out', () => {
    const net = network(6);
    const { planMessage } = untilShared(net);
    const { parts, nonce, weight } = net.nodes.get(idsOf(net)[0]!)!;
    const strict = { ...parts, smallestGroup: 8 };
    expect(advertise(strict, planMessage, net.coordinator.self, { nonce: nonce.nonce, weight }).state).toEqual({
      kind: 'stopped',
      reason: 'group-too-small',
    });
  });
});

describe('what the coordinator sees', () => {
  test('of no node are there shares of both secrets, whoever vanishes', () => {
    const net = network(8);
    const [first, second] = idsOf(net);
    const { seen, groups } = playRound(
      net,
      new Map([
        [first!, 'masked'],
        [second!, 'unmask'],
      ]),
    );
    const group = groups[0]!;
    if (group.kind !== 'summed') throw new Error(group.kind);
    const members = group.members.map(({ node }) => node);
    const unmask = seen.filter(({ signed }) => (JSON.parse(signed.body) as { kind: string }).kind === 'unmask');
    expect(unmask).toHaveLength(6);
    const shares = seen.filter(({ signed }) => (JSON.parse(signed.body) as { kind: string }).kind === 'shares');
    for (const [member, node] of members.entries()) {
      const given = unmask.map(({ signed, data }) => ({
        at: members.indexOf((JSON.parse(signed.body) as { node: string }).node) + 1,
        value: data.subarray(member * 32, member * 32 + 32),
      }));
      const secret = combineShares(given);
      const seal = (
        JSON.parse(shares.find(({ signed }) => signed.body.includes(node))!.signed.body) as { seal: string }
      ).seal;
      // Of the one whose update is missing it is the masking key; of all others the seed.
      expect(digestOf(secret) === seal).toBe(node !== first);
    }
  });

  test('a masked update less the mask that the coordinator learns is still noise: no byte of it tells the update', () => {
    const size = 4096;
    const net = secureNetwork({ nodes: 4, size, input: () => new Int32Array(size) });
    const { seen, groups } = playRound(net);
    if (groups[0]!.kind !== 'summed') throw new Error('no sum');
    expect(groups[0]!.result.mean.every((value) => value === 0)).toBe(true);
    const members = groups[0]!.members.map(({ node }) => node);
    const of = (kind: string) =>
      seen.filter(({ signed }) => (JSON.parse(signed.body) as { kind: string }).kind === kind);
    const makerOf = ({ signed }: SecureMessage): number =>
      members.indexOf((JSON.parse(signed.body) as { node: string }).node);
    for (const message of of('masked')) {
      const member = makerOf(message);
      const seed = combineShares(
        of('unmask').map((one) => ({ at: makerOf(one) + 1, value: one.data.subarray(member * 32, member * 32 + 32) })),
      );
      const rest = Uint32Array.from(wordsOf(message.data));
      applyMask(rest, seed, -1);
      const counts = new Array<number>(256).fill(0);
      for (const byte of new Uint8Array(rest.buffer)) counts[byte]!++;
      const expected = (4 * size) / 256;
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // 255 degrees of freedom: mean 255, standard deviation 22.6.
      expect(Math.abs(chiSquare - 255)).toBeLessThan(5 * 22.6);
    }
  });
});

describe('a node that lies', () => {
  test('with a wrong share is named, and the sum is right where enough others are left', () => {
    const net = network(8); // 6 of 8
    const { clients, group } = upToMasked(net);
    let state = group;
    const agreeing = closeStep(state, net.coordinator);
    [state] = deliver(net, clients, [agreeing.state], agreeing.send) as [GroupState];
    const unmasking = closeStep(state, net.coordinator);
    state = unmasking.state;
    const liar = group.members[2]!.node;
    for (const { node, message } of unmasking.send) {
      const { answer } = answerCoordinator(clients.get(node)!, message, net.nodes.get(node)!.parts);
      let sent = answer!;
      if (node === liar) {
        const data = Uint8Array.from(sent.data, (byte, at) => (at % 32 === 31 ? byte ^ 1 : byte));
        const body = JSON.parse(sent.signed.body) as object;
        sent = makeMessage(net.nodes.get(node)!.parts.keys, { ...body, digest: digestOf(data) }, data);
      }
      const taken = takeMessage(state, net.coordinator, sent);
      expect(taken.refused).toBeUndefined();
      state = taken.state;
    }
    const { state: summed } = closeStep(state, net.coordinator);
    if (summed.kind !== 'summed') throw new Error(JSON.stringify(summed));
    expect(summed.result.wrongShares).toEqual([liar]);
    // (0 + 1 + … + 7) / 8 steps of 2^-20
    expect(summed.result.mean[0]).toBeCloseTo(3.5 / 2 ** 20, 12);
  });

  test('is refused with a word for each kind of wrong message, and the state stays as it was', () => {
    const net = network(5);
    const { groups } = untilShared(net);
    const closed = closeStep(groups[0]!, net.coordinator);
    const state = closed.state;
    const keys = net.nodes.get(state.members[0]!.node)!.parts.keys;
    const stranger = network(1).nodes.values().next().value!.parts.keys;
    const data = new Uint8Array(12);
    const body = { kind: 'masked', node: keys.self, group: state.group, digest: digestOf(data) };
    const refusedAs = (message: SecureMessage) => {
      const taken = takeMessage(state, net.coordinator, message);
      expect(taken.state).toBe(state);
      return taken.refused;
    };
    expect(refusedAs(makeMessage(keys, { ...body, digest: 'f'.repeat(64) }, data))).toBe('digest-mismatch');
    expect(refusedAs(makeMessage(keys, { ...body, digest: digestOf(new Uint8Array(100)) }, new Uint8Array(100)))).toBe(
      'wrong-length',
    );
    expect(refusedAs(makeMessage(keys, { ...body, group: 'a'.repeat(64) }, data))).toBe('wrong-round');
    expect(refusedAs(makeMessage(keys, { ...body, kind: 'unmask' }, data))).toBe('wrong-step');
    expect(refusedAs(makeMessage(keys, { ...body, node: net.coordinator.self }, data))).toBe('stranger');
    expect(refusedAs(makeMessage(stranger, body, data))).toBe('bad-signature');
    expect(refusedAs({ signed: { body: 'not json', signature: '' }, data })).toBe('malformed');
    expect(refusedAs({ signed: { body: 'x'.repeat(600_000), signature: '' }, data })).toBe('malformed');
    expect(refusedAs(makeMessage(keys, { ...body, more: 1 }, data))).toBe('malformed');
    const once = takeMessage(state, net.coordinator, makeMessage(keys, body, data));
    expect(once.refused).toBeUndefined();
    expect(takeMessage(once.state, net.coordinator, makeMessage(keys, body, data)).refused).toBe('duplicate');
  });

  test('cannot take part with keys for another round, a nonce of after the plan, or twice', () => {
    const net = network(4);
    const { gathering, planMessage } = untilShared(net);
    const fresh = { ...gathering, told: new Map() };
    const node = idsOf(net)[0]!;
    const { parts, nonce, weight } = net.nodes.get(node)!;
    const { answer } = advertise(parts, planMessage, net.coordinator.self, { nonce: nonce.nonce, weight });
    const body = JSON.parse(answer!.signed.body) as object;
    const told = (change: object) =>
      gatherKeys(fresh, net.coordinator, makeMessage(parts.keys, { ...body, ...change })).refused;
    expect(told({})).toBeUndefined();
    expect(told({ plan: 'f'.repeat(64) })).toBe('wrong-round');
    expect(told({ nonce: randomBytes(32).toString('base64') })).toBe('bad-nonce');
    expect(told({ weight: 1001 })).toBe('malformed');
    expect(gatherKeys(gathering, net.coordinator, answer!).refused).toBe('contradiction');
  });
});
