// Makes a policy better by trying it out: first it learns to choose as its advisor does, then from what its choices earn.
// The same seed gives the same policy on machines of one kind. Computes for long: for scripts and worker threads.

import { type Random, seededRandom } from '../../core/random.ts';
import type { TaskScheduler } from '../swarm/scheduling/scheduler.ts';
import { advisor } from './advisor.ts';
import {
  baselineOf,
  randomScenario,
  type Scenario,
  type ScenarioRange,
  simulate,
  TRAINING_RANGE,
} from './environment/episode.ts';
import { gather } from './environment/gather.ts';
import { imitate } from './environment/imitation.ts';
import { POLICY_SHAPE } from './policy.ts';
import { PolicyScheduler } from './policy-scheduler.ts';
import { initialParameters } from './ppo/initial-parameters.ts';
import type { PolicyNetwork } from './ppo/network.ts';
import { CLEANRL, type TrainerSettings, train } from './ppo/trainer.ts';
import { WasmNetwork } from './ppo/wasm-network.ts';

export interface TrainingSettings {
  /** Decisions to learn from by PPO. */
  steps: number;
  seed: number;
  /** Left out, a fresh policy begins, and imitates its advisor first. */
  start?: Float32Array;
  /** Episodes of imitation; a policy that is given begins without. */
  imitation: number;
  /** How likely the advisor's choice becomes by it: the rest is what PPO explores. */
  certainty: number;
  range: ScenarioRange;
  /** Scenarios of one update, and episodes of each. */
  scenarios: number;
  rollouts: number;
  /** Time constant of the discount, in mean job completion times. */
  horizon: number;
  trace: number;
  /** Weights of the parallelism and finish rewards at the beginning; they fall linearly to 0 over the first half. */
  parallelism: number;
  finish: number;
  trainer: TrainerSettings;
  /** Scenarios that the best policy is chosen by, every so many updates. */
  validation: number;
  validateEvery: number;
}

export const TRAINING: TrainingSettings = {
  ...{ steps: 150_000, seed: 1, imitation: 40, certainty: 0.97, range: TRAINING_RANGE },
  ...{ scenarios: 4, rollouts: 4, horizon: 2, trace: 0.95, parallelism: 0.1, finish: 0.1 },
  trainer: {
    ...CLEANRL,
    clipValue: false,
    entropyWeight: 0.002,
    learningRate: 1e-3,
    minibatches: 8,
    maxDivergence: 0.02,
  },
  ...{ validation: 24, validateEvery: 4 },
};

export type TrainingUpdate =
  | { stage: 'imitation'; episode: number; crossEntropy: number }
  | {
      stage: 'ppo';
      update: number;
      /** Decisions so far. */
      decisions: number;
      /** Mean sum of rewards, a job. */
      return: number;
      /** Of the advisor's mean job completion time over the policy's, while it explores. */
      gain: number;
      entropy: number;
      divergence: number;
      clipped: number;
      explainedVariance: number;
      valueLoss: number;
      epochs: number;
    }
  /** On held-back scenarios, without exploring: how many times better than the advisor. */
  | { stage: 'validation'; decisions: number; gain: number; best: boolean };

export interface Trained {
  /** Of the policy that did best in validation. */
  parameters: Float32Array;
  decisions: number;
  /** Against the advisor, in validation. */
  gain: number;
}

/** Seeds of validation are apart from those of training. */
const VALIDATION_SEED = 0x5eed;

export function trainPolicy(settings: TrainingSettings, onUpdate: (update: TrainingUpdate) => void): Trained {
  const random = seededRandom(settings.seed);
  const network = new WasmNetwork(POLICY_SHAPE);
  network.load(settings.start ?? initialParameters(POLICY_SHAPE, random));
  if (settings.start === undefined) imitateAdvisor(network, settings, random, onUpdate);

  const validation = new Validation(settings);
  let best: Trained = { parameters: network.parameters(), decisions: 0, gain: 0 };
  let decisions = 0;
  const validate = (): void => {
    const gain = validation.gain(network);
    const better = gain > best.gain;
    if (better) best = { parameters: network.parameters(), decisions, gain };
    onUpdate({ stage: 'validation', decisions, gain, best: better });
  };
  validate();
  for (let update = 1; decisions < settings.steps; update++) {
    const done = decisions / settings.steps;
    const shaping = Math.max(0, 1 - 2 * done);
    const scenarios = Array.from({ length: settings.scenarios }, () => randomScenario(settings.range, random));
    const { horizon, trace, rollouts } = settings;
    const gathered = gather(
      network,
      scenarios,
      {
        ...{ reference: advisor, horizon, trace, rollouts },
        parallelism: settings.parallelism * shaping,
        finish: settings.finish * shaping,
      },
      random,
    );
    decisions += gathered.batch.actions.length;
    const learningRate = settings.trainer.learningRate * (1 - 0.9 * done);
    const figures = train(network, gathered.batch, { ...settings.trainer, learningRate }, random);
    const { entropy, divergence, clipped, explainedVariance, valueLoss, epochs } = figures;
    onUpdate({
      ...{ stage: 'ppo', update, decisions, return: gathered.return, gain: gathered.gain },
      ...{ entropy, divergence, clipped, explainedVariance, valueLoss, epochs },
    });
    if (update % settings.validateEvery === 0 || decisions >= settings.steps) validate();
  }
  return best;
}

function imitateAdvisor(
  network: PolicyNetwork,
  { imitation, certainty, range }: TrainingSettings,
  random: Random,
  onUpdate: (update: TrainingUpdate) => void,
): void {
  for (let episode = 1; episode <= imitation; episode++) {
    const learningRate = 2e-3 * (1 - (0.9 * episode) / imitation);
    const scenario = randomScenario({ ...range, jobs: Math.min(20, range.jobs) }, random);
    const crossEntropy = imitate(network, scenario, { teacher: advisor, learningRate, certainty });
    onUpdate({ stage: 'imitation', episode, crossEntropy });
  }
}

/** The same scenarios each time, and what the advisor makes of them. */
class Validation {
  readonly #cases: { scenario: Scenario; seconds: number }[];

  constructor({ seed, validation, range }: TrainingSettings) {
    const random = seededRandom(seed ^ VALIDATION_SEED);
    this.#cases = Array.from({ length: validation }, () => {
      const scenario = randomScenario(range, random);
      return { scenario, seconds: baselineOf(scenario, advisor).meanSeconds };
    });
  }

  gain(network: PolicyNetwork): number {
    const scheduler = new PolicyScheduler(network);
    const logs = this.#cases.map(({ scenario, seconds }) => Math.log(seconds / meanCompletion(scenario, scheduler)));
    return Math.exp(logs.reduce((sum, log) => sum + log, 0) / Math.max(1, logs.length));
  }
}

export function meanCompletion(scenario: Scenario, scheduler: TaskScheduler): number {
  const simulation = simulate(scenario);
  simulation.run(scheduler);
  return simulation.jobSeconds / simulation.completions.length;
}
