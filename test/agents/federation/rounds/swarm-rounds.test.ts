import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { fedAvg } from '../../../../agents/federation/aggregation/rules/fed-avg.ts';
import { FederationConfig } from '../../../../agents/federation/config.ts';
import { FederatedCoordinator } from '../../../../agents/federation/federated-coordinator.ts';
import { PARLFederatedOrchestrator, trainingSwarm } from '../../../../agents/federation/parl-federated-orchestrator.ts';
import { Participant } from '../../../../agents/federation/participant.ts';
import { DirectDispatch } from '../../../../agents/federation/rounds/direct-dispatch.ts';
import { float32Codec } from '../../../../agents/federation/rounds/float32-codec.ts';
import { PlainAggregation } from '../../../../agents/federation/rounds/plain-aggregation.ts';
import { Post } from '../../../../agents/federation/rounds/post.ts';
import { TRAIN_TASK, TrainExecutor } from '../../../../agents/federation/rounds/training-task.ts';
import { WaitExecutor } from '../../../../agents/swarm/executors/wait.ts';
import { silentLogger } from '../../../../core/logger.ts';
import { seededRandom } from '../../../../core/random.ts';
import { VirtualSwarm } from '../../swarm/virtual-swarm.ts';
import { keysOf } from '../member-keys.ts';
import { Disk, LEARNER, Seat, ToyDesk, ToyLearner } from './virtual-federation.ts';

/** A swarm whose nodes also take part in a federation. */
async function swarmFederation(ids: readonly string[], idle: readonly string[] = []) {
  const participants = new Map<string, Participant>();
  const swarm = new VirtualSwarm({
    executors: (node, clock) => [new WaitExecutor(clock), new TrainExecutor(() => participants.get(node))],
  });
  swarm.step = 20;
  const leadership = new Seat({ node: 'n0', term: 1 });
  const learners = new Map<string, ToyLearner>();
  let coordinator: FederatedCoordinator | undefined;
  const start: (() => Promise<void>)[] = [];
  for (const id of ids) {
    const node = await swarm.start(id, { work: !idle.includes(id) });
    const { network } = swarm.exchange.seats.get(id)!;
    const [disk, post, random] = [new Disk(), new Post(network), seededRandom(ids.indexOf(id))];
    const learner = new ToyLearner(swarm.clock, disk, 20, 1);
    learners.set(id, learner);
    const journal = { record: () => {} };
    const common = {
      network,
      post,
      keys: keysOf(id),
      leadership,
      learners: [learner],
      clock: swarm.clock,
      random,
      journal,
    };
    const participant = new Participant({
      ...common,
      ...{ budget: () => 30, gates: [], codec: float32Codec, condition: () => ({ pressure: 0 }) },
      notebook: { read: async () => undefined, write: async () => {} },
    });
    participants.set(id, participant);
    const settings = { pause: 1, examples: 1, selection: { share: 1 }, deadline: { least: 60 } };
    coordinator ??= new FederatedCoordinator({
      ...common,
      ...{ storage: disk.storage, desk: new ToyDesk(disk, learner), codecs: [float32Codec], logger: silentLogger },
      config: Value.Parse(FederationConfig, Value.Default(FederationConfig, settings)),
      dispatch: new PARLFederatedOrchestrator({
        swarm: trainingSwarm(node.swarm),
        direct: new DirectDispatch(post, swarm.clock, random),
        term: () => leadership.current()!.term,
        logger: silentLogger,
      }),
      aggregation: () =>
        new PlainAggregation({ codecs: [float32Codec], aggregate: (updates) => fedAvg().aggregate(updates) }),
      mayCoordinate: () => true,
      ownOffer: () => participant.offer(),
    });
    start.push(() => participant.start(new AbortController().signal));
  }
  for (const each of start) await each();
  // The nodes get to know each other's swarms.
  await swarm.pass(1500);
  await coordinator!.start(new AbortController().signal);
  const round = async (number: number) => {
    const find = () => coordinator!.history(LEARNER).find((each) => each.number === number);
    await swarm.until(() => find() !== undefined, 300_000);
    return find()!;
  };
  return { swarm, coordinator: coordinator!, participants, learners, round };
}

describe('a round as a job of the swarm', () => {
  it('has one task pinned to each node, which trains there, and ends with the round', async () => {
    const { swarm, round } = await swarmFederation(['n0', 'n1', 'n2', 'n3']);
    expect(await round(1)).toMatchObject({ state: 'done', arrived: 4 });
    const jobs = () =>
      swarm.nodes
        .get('n0')!
        .swarm.window.jobs()
        .filter(({ name }) => name.includes('round 1 of'));
    await swarm.until(() => jobs()[0]?.state === 'succeeded', 10_000);
    expect(jobs()).toHaveLength(1);
    const { tasks } = swarm.nodes.get('n0')!.swarm.window.detail(jobs()[0]!.id)!;
    expect(tasks.map(({ id, kind }) => [id, kind]).sort()).toEqual(
      ['n0', 'n1', 'n2', 'n3'].map((id) => [id, TRAIN_TASK]),
    );
    for (const { id, attempts, result } of tasks) {
      expect(attempts.map(({ node }) => node.id)).toEqual([id]);
      expect(result).toEqual({ answer: { kind: 'accepted', examples: 100 }, end: 'taken' });
    }
  });

  it('invites nodes directly that take no work of the swarm', async () => {
    const { swarm, round, learners } = await swarmFederation(['n0', 'n1', 'n2', 'n3'], ['n3']);
    expect(await round(1)).toMatchObject({ state: 'done', arrived: 4 });
    const job = swarm.nodes
      .get('n0')!
      .swarm.window.jobs()
      .find(({ name }) => name.includes('round 1 of'))!;
    expect(
      swarm.nodes
        .get('n0')!
        .swarm.window.detail(job.id)!
        .tasks.map(({ id }) => id)
        .sort(),
    ).toEqual(['n0', 'n1', 'n2']);
    expect(learners.get('n3')!.trainings).toBe(1);
  });

  it('learns from the task that a node declines, and does not wait for it', async () => {
    const { round, participants } = await swarmFederation(['n0', 'n1', 'n2', 'n3']);
    participants.get('n2')!.invited = async () => ({ kind: 'declined', reason: 'veto', cause: 'not today' });
    const first = await round(1);
    expect(first).toMatchObject({ state: 'done', arrived: 3 });
    expect(first.nodes.find(({ node }) => node.id === 'n2')).toMatchObject({
      state: 'declined',
      why: 'veto: not today',
    });
    expect(first.endedAt! - first.startedAt).toBeLessThan(10_000);
  });

  it('is cancelled with the round, and the nodes stop training', async () => {
    const { swarm, coordinator, participants, learners } = await swarmFederation(['n0', 'n1', 'n2']);
    for (const learner of learners.values()) learner.seconds = 1000;
    await swarm.until(() => coordinator.round(LEARNER)?.state === 'training', 60_000);
    void coordinator.cancel(LEARNER, 'tester');
    const isIdle = () => [...participants.values()].every((each) => each.duties()[0]!.duty.kind === 'idle');
    await swarm.until(isIdle, 5_000);
    expect(coordinator.history(LEARNER)[0]).toMatchObject({ failure: 'cancelled', sentence: 'tester cancelled it' });
    const job = () =>
      swarm.nodes
        .get('n0')!
        .swarm.window.jobs()
        .find(({ name }) => name.includes('round 1 of'))!;
    await swarm.until(() => job().state === 'cancelled', 10_000);
  });
});
