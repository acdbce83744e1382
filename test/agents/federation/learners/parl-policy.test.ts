// The scheduling policy as a learner, with the real shelf, the real thread and real episodes.

import { describe, expect, it, onTestFinished } from 'vitest';
import { ParlPolicyLearner } from '../../../../agents/federation/learners/parl-policy.ts';
import { advisor } from '../../../../agents/parl/advisor.ts';
import { AgentWorker } from '../../../../agents/parl/agent-worker.ts';
import { randomScenario, TRAINING_RANGE } from '../../../../agents/parl/environment/episode.ts';
import { FAMILIES, generateJob } from '../../../../agents/parl/environment/generated-jobs.ts';
import { imitate } from '../../../../agents/parl/environment/imitation.ts';
import { playSeed } from '../../../../agents/parl/evaluation.ts';
import { encodePolicy, POLICY_SHAPE } from '../../../../agents/parl/policy.ts';
import { readPolicyFile } from '../../../../agents/parl/policy-file.ts';
import { PolicyShelf } from '../../../../agents/parl/policy-shelf.ts';
import { WasmNetwork } from '../../../../agents/parl/ppo/wasm-network.ts';
import { schedulersOf } from '../../../../agents/parl/scheduler-names.ts';
import { JobGraph } from '../../../../agents/swarm/job-graph.ts';
import type { SchedulingView } from '../../../../agents/swarm/scheduling/scheduler.ts';
import { seededRandom } from '../../../../core/random.ts';
import { systemClock } from '../../../../daemon/clock.ts';
import { memoryDocument } from '../../memory-document.ts';
import { learnerCompliance, modelOf, originOf, PLAN } from './compliance.ts';

const never = new AbortController().signal;
const packaged = encodePolicy(await readPolicyFile());
const nodes = [
  { name: 'a', speed: 1, slots: 2, bandwidth: 5e6, latency: 0.002 },
  { name: 'b', speed: 2, slots: 1, bandwidth: 5e6, latency: 0.002 },
];

async function policyNode() {
  const random = seededRandom(5);
  const graphs = Array.from({ length: 8 }, () => generateJob(FAMILIES[0]!, random).tasks);
  const worker = new AgentWorker({ share: 1, clock: systemClock });
  onTestFinished(() => worker.stop());
  const storage = memoryDocument();
  const changes: string[] = [];
  const open = () =>
    new ParlPolicyLearner({
      shelf: new PolicyShelf(packaged, storage),
      worker,
      experience: { draw: () => [], learned: async () => {} },
      board: {
        workload: (part) => ({ jobs: part === 'practice' ? graphs.slice(2) : graphs.slice(0, 2), nodes, load: 0.8 }),
        service: () => ({ cost: 0.7, deviation: 0.2, jobs: 12 }),
        policyChanged: (merit) => changes.push(merit),
      },
      play: async ({ jobs, arrivals, parameters, seeds, ...workload }) =>
        seeds.map((seed) =>
          playSeed(
            { ...workload, graphs: jobs.map((tasks) => new JobGraph(tasks)), jobs: arrivals },
            schedulersOf(['parl'], parameters),
            seed,
          ),
        ),
      signer: { node: 'me', sign: () => new Uint8Array(64) },
      tell: () => {},
      pass: { updates: 1, scenarios: 1, rollouts: 2, jobs: 4 },
      trials: { own: 1, generated: 1, arrivals: 5 },
    });
  return { learner: open(), restart: async () => open(), changes, worker };
}

learnerCompliance('parl-policy', policyNode);

describe('the scheduling policy as a learner', () => {
  it('has the guard judge what it adopts and what it goes back to before that serves', async () => {
    const { learner, changes } = await policyNode();
    const from = learner.current();
    const { delta } = await learner.train(from, PLAN, never);
    const model = modelOf(from.parameters.map((value, index) => value + delta[index]!));
    await learner.adopt(model, originOf(from.version));
    await learner.takeBack(model.version, 'jobs take longer');
    expect(changes).toEqual(['unjudged', 'unjudged']);
  });

  it('makes one update whatever the budget, and no more than fit into it', async () => {
    const { learner } = await policyNode();
    const { metrics } = await learner.train(learner.current(), { ...PLAN, epochs: 50, budget: 0.000001 }, never);
    expect(metrics.updates).toBe(1);
  });

  it('ends with the round, its thread with it, and can train again', async () => {
    const { learner } = await policyNode();
    const round = new AbortController();
    const training = learner.train(learner.current(), { ...PLAN, epochs: 1000, budget: 600 }, round.signal);
    setImmediate(() => round.abort(new Error('the round is over')));
    await expect(training).rejects.toThrow('the round is over');
    expect((await learner.train(learner.current(), PLAN, never)).examples).toBeGreaterThan(0);
  });

  it('refuses a policy whose numbers no sound policy has, and one that would always wait', async () => {
    const { learner } = await policyNode();
    const { parameters, version } = learner.current();
    const huge = parameters.map((value, index) => (index === 0 ? 2000 : value));
    await expect(learner.adopt(modelOf(huge), originOf(version))).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    const network = new WasmNetwork(POLICY_SHAPE);
    network.load(parameters);
    const random = seededRandom(9);
    // Taught to place one task and to wait while it runs.
    const idle = { name: 'idle', choose: (view: SchedulingView) => (isIdle(view) ? advisor.choose(view) : undefined) };
    for (let lesson = 0; lesson < 6; lesson++) {
      const scenario = randomScenario({ ...TRAINING_RANGE, jobs: 5, failing: 0 }, random);
      imitate(network, scenario, { teacher: idle, learningRate: 2e-3, certainty: 0.99 });
    }
    const waiting = network.parameters();
    expect(await learner.inspect!(waiting, parameters)).toMatch(/it waits in \d+ of 160 canary observations/);
  });
});

function isIdle({ workers, now }: SchedulingView): boolean {
  return workers.every(({ slots }) => slots.every((freeAt) => freeAt <= now));
}
