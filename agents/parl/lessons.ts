// How the shard learns: by practice in the simulator, and from what was lived through. Computes for long: for the shard's
// thread. Deterministic by seed.

import { type Random, seededRandom } from '../../core/random.ts';
import { JobGraph } from '../swarm/job-graph.ts';
import { advisor } from './advisor.ts';
import { batchOfDecisions } from './decision-batch.ts';
import { capacityOf, poissonArrivals, randomScenario, type Scenario, TRAINING_RANGE } from './environment/episode.ts';
import { gather } from './environment/gather.ts';
import { type Experience, unpackExperience } from './experience.ts';
import { POLICY_SHAPE } from './policy.ts';
import { advantagesOf } from './ppo/advantages.ts';
import type { Batch } from './ppo/loss.ts';
import type { PolicyNetwork } from './ppo/network.ts';
import { CLEANRL, type TrainerSettings, train } from './ppo/trainer.ts';
import { WasmNetwork } from './ppo/wasm-network.ts';
import type { Learned, LearningPoint, LessonRequest, PracticeAmount, PracticeRequest } from './shard-protocol.ts';

/** Small steps: a policy that serves is to get better, not to begin anew. */
export const SETTINGS: TrainerSettings = {
  ...CLEANRL,
  clipValue: false,
  entropyWeight: 0.002,
  learningRate: 1e-4,
  minibatches: 8,
  maxDivergence: 0.01,
};
const NOISE = 0.2;
/** Time constant of the discount for what was lived through, in mean times between decisions. */
const HORIZON = 200;
const TRACE = 0.95;

export function practise({ parameters, amount, seed, ...request }: PracticeRequest): Learned {
  const random = seededRandom(seed);
  const network = loaded(parameters);
  const ground = practiceGround(request);
  const points = Array.from({ length: amount.updates }, () => practiceUpdate(network, ground, amount, random));
  return { parameters: network.parameters(), points, priorities: [] };
}

/** What practice draws its scenarios from. */
export interface PracticeGround extends Pick<PracticeRequest, 'nodes' | 'load'> {
  graphs: readonly JobGraph[];
}

export function practiceGround({
  jobs,
  nodes,
  load,
}: Pick<PracticeRequest, 'jobs' | 'nodes' | 'load'>): PracticeGround {
  return { nodes, load, graphs: nodes.length === 0 ? [] : jobs.map((tasks) => new JobGraph(tasks)) };
}

/** Plays and learns once: one scenario in two is generated, all where there are no jobs of one's own. */
export function practiceUpdate(
  network: PolicyNetwork,
  { graphs, nodes, load }: PracticeGround,
  amount: PracticeAmount,
  random: Random,
  trainer = SETTINGS,
): LearningPoint {
  const scenarios = Array.from({ length: amount.scenarios }, (_, index) =>
    index % 2 === 0 && graphs.length > 0
      ? ownScenario(graphs, { nodes, load, jobs: amount.jobs }, random)
      : randomScenario({ ...TRAINING_RANGE, jobs: amount.jobs }, random),
  );
  const settings = { reference: advisor, horizon: 2, trace: TRACE, parallelism: 0, finish: 0 };
  const gathered = gather(network, scenarios, { ...settings, rollouts: amount.rollouts }, random);
  return pointOf('practise', network, gathered.batch, gathered.return, random, trainer);
}

/** Batches that this version cannot read are left out, with priority 0: they will be removed as they age. */
export function learn({ parameters, batches, seed }: LessonRequest): Learned {
  const random = seededRandom(seed);
  const network = loaded(parameters);
  const lived = livedBatches(batches);
  const points = lived.map(({ batch }) => lessonOf(network, batch, random));
  const sizes = new Map(lived.map(({ id, batch }) => [id, meanOf(batch.advantages, Math.abs)]));
  const priorities = batches.map(({ id }) => ({ id, priority: sizes.get(id) ?? 0 }));
  return { parameters: network.parameters(), points, priorities };
}

/** Those that this version can read. */
export function livedBatches(batches: LessonRequest['batches']): { id: number; batch: Batch }[] {
  return batches.flatMap(({ id, data }) => {
    const decisions = readable(data);
    return decisions === undefined || decisions.length === 0 ? [] : [{ id, batch: batchOf(decisions) }];
  });
}

export function lessonOf(
  network: PolicyNetwork,
  batch: Batch,
  random: Random,
  trainer: TrainerSettings = SETTINGS,
): LearningPoint {
  return pointOf('learn', network, batch, meanOf(batch.returns), random, trainer);
}

function readable(data: Uint8Array): Experience[] | undefined {
  try {
    return unpackExperience(data);
  } catch {
    return undefined;
  }
}

/** What was lived through as a batch: rewards are told against their own mean, since nobody knows what else would have come. */
export function batchOf(decisions: readonly Experience[]): Batch {
  const steps = decisions.length;
  const mean = decisions.reduce((sum, { reward }) => sum + reward, 0) / Math.max(1, steps);
  const pause = decisions.reduce((sum, { elapsed }) => sum + elapsed, 0) / Math.max(1, steps);
  const values = Float64Array.from(decisions, ({ value }) => value);
  const { advantages, returns } = advantagesOf(
    {
      ...{ environments: 1, values, starts: new Float64Array(steps) },
      rewards: Float64Array.from(decisions, ({ reward }) => reward - mean),
      discounts: Float64Array.from(decisions, ({ elapsed }) => Math.exp(-elapsed / (HORIZON * pause + 1e-9))),
      nextValues: new Float64Array(1),
      nextStarts: new Float64Array(1).fill(1),
    },
    TRACE,
  );
  return batchOfDecisions(decisions, { advantages, returns });
}

function ownScenario(
  graphs: readonly JobGraph[],
  { nodes, load, jobs }: Pick<PracticeRequest, 'nodes' | 'load'> & { jobs: number },
  random: Random,
): Scenario {
  const drawn = Array.from({ length: jobs }, () => graphs[random.below(graphs.length)]!);
  const work = drawn.reduce((sum, graph) => sum + graph.work, 0) / drawn.length;
  const arrivals = poissonArrivals(drawn, work / (capacityOf(nodes) * load), random);
  return { nodes, arrivals, noise: NOISE, seed: random.below(2 ** 31) };
}

function pointOf(
  kind: LearningPoint['kind'],
  network: PolicyNetwork,
  batch: Batch,
  earned: number,
  random: Random,
  trainer: TrainerSettings,
): LearningPoint {
  // Less than a minibatch of each would be noise.
  const settings = { ...trainer, minibatches: Math.max(1, Math.min(trainer.minibatches, batch.actions.length >> 4)) };
  const { entropy, divergence, explainedVariance } = train(network, batch, settings, random);
  return { kind, decisions: batch.actions.length, return: earned, entropy, divergence, explainedVariance };
}

export function loaded(parameters: Float32Array): WasmNetwork {
  const network = new WasmNetwork(POLICY_SHAPE);
  network.load(parameters);
  return network;
}

function meanOf(values: ArrayLike<number>, of: (value: number) => number = (value) => value): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += of(values[index]!);
  return sum / Math.max(1, values.length);
}
