// What the shard's thread is asked and answers.

import type { GraphTask } from '../swarm/job-graph.ts';
import type { SimulatedNode } from './environment/cluster-simulation.ts';

/** Practice in the simulator, on jobs of this node's own and on generated ones. */
export interface PracticeRequest {
  kind: 'practise';
  parameters: Float32Array;
  jobs: readonly (readonly GraphTask[])[];
  nodes: readonly SimulatedNode[];
  /** Share of the nodes' capacity that arrives. */
  load: number;
  amount: PracticeAmount;
  seed: number;
}

/** How much practice: each update is `scenarios` times `rollouts` episodes of `jobs` jobs. One scenario in two is generated. */
export interface PracticeAmount {
  updates: number;
  scenarios: number;
  rollouts: number;
  jobs: number;
}

/** Learning from what was lived through: packed batches, with their ids. */
export interface LessonRequest {
  kind: 'learn';
  parameters: Float32Array;
  batches: readonly { id: number; data: Uint8Array }[];
  seed: number;
}

/** This node's part of a round of federation: both kinds of lessons from what all nodes begin with, and held to it. */
export interface RoundRequest extends Omit<PracticeRequest, 'kind'> {
  kind: 'round';
  /** Of one pass. */
  amount: PracticeAmount;
  batches: LessonRequest['batches'];
  /** Passes: each is the practice and every batch once. */
  epochs: number;
  /** μ of FedProx. */
  proximal: number;
  /** Seconds of a processor that it may take. */
  budget: number;
}

export type ShardRequest = PracticeRequest | LessonRequest | RoundRequest;

/** One update: what a learning curve shows. */
export interface LearningPoint {
  kind: 'practise' | 'learn';
  decisions: number;
  /** Mean sum of rewards, a job (practice) or a decision (experience). */
  return: number;
  entropy: number;
  divergence: number;
  explainedVariance: number;
}

export interface Learned {
  parameters: Float32Array;
  points: LearningPoint[];
  /** Of each batch that was learned from: the mean size of its advantages. */
  priorities: { id: number; priority: number }[];
}

export type ShardAnswer = { ok: true; learned: Learned } | { ok: false; message: string };
