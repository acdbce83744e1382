// What the nodes of this bench learn together: how one node trains from a model, as an honest or as a poisoned node, and how good a
// model is.

/** What a node's training is spoiled by. */
export type Poison = 'none' | 'flip' | 'backdoor';

export interface Task {
  readonly name: string;
  /** What `score` counts, higher is better. */
  readonly unit: string;
  /** Rounds that it takes to learn, without attackers. */
  readonly rounds: number;
  /** The model that all begin with. */
  start(seed: number): Float32Array;
  /** Nodes of one run, each with an environment and luck of its own. */
  node(seed: number): TrainingNode;
  score(parameters: Float32Array): number;
  /** Share of the states with the trigger in which the model does what the backdoor wants. */
  backdoor(parameters: Float32Array): number;
}

export interface TrainingNode {
  /**
   * Parameters after training less those before.
   * @param progress of the whole run, 0 to 1: steps get smaller towards the end
   */
  train(from: Float32Array, poison: Poison, progress: number): Float32Array;
}
