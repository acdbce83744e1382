// The scheduling policy as a learner: nodes practise on their own jobs and learn from what they lived through, candidates
// are played on jobs that were held back, and what serves stands on the shelf, where the guard still judges it.

import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { AgentWorker } from '../../parl/agent-worker.ts';
import type { EvaluationRequest } from '../../parl/evaluate.ts';
import type { SeedTimes } from '../../parl/evaluation.ts';
import type { ExperienceBuffer } from '../../parl/experience-buffer.ts';
import {
  createPolicy,
  decodePolicy,
  encodePolicy,
  OBSERVATION_VERSION,
  POLICY_SHAPE,
  type PolicySigner,
} from '../../parl/policy.ts';
import type { PolicyShelf } from '../../parl/policy-shelf.ts';
import { parameterCount } from '../../parl/ppo/shape.ts';
import type { JobPart } from '../../parl/recent-jobs.ts';
import type { ServiceRecord } from '../../parl/service-record.ts';
import type { PracticeAmount, PracticeRequest } from '../../parl/shard-protocol.ts';
import type { Comparison, Learner, Model, ModelOrigin, Performance, Trained, TrainingPlan } from '../learner.ts';
import { comparisonOf } from './held-back.ts';
import { doubtAbout } from './policy-inspection.ts';
import { generatedWorkload, type Workload } from './policy-trials.ts';
import { difference } from './vectors.ts';

export interface ParlPolicyParts {
  shelf: PolicyShelf;
  experience: Pick<ExperienceBuffer, 'draw' | 'learned'>;
  worker: Pick<AgentWorker, 'teach'>;
  /** This node's jobs and nodes, and how jobs go: the controller's. */
  board: {
    workload(part: JobPart): Pick<PracticeRequest, 'jobs' | 'nodes' | 'load'>;
    service(since?: number): ServiceRecord | undefined;
    policyChanged(merit: 'judged' | 'unjudged'): void;
  };
  /** Plays episodes of the policy in a thread: `playSeeds` for the scheduler `parl`. */
  play: (request: EvaluationRequest, signal: AbortSignal) => Promise<SeedTimes[]>;
  signer: PolicySigner;
  /** Tells the journal. */
  tell: (message: string) => void;
  /** Of one pass of training; left out, `PASS`. */
  pass?: PracticeAmount;
  trials?: Partial<Trials>;
}

/** Some ten seconds of a processor. */
export const PASS: PracticeAmount = { updates: 1, scenarios: 4, rollouts: 4, jobs: 40 };

interface Trials {
  /** Episodes on own jobs that were held back, and on generated ones. */
  own: number;
  generated: number;
  /** Jobs of an episode. */
  arrivals: number;
}
const TRIALS: Trials = { own: 8, generated: 8, arrivals: 40 };
const BATCHES = 16;
/** Own jobs, practised on or held back, below which there is nothing of this node in it. */
const FEWEST_JOBS = 4;

/** What it is called, and the form of its models: known before it can work. */
export const PARL_POLICY = {
  name: 'parl-policy',
  title: 'Scheduling policy',
  size: parameterCount(POLICY_SHAPE),
  format: OBSERVATION_VERSION,
} as const;

export class ParlPolicyLearner implements Learner {
  readonly name = PARL_POLICY.name;
  readonly title = PARL_POLICY.title;
  readonly size = PARL_POLICY.size;
  readonly format = PARL_POLICY.format;
  readonly #parts: ParlPolicyParts;
  /** Tasks of own jobs when it was trained last. */
  #trainedOn = 0;

  constructor(parts: ParlPolicyParts) {
    this.#parts = parts;
  }

  current(): Model {
    const { version, parameters } = this.#parts.shelf.current;
    return { version, parameters };
  }

  /** Tasks of own jobs that have ended since the last round. */
  examples(): number {
    const { jobs, nodes } = this.#parts.board.workload('practice');
    if (jobs.length < FEWEST_JOBS || nodes.length === 0) return 0;
    const tasks = tasksOf(jobs);
    // Of recent jobs the oldest are forgotten: fewer than before are still other ones.
    return tasks >= this.#trainedOn ? tasks - this.#trainedOn : tasks;
  }

  async train(from: Model, plan: TrainingPlan, signal: AbortSignal): Promise<Trained> {
    const { board, experience, worker, pass = PASS } = this.#parts;
    const workload = board.workload('practice');
    const batches = experience.draw(BATCHES, 'prioritised').map(({ id, data }) => ({ id, data }));
    const { epochs, proximal, budget, seed } = plan;
    const learned = await worker.teach(
      {
        kind: 'round',
        parameters: from.parameters,
        ...workload,
        amount: pass,
        batches,
        epochs,
        proximal,
        budget,
        seed,
      },
      { signal, waits: true },
    );
    const last = learned.points.at(-1);
    if (last === undefined) throw new ParlmeshError('PARL_LESSON_FAILED', 'Nothing was learned: no update was made');
    this.#trainedOn = tasksOf(workload.jobs);
    const practised = learned.points.filter(({ kind }) => kind === 'practise');
    return {
      delta: difference(learned.parameters, from.parameters),
      examples: learned.points.reduce((sum, { decisions }) => sum + decisions, 0),
      metrics: {
        return: practised.at(-1)?.return ?? 0,
        entropy: last.entropy,
        divergence: last.divergence,
        explainedVariance: last.explainedVariance,
        updates: learned.points.length,
        ownJobs: workload.jobs.length,
      },
    };
  }

  /** Both play the same arrivals with the same luck. */
  async compare(candidate: Float32Array, baseline: Float32Array, signal: AbortSignal): Promise<Comparison> {
    const { board } = this.#parts;
    const { own, generated, arrivals } = { ...TRIALS, ...this.#parts.trials };
    const held = board.workload('held-back');
    const logs: number[] = [];
    const play = async (workload: Workload, seeds: number[]): Promise<void> => {
      if (seeds.length === 0) return;
      const request = { ...workload, arrivals, failures: false, seeds };
      const times: SeedTimes[][] = [];
      for (const parameters of [candidate, baseline])
        times.push(await this.#parts.play({ ...request, parameters }, signal));
      for (const index of seeds.keys()) logs.push(Math.log(meanOf(times[1]![index]!) / meanOf(times[0]![index]!)));
    };
    const hasOwn = held.jobs.length > 0 && held.nodes.length > 0;
    if (hasOwn) await play(held, seedsFrom(1, own));
    for (const seed of seedsFrom(1000, generated)) await play(generatedWorkload(seed, held.nodes), [seed]);
    if (logs.length === 0) throw new ParlmeshError('LEARNER_NO_TRIALS', 'There is nothing to compare policies on here');
    const on = hasOwn
      ? `${own} episodes of ${held.jobs.length} own jobs that were held back and ${generated}`
      : generated;
    return comparisonOf(
      logs,
      ({ gain, range }) => `on ${on} episodes of generated jobs it finishes jobs ${gain} times as fast (${range})`,
    );
  }

  inspect(candidate: Float32Array, baseline: Float32Array): Promise<string | undefined> {
    return doubtAbout(candidate, baseline);
  }

  async adopt({ parameters, version }: Model, origin: ModelOrigin): Promise<void> {
    const { shelf, signer, board, tell } = this.#parts;
    const { parent, round, nodes, examples, madeAt, coordinator } = origin;
    const lineage = {
      ...{ kind: 'federated' as const, parent, node: signer.node, madeAt, decisions: examples },
      note: `round ${round} of coordinator ${coordinator}, from ${nodes.length} nodes`,
    };
    // Reading it back checks it as whatever comes from outside is checked.
    const policy = createPolicy(parameters, lineage);
    try {
      decodePolicy(encodePolicy(policy));
    } catch (error) {
      throw new ParlmeshError('MODEL_INVALID', messageOf(error), { cause: error });
    }
    if (policy.version !== version) {
      throw new ParlmeshError('MODEL_INVALID', `The numbers are those of policy ${policy.version}, not of ${version}`);
    }
    if (shelf.current.version === version) return;
    await shelf.add(policy, signer);
    await shelf.promote(version);
    tell(
      `Policy ${version} came out of round ${round} of the federation and is the current one; it is judged before it serves`,
    );
    board.policyChanged('unjudged');
  }

  async takeBack(version: string, reason: string): Promise<void> {
    const { shelf, board, tell } = this.#parts;
    if (!(await shelf.takeBack(version))) return;
    tell(`Policy ${version} was taken back, ${shelf.current.version} is the current one again: ${reason}`);
    board.policyChanged('unjudged');
  }

  performance(since?: number): Performance | undefined {
    const { shelf, board } = this.#parts;
    const record = board.service(since);
    if (record === undefined) return undefined;
    const { cost, deviation, jobs } = record;
    return { version: shelf.current.version, cost, unit: 'ln(job time / ideal)', samples: jobs, deviation };
  }
}

function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function tasksOf(jobs: PracticeRequest['jobs']): number {
  return jobs.reduce((sum, tasks) => sum + tasks.length, 0);
}

/** @param times of the one scheduler that was played */
function meanOf([times = []]: SeedTimes): number {
  return times.reduce((sum, seconds) => sum + seconds, 0) / Math.max(1, times.length);
}
