// Fresh parameters: orthogonal weights and zero biases (Saxe et al. 2014), with CleanRL's gains.

import type { Random } from '../../../core/random.ts';
import { normal } from '../normal.ts';
import { layerPlaces, type PolicyShape, parameterCount } from './shape.ts';

const HIDDEN_GAIN = Math.SQRT2;
/** A small last layer: nearly all actions are equally likely at first, and no state is worth more than another. */
const ACTOR_GAIN = 0.01;
const CRITIC_GAIN = 1;

export function initialParameters(shape: PolicyShape, random: Random): Float32Array {
  const parameters = new Float32Array(parameterCount(shape));
  for (const { network, last, inputs, outputs, weights } of layerPlaces(shape)) {
    const gain = !last ? HIDDEN_GAIN : network === 'actor' ? ACTOR_GAIN : CRITIC_GAIN;
    const [rows, columns] = [Math.min(inputs, outputs), Math.max(inputs, outputs)];
    const basis = orthogonalRows(rows, columns, random);
    for (let out = 0; out < outputs; out++) {
      for (let i = 0; i < inputs; i++) {
        parameters[weights + out * inputs + i] = gain * (outputs <= inputs ? basis[out]![i]! : basis[i]![out]!);
      }
    }
  }
  return parameters;
}

/** Gram and Schmidt's process on normal vectors. */
function orthogonalRows(rows: number, columns: number, random: Random): Float64Array[] {
  const basis: Float64Array[] = [];
  while (basis.length < rows) {
    const vector = Float64Array.from({ length: columns }, () => normal(random));
    for (const other of basis) {
      const along = dot(vector, other);
      for (let i = 0; i < columns; i++) vector[i]! -= along * other[i]!;
    }
    const length = Math.sqrt(dot(vector, vector));
    if (length > 1e-6) basis.push(vector.map((value) => value / length));
  }
  return basis;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
