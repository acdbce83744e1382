// What the PPO engine needs of a policy's networks. Two implementations pass the same tests: `WasmNetwork` works,
// `Float64Network` is the oracle it is measured by.

import type { Floats, PolicyShape } from './shape.ts';

export interface PolicyNetwork {
  readonly shape: PolicyShape;
  /** Replaces all parameters and forgets the optimiser's state. */
  load(parameters: Floats): void;
  /** A copy, flat, in the order of `layerPlaces`. */
  parameters(): Floats;
  /** A copy of what the last `backward` gave, before clipping. */
  gradients(): Floats;
  /**
   * @param actorRows rows × actor inputs
   * @param criticRows steps × critic inputs
   * @returns rows × actor outputs, and one value a step; both may be overwritten by the next call
   */
  forward(actorRows: Floats, criticRows: Floats): { logits: Floats; values: Floats };
  /** Back through the last `forward`, from the loss's derivatives by logits and values. */
  backward(byLogits: Floats, byValues: Floats): void;
  /**
   * Adds strength × (parameters − `centre`) to the gradients of the last `backward`: the derivative of the proximal term
   * of FedProx (Li et al. 2020, equation 2). @param centre flat, as `parameters` gives it
   */
  pull(centre: Floats, strength: number): void;
  /**
   * One step of Adam with the gradient's norm clipped.
   * @returns the norm before clipping
   */
  step(learningRate: number, maxNorm: number): number;
}

/** Adam as CleanRL sets it: Kingma and Ba 2015, with a larger epsilon. */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-5 };

/** What a gradient of this norm is multiplied by, as torch's `clip_grad_norm_` does. */
export function clipScale(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6));
}
