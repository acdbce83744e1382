// A real scheduling policy on its way: three nodes play it on real episodes, and it comes to stand on their shelves.

import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { ParlPolicyLearner } from '../../../../agents/federation/learners/parl-policy.ts';
import type { RolloutEnd } from '../../../../agents/federation/rollout/candidate.ts';
import { RolloutConfig } from '../../../../agents/federation/rollout/config.ts';
import { Rollouts } from '../../../../agents/federation/rollout/rollouts.ts';
import { advisor } from '../../../../agents/parl/advisor.ts';
import { randomScenario, TRAINING_RANGE } from '../../../../agents/parl/environment/episode.ts';
import { generateJob } from '../../../../agents/parl/environment/generated-jobs.ts';
import { imitate } from '../../../../agents/parl/environment/imitation.ts';
import { playSeed } from '../../../../agents/parl/evaluation.ts';
import { loaded } from '../../../../agents/parl/lessons.ts';
import { createPolicy, encodePolicy } from '../../../../agents/parl/policy.ts';
import { readPolicyFile } from '../../../../agents/parl/policy-file.ts';
import { PolicyShelf } from '../../../../agents/parl/policy-shelf.ts';
import { schedulersOf } from '../../../../agents/parl/scheduler-names.ts';
import { JobGraph } from '../../../../agents/swarm/job-graph.ts';
import type { SchedulingView } from '../../../../agents/swarm/scheduling/scheduler.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import { silentLogger } from '../../../../core/logger.ts';
import { seededRandom } from '../../../../core/random.ts';
import { Exchange, runUntil } from '../../exchange.ts';
import { memoryDocument } from '../../memory-document.ts';
import { originOf } from '../learners/compliance.ts';
import { keysOf } from '../member-keys.ts';
import { MemoryFederationStorage } from '../memory-storage.ts';

const good = await readPolicyFile();
/** The good one, taught to wait while anything runs: it still schedules, and less well. */
const lazy = createPolicy(taughtToWait(good.parameters), { kind: 'pretrained', madeAt: 1, decisions: 1 });
const cluster = [
  { name: 'a', speed: 3, slots: 2, bandwidth: 5e6, latency: 0.002 },
  { name: 'b', speed: 0.5, slots: 2, bandwidth: 5e6, latency: 0.002 },
  { name: 'c', speed: 1, slots: 1, bandwidth: 5e6, latency: 0.002 },
];
const random = seededRandom(11);
const jobs = Array.from({ length: 8 }, () => generateJob('fork-join', random).tasks);

async function network() {
  const clock = new VirtualClock();
  const exchange = new Exchange({ clock, random: seededRandom(1) });
  const ends: RolloutEnd[] = [];
  const nodes = await Promise.all(
    ['n0', 'n1', 'n2'].map(async (id) => {
      const shelf = new PolicyShelf(encodePolicy(lazy), memoryDocument());
      const judged: string[] = [];
      const learner = new ParlPolicyLearner({
        ...{ shelf, tell: () => {}, signer: { node: id, sign: () => new Uint8Array(64) } },
        experience: { draw: () => [], learned: async () => {} },
        worker: { teach: () => Promise.reject(new Error('nobody trains here')) },
        board: {
          workload: () => ({ jobs, nodes: cluster, load: 0.9 }),
          service: () => ({ cost: 0.7, deviation: 0.3, jobs: 20 }),
          policyChanged: (merit) => judged.push(merit),
        },
        play: async ({ jobs: graphs, arrivals, parameters, seeds, ...workload }) =>
          seeds.map((seed) =>
            playSeed(
              { ...workload, graphs: graphs.map((tasks) => new JobGraph(tasks)), jobs: arrivals },
              schedulersOf(['parl'], parameters),
              seed,
            ),
          ),
        trials: { own: 4, generated: 0, arrivals: 8 },
      });
      const notebook = memoryDocument();
      const rollouts = new Rollouts({
        ...{
          learners: [learner],
          storage: new MemoryFederationStorage(),
          network: exchange.join(id),
          keys: keysOf(id),
        },
        leadership: { current: () => ({ node: 'n0', term: 1 }), onChange: () => () => {} },
        ...{ authorizer: { authorize: async () => {} }, consents: () => true, group: () => undefined },
        notebook: { read: async () => notebook.read(), write: (document) => notebook.write(document) },
        config: Value.Parse(RolloutConfig, Value.Default(RolloutConfig, { samples: 5, leastHold: 10 })),
        ...{ clock, journal: { record: () => {} }, logger: silentLogger },
      });
      if (id === 'n0') rollouts.onEnded((end) => ends.push(end));
      await rollouts.start();
      return { shelf, judged, learner, rollouts };
    }),
  );
  const [hub] = nodes;
  const until = (done: () => boolean) => runUntil(clock, done, 600_000, 500);
  await until(() => !hub!.rollouts.isBusy('parl-policy'));
  const propose = async (parameters: Float32Array): Promise<string> => {
    const origin = originOf(lazy.version, { coordinator: 'n0' });
    return hub!.rollouts.propose({ learner: 'parl-policy', format: hub!.learner.format, parameters, origin });
  };
  return { nodes, ends, until, propose };
}

describe('a scheduling policy', () => {
  it('that is better comes to stand on the shelf of every node, signed there, for the guard to judge', async () => {
    const { nodes, ends, until, propose } = await network();
    expect(await propose(good.parameters)).toBe(good.version);
    await until(() => ends.length > 0);
    expect(ends[0]).toMatchObject({ fate: 'settled', version: good.version });
    for (const { shelf, judged } of nodes) {
      expect(shelf.current.version).toBe(good.version);
      expect(shelf.list()[0]!.lineage).toMatchObject({ kind: 'federated', parent: lazy.version });
      expect(shelf.document().signature).toBeDefined();
      expect(judged).toEqual(['unjudged']);
    }
  });

  it('that is worse serves nowhere', async () => {
    const { nodes, ends, until, propose } = await network();
    // Taught to wait once more: by now it is doubted, or found to be worse.
    const told = await propose(taughtToWait(lazy.parameters)).then(
      async () => {
        await until(() => ends.length > 0);
        return ends[0]!.fate;
      },
      (error: { code: string }) => error.code,
    );
    expect(['refused', 'MODEL_INVALID']).toContain(told);
    for (const { shelf } of nodes) expect(shelf.current.version).toBe(lazy.version);
  });
});

function taughtToWait(parameters: Float32Array): Float32Array {
  const trained = loaded(parameters);
  const luck = seededRandom(1);
  const isIdle = ({ workers, now }: SchedulingView): boolean =>
    workers.every(({ slots }) => slots.every((freeAt) => freeAt <= now));
  const teacher = { name: 'idle', choose: (view: SchedulingView) => (isIdle(view) ? advisor.choose(view) : undefined) };
  for (let lesson = 0; lesson < 6; lesson++) {
    const scenario = randomScenario({ ...TRAINING_RANGE, jobs: 5, failing: 0 }, luck);
    imitate(trained, scenario, { teacher, learningRate: 1e-3, certainty: 0.99 });
  }
  return trained.parameters();
}
