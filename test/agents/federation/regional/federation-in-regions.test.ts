// A whole federation in regions on virtual time: the real coordinator and participants, who know nothing of regions.

import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { PlainArithmetic } from '../../../../agents/federation/aggregation/plain-arithmetic.ts';
import { coordinateMedian } from '../../../../agents/federation/aggregation/rules/trimmed-mean.ts';
import { FederationConfig } from '../../../../agents/federation/config.ts';
import { FederatedCoordinator } from '../../../../agents/federation/federated-coordinator.ts';
import { bytesOf, versionOf } from '../../../../agents/federation/messages.ts';
import { Participant } from '../../../../agents/federation/participant.ts';
import { RegionalAggregation } from '../../../../agents/federation/regional/regional-aggregation.ts';
import { RegionalDispatch } from '../../../../agents/federation/regional/regional-dispatch.ts';
import { RegionalHead } from '../../../../agents/federation/regional/regional-head.ts';
import { RegionalIntake } from '../../../../agents/federation/regional/regional-intake.ts';
import { RegionalNetwork } from '../../../../agents/federation/regional/regional-network.ts';
import type { Candidate } from '../../../../agents/federation/rollout/candidate.ts';
import { DirectDispatch } from '../../../../agents/federation/rounds/direct-dispatch.ts';
import { Int8Codec } from '../../../../agents/federation/rounds/int8-codec.ts';
import { Post } from '../../../../agents/federation/rounds/post.ts';
import { SimulatedNetworks } from '../../../../agents/federation/simulation/simulated-network.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import { silentLogger } from '../../../../core/logger.ts';
import { seededRandom } from '../../../../core/random.ts';
import { keysOf } from '../member-keys.ts';
import { MemoryFederationStorage } from '../memory-storage.ts';
import { Disk, LEARNER, Seat, ToyLearner } from '../rounds/virtual-federation.ts';

const NODES = 56;
const SIZE = 40;
const SEAT = { node: 'c', term: 1 };

function federation() {
  const clock = new VirtualClock();
  const ways = { clock, random: seededRandom(1), delay: () => 2, loss: 0, noticeAfter: 20, syncEvery: 0 };
  const networks = new SimulatedNetworks(ways);
  const journal = { record: () => {} };
  const rule = coordinateMedian({ arithmetic: new PlainArithmetic() });
  const members = Array.from({ length: NODES }, (_, node) => {
    const id = `n${node}`;
    const network = networks.join(id);
    const leadership = new Seat(SEAT);
    const keys = keysOf(id);
    const regional = new RegionalNetwork({ network, leadership, clock, random: seededRandom(node) });
    const codec = new Int8Codec();
    regional.lead(
      new RegionalHead({
        ...{
          network,
          keys,
          codec: new Int8Codec(),
          codecs: new Map([['int8', codec]]),
          rule: () => rule.name,
          clock,
          journal,
        },
        shape: () => ({ learner: LEARNER, format: 1, size: SIZE }),
        aggregate: (updates) => rule.aggregate(updates),
        coordinator: () => 'c',
        toldItself: (told) => regional.passedOn(id, told),
      }),
    );
    // A third pulls the other way, a hundred times as far.
    const learner = new ToyLearner(clock, new Disk(), SIZE, node % 3 === 0 ? -100 : 2);
    const participant = new Participant({
      ...{ network: regional, post: new Post(regional), keys, leadership, learners: [learner], codec, clock, journal },
      ...{ gates: [], budget: () => 30, condition: () => ({ pressure: 0 }), random: seededRandom(node) },
      notebook: { read: async () => undefined, write: async () => {} },
    });
    return { id, regional, participant };
  });
  const network = networks.join('c');
  const post = new Post(network);
  const codec = new Int8Codec();
  const codecs = new Map([['int8', codec]]);
  const storage = new MemoryFederationStorage();
  const dispatch = new RegionalDispatch({
    ...{ post, clock, inner: new DirectDispatch(post, clock, seededRandom(2)) },
    describe: (nodes) => nodes.map((id) => ({ id, cost: 1, mayHead: true })),
    distance: (a, b) => 0.01 + Math.abs((Number(a.slice(1)) >> 3) - (Number(b.slice(1)) >> 3)),
  });
  const proposed: Candidate[] = [];
  const learner = new ToyLearner(clock, new Disk(), SIZE, 0);
  const config = {
    ...{ selection: { share: 1, overSelection: 1 }, quorum: 1, deadline: { least: 60 }, interval: 1e6, examples: 1e9 },
  };
  const coordinator = new FederatedCoordinator({
    ...{ network, post, keys: keysOf('c'), leadership: new Seat(SEAT), learners: [learner], storage, dispatch, clock },
    mayCoordinate: () => true,
    ...{ codecs: [codec], random: seededRandom(3), journal, logger: silentLogger, ownOffer: () => undefined },
    config: Value.Parse(FederationConfig, Value.Default(FederationConfig, config)),
    desk: {
      propose: async (candidate) => {
        proposed.push(candidate);
        return versionOf(bytesOf(candidate.parameters));
      },
      isBusy: () => false,
      settled: async () => learner.current(),
      onEnded: () => () => {},
    },
    aggregation: () =>
      new RegionalAggregation({ codecs, post, clock, audits: 1, aggregate: (updates) => rule.aggregate(updates) }),
  });
  new RegionalIntake({
    ...{ post, keys: keysOf('c'), codecs, dispatch, storage, clock },
    door: (name) => {
      const open = coordinator.open(name);
      return (
        open && {
          shape: { learner: LEARNER, format: 1, size: SIZE },
          number: () => open.state?.facts.number,
          admit: (header) => open.intake.admit(header),
          count: (header, late) => open.intake.count(header, late),
        }
      );
    },
  });
  const pass = async (ms: number, each: () => void = () => {}): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 20) {
      clock.advance(20);
      await new Promise((resolve) => setImmediate(resolve));
      each();
    }
  };
  return { networks, members, coordinator, dispatch, proposed, pass };
}

type Federation = ReturnType<typeof federation>;

async function begun(): Promise<Federation> {
  const whole = federation();
  const { signal } = new AbortController();
  await whole.pass(100);
  await whole.coordinator.start(signal);
  for (const { participant } of whole.members) await participant.start(signal);
  await whole.pass(500);
  await whole.coordinator.runNow(LEARNER);
  return whole;
}

describe('a federation in regions', () => {
  it('ends a round in which every node counts, and a third of liars does not', async () => {
    const { coordinator, dispatch, proposed, members, pass } = await begun();
    await pass(6000);
    const round = coordinator.round(LEARNER)!;
    expect(round.state).toBe('done');
    expect(round.nodes.filter(({ state }) => state === 'in')).toHaveLength(NODES);
    const through = members.reduce((sum, { regional }) => sum + regional.totals.throughHead, 0);
    const { direct, regions } = dispatch.plan(LEARNER, coordinator.open(LEARNER)!.state!.facts.id)!;
    expect(regions.length).toBeGreaterThanOrEqual(6);
    expect(through).toBe(NODES - direct.length);
    // From 0 half of the way to 2, as the honest would; int8 rounds it.
    for (const value of proposed[0]!.parameters) expect(value).toBeCloseTo(1, 1);
    expect(proposed[0]!.origin.nodes).toHaveLength(NODES);
  });

  it('ends a round with everybody left when a head dies in the midst of it', async () => {
    const { coordinator, dispatch, networks, members, pass, proposed } = await begun();
    let dead: string | undefined;
    await pass(90_000, () => {
      const id = coordinator.open(LEARNER)?.state?.facts.id;
      const head = id === undefined ? undefined : dispatch.plan(LEARNER, id)?.regions[0]?.head;
      const held = members.filter(({ regional }) => regional.totals.throughHead > 0).length;
      if (dead !== undefined || head === undefined || held === 0) return;
      dead = head;
      members.find(({ id: member }) => member === head)!.regional.stop();
      networks.kill(head);
    });
    const round = coordinator.round(LEARNER)!;
    const inIt = round.nodes.filter(({ state }) => state === 'in').map(({ node }) => node.id);
    expect(inIt).toHaveLength(NODES - 1);
    expect(inIt).not.toContain(dead);
    expect(round.state).toBe('done');
    for (const value of proposed[0]!.parameters) expect(value).toBeCloseTo(1, 1);
  });
});
