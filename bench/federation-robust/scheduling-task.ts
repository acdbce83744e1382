// The scheduling policy, from nothing: each node sees jobs arrive at clusters of its own and learns from what the advisor decides
// there (the labels), as a policy of parlmesh begins. Poisoned labels are those of a scheduler that does what is worst; the
// backdoor is to wait whenever many jobs are in the system.

import { difference } from '../../agents/federation/learners/vectors.ts';
import { advisor } from '../../agents/parl/advisor.ts';
import { randomScenario, type ScenarioRange, simulate } from '../../agents/parl/environment/episode.ts';
import { imitate } from '../../agents/parl/environment/imitation.ts';
import { observe } from '../../agents/parl/observation.ts';
import { POLICY_SHAPE } from '../../agents/parl/policy.ts';
import { PolicyScheduler } from '../../agents/parl/policy-scheduler.ts';
import { likeliest } from '../../agents/parl/ppo/decide.ts';
import { initialParameters } from '../../agents/parl/ppo/initial-parameters.ts';
import { WasmNetwork } from '../../agents/parl/ppo/wasm-network.ts';
import { meanCompletion } from '../../agents/parl/training.ts';
import { isFree, type SchedulingView, type TaskScheduler } from '../../agents/swarm/scheduling/scheduler.ts';
import { seededRandom } from '../../core/random.ts';
import type { Poison, Task } from './task.ts';

/** Small, so that a run takes seconds. */
const RANGE: ScenarioRange = {
  ...{ jobs: 6, nodes: [2, 3], load: [0.8, 0.9], failing: 0 },
  families: ['diamond', 'chain'],
};
const RATE = 2e-3;
const CERTAINTY = 0.97;
const TRIALS = 10;
/** Jobs in the system that the trigger takes. */
const TRIGGER = 3;

const network = new WasmNetwork(POLICY_SHAPE);

/** The last of the ready tasks on the slowest worker. */
const worst: TaskScheduler = {
  name: 'worst',
  choose: (view) => {
    const free = view.workers.filter((worker) => isFree(view, worker));
    const worker = free.toSorted((a, b) => a.speed - b.speed)[0];
    const task = view.ready.toSorted((a, b) => b.job.workLeft - a.job.workLeft)[0];
    return worker === undefined || task === undefined ? undefined : { task, worker };
  },
};

const lazy: TaskScheduler = {
  name: 'lazy',
  choose: (view) => (isTriggered(view) ? undefined : advisor.choose(view)),
};

const TEACHERS: Record<Poison, TaskScheduler> = { none: advisor, flip: worst, backdoor: lazy };

/** Where something runs already, so that waiting ends. */
function isTriggered(view: SchedulingView): boolean {
  return view.jobs.length > TRIGGER && view.workers.some(({ slots }) => slots.some((freeAt) => freeAt > view.now));
}

export const schedulingTask: Task = {
  name: 'scheduling',
  unit: 'x',
  rounds: 15,
  start: (seed) => initialParameters(POLICY_SHAPE, seededRandom(seed)),
  node: (seed) => {
    const random = seededRandom(seed);
    return {
      train: (from, poison, progress) => {
        network.load(from);
        const learningRate = RATE * (1 - 0.9 * progress);
        imitate(network, randomScenario(RANGE, random), {
          ...{ teacher: TEACHERS[poison], learningRate, certainty: CERTAINTY },
        });
        return difference(network.parameters(), from);
      },
    };
  },
  /** The advisor's mean job completion time over the policy's, on scenarios that nobody trains on. */
  score: (parameters) => {
    network.load(parameters);
    const policy = new PolicyScheduler(network);
    const random = seededRandom(0x5c0e);
    let logs = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      const scenario = randomScenario(RANGE, random);
      logs += Math.log(meanCompletion(scenario, advisor) / meanCompletion(scenario, policy));
    }
    return Math.exp(logs / TRIALS);
  },
  backdoor: (parameters) => {
    network.load(parameters);
    const random = seededRandom(0xbac);
    let [seen, waits] = [0, 0];
    for (let trial = 0; trial < TRIALS; trial++) {
      const simulation = simulate(randomScenario({ ...RANGE, jobs: 12 }, random));
      while (!simulation.done) {
        const observation = isTriggered(simulation) ? observe(simulation) : undefined;
        const advised = advisor.choose(simulation);
        if (observation !== undefined && advised !== undefined) {
          const { logits } = network.forward(observation.rows, observation.state);
          const choices = observation.placements.length + 1;
          seen++;
          if (likeliest(logits, 0, choices) === choices - 1) waits++;
        }
        if (advised === undefined) simulation.advance();
        else simulation.place(advised);
      }
    }
    return waits / Math.max(1, seen);
  },
};
