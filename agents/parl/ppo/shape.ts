// The shape of a policy, and where each of its numbers lies in the flat vector that is stored, signed and federated.

/** Widths of a multilayer perceptron: inputs, hidden layers (tanh), outputs (linear). */
export type Widths = readonly number[];

/**
 * Two networks of their own, as in CleanRL. The actor scores rows: a step with one row has as many actions as the actor
 * has outputs (CartPole), a step with many rows and one output has an action for each row (what to place where).
 */
export interface PolicyShape {
  readonly actor: Widths;
  /** One output: the value of the state. */
  readonly critic: Widths;
}

/** One layer in the flat vector: weights row-major [outputs][inputs], then biases [outputs]. */
export interface LayerPlace {
  readonly network: keyof PolicyShape;
  readonly index: number;
  readonly last: boolean;
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: number;
  readonly biases: number;
}

export type Floats = Float32Array | Float64Array;

/** The actor's layers, then the critic's, in the order of the flat vector. */
export function layerPlaces(shape: PolicyShape): LayerPlace[] {
  const places: LayerPlace[] = [];
  let offset = 0;
  for (const network of ['actor', 'critic'] as const) {
    const widths = shape[network];
    for (let index = 0; index + 1 < widths.length; index++) {
      const [inputs, outputs] = [widths[index]!, widths[index + 1]!];
      const biases = offset + inputs * outputs;
      places.push({ network, index, last: index + 2 === widths.length, inputs, outputs, weights: offset, biases });
      offset = biases + outputs;
    }
  }
  return places;
}

/** How many numbers a policy of this shape has. */
export function parameterCount(shape: PolicyShape): number {
  return layerPlaces(shape).reduce((sum, { inputs, outputs }) => sum + (inputs + 1) * outputs, 0);
}
