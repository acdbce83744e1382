// What a federation improves. The rounds, the aggregation and the roll-out know only this: numbers in a row, trained here
// and compared here. A new learner is one file in `learners/` that implements it.

import type { RuleOverrides } from './aggregation/config.ts';

/** Parameters and the name that everybody gives them. */
export interface Model {
  /** The first 16 hexadecimal digits of the SHA-256 of the parameters as float32, little-endian. */
  version: string;
  parameters: Float32Array;
}

/** How a round asks the nodes to train. */
export interface TrainingPlan {
  /** Passes over what a node has; what a pass is, the learner says. */
  epochs: number;
  /**
   * μ of FedProx (Li et al. 2020, arXiv 1812.06127, equation 2): how strongly training is held to where it began.
   * 0 is plain FedAvg; more keeps nodes with unlike data together and learns less in a round.
   */
  proximal: number;
  /** Seconds of one processor that training may take at most. */
  budget: number;
  seed: number;
}

export interface Trained {
  /** Parameters after training less those before. */
  delta: Float32Array;
  /** How much it was trained on: decisions, repairs, samples. The weight of FedAvg. */
  examples: number;
  /** What the learning curve shows, by name: at most 16. */
  metrics: Record<string, number>;
}

export interface Comparison {
  /** How many times as good the candidate is: above 1 is better. */
  gain: number;
  /** The 95 % interval of `gain`, where there were enough trials to tell. */
  interval?: [number, number];
  /** Held-back trials that it was compared on. */
  trials: number;
  /** For people: what was compared and what came of it. */
  sentence: string;
}

export interface ModelOrigin {
  /** Version it came from. */
  parent: string;
  /** Id of the node that aggregated it. */
  coordinator: string;
  round: number;
  /** Milliseconds since 1970. */
  madeAt: number;
  /** Nodes whose updates count in it, and what they were trained on together. */
  nodes: readonly string[];
  examples: number;
}

/** How work goes under the model that serves. */
export interface Performance {
  /** Version of the model that serves. */
  version: string;
  /** Mean over the samples; less is better. */
  cost: number;
  /** For people: `ln(job time / ideal)`, `ln s to recover`. A cost that begins with `ln` is told as a ratio. */
  unit: string;
  /** Pieces of work since that version serves: jobs, repairs, readings. */
  samples: number;
  /** Sample standard deviation; left out, nothing can be told from it by a test. */
  deviation?: number;
}

export interface Learner {
  /** Lower-case and stable: `parl-policy`. It stands in messages, the store and metrics. */
  readonly name: string;
  /** A name for people: "Scheduling policy". */
  readonly title: string;
  /** Numbers in a model. */
  readonly size: number;
  /** Grows whenever a number changes its meaning: models and updates of another format do not fit. */
  readonly format: number;
  /** How its updates become one where the configuration chose nothing; left out, by the robust default. */
  readonly aggregation?: RuleOverrides;
  /** What serves here now. */
  current(): Model;
  /** How much there is to train on since the last round; 0 keeps this node out of it. */
  examples(): number;
  /** Trains in the background, within the plan. Rejects when it cannot, or once `signal` aborts. */
  train(from: Model, plan: TrainingPlan, signal: AbortSignal): Promise<Trained>;
  /** Tries both on what was held back here; rejects when there is nothing to compare them on. */
  compare(candidate: Float32Array, baseline: Float32Array, signal: AbortSignal): Promise<Comparison>;
  /**
   * Looks at what a candidate does beside the baseline, on inputs that are the same everywhere: why it must not serve, or
   * undefined. Shape and finiteness were checked before. Left out, there is nothing to look at.
   */
  inspect?(candidate: Float32Array, baseline: Float32Array): Promise<string | undefined>;
  /** Serves `model` from now on; resolves once that is on the disk. Throws `MODEL_INVALID` for what cannot serve. */
  adopt(model: Model, origin: ModelOrigin): Promise<void>;
  /** Serves again what served before `version`, with the reason for the journal. */
  takeBack(version: string, reason: string): Promise<void>;
  /**
   * How work goes under the model that serves; undefined while unknown.
   * @param since only work that began after it, milliseconds since 1970; left out, all since that model serves
   */
  performance(since?: number): Performance | undefined;
}
