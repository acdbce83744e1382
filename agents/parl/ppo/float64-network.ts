// The networks in plain float64: slow and easy to check. The oracle for the WebAssembly engine in tests.

import { ADAM, clipScale, type PolicyNetwork } from './network.ts';
import { type Floats, type LayerPlace, layerPlaces, type PolicyShape, parameterCount } from './shape.ts';

export class Float64Network implements PolicyNetwork {
  readonly shape: PolicyShape;
  readonly #places: LayerPlace[];
  readonly #parameters: Float64Array;
  readonly #gradients: Float64Array;
  readonly #mean: Float64Array;
  readonly #square: Float64Array;
  /** What went into each layer of the last `forward`. */
  #inputs: Floats[] = [];
  #steps = 0;

  constructor(shape: PolicyShape) {
    this.shape = shape;
    this.#places = layerPlaces(shape);
    const count = parameterCount(shape);
    this.#parameters = new Float64Array(count);
    this.#gradients = new Float64Array(count);
    this.#mean = new Float64Array(count);
    this.#square = new Float64Array(count);
  }

  load(parameters: Floats): void {
    this.#parameters.set(parameters);
    this.#mean.fill(0);
    this.#square.fill(0);
    this.#steps = 0;
  }

  parameters(): Float64Array {
    return this.#parameters.slice();
  }

  gradients(): Float64Array {
    return this.#gradients.slice();
  }

  forward(actorRows: Floats, criticRows: Floats): { logits: Floats; values: Floats } {
    const outputs = { actor: actorRows, critic: criticRows };
    this.#inputs = this.#places.map((place) => {
      const inputs = outputs[place.network];
      outputs[place.network] = this.#layer(place, inputs);
      return inputs;
    });
    return { logits: outputs.actor, values: outputs.critic };
  }

  backward(byLogits: Floats, byValues: Floats): void {
    const gradient = { actor: byLogits, critic: byValues };
    for (let layer = this.#places.length - 1; layer >= 0; layer--) {
      const place = this.#places[layer]!;
      gradient[place.network] = this.#layerBackward(place, this.#inputs[layer]!, gradient[place.network]);
    }
  }

  pull(centre: Floats, strength: number): void {
    for (let i = 0; i < this.#gradients.length; i++) {
      this.#gradients[i]! += strength * (this.#parameters[i]! - centre[i]!);
    }
  }

  step(learningRate: number, maxNorm: number): number {
    const norm = Math.sqrt(this.#gradients.reduce((sum, g) => sum + g * g, 0));
    const scale = clipScale(norm, maxNorm);
    const { beta1, beta2, epsilon } = ADAM;
    this.#steps++;
    const rate = learningRate / (1 - beta1 ** this.#steps);
    const rootCorrection = 1 / Math.sqrt(1 - beta2 ** this.#steps);
    for (let i = 0; i < this.#parameters.length; i++) {
      const g = this.#gradients[i]! * scale;
      this.#mean[i] = beta1 * this.#mean[i]! + (1 - beta1) * g;
      this.#square[i] = beta2 * this.#square[i]! + (1 - beta2) * g * g;
      this.#parameters[i]! -= (rate * this.#mean[i]!) / (Math.sqrt(this.#square[i]!) * rootCorrection + epsilon);
    }
    return norm;
  }

  #layer({ inputs, outputs, weights, biases, last }: LayerPlace, x: Floats): Float64Array {
    const rows = x.length / inputs;
    const y = new Float64Array(rows * outputs);
    for (let row = 0; row < rows; row++) {
      for (let out = 0; out < outputs; out++) {
        let sum = this.#parameters[biases + out]!;
        for (let i = 0; i < inputs; i++) sum += this.#parameters[weights + out * inputs + i]! * x[row * inputs + i]!;
        y[row * outputs + out] = last ? sum : Math.tanh(sum);
      }
    }
    return y;
  }

  /** @returns the derivative by the layer's inputs, already back through the tanh that made them */
  #layerBackward({ inputs, outputs, weights, biases, index }: LayerPlace, x: Floats, byOutputs: Floats): Float64Array {
    const rows = x.length / inputs;
    const byInputs = new Float64Array(x.length);
    this.#gradients.fill(0, weights, biases + outputs);
    for (let row = 0; row < rows; row++) {
      for (let out = 0; out < outputs; out++) {
        const g = byOutputs[row * outputs + out]!;
        this.#gradients[biases + out]! += g;
        for (let i = 0; i < inputs; i++) {
          this.#gradients[weights + out * inputs + i]! += g * x[row * inputs + i]!;
          byInputs[row * inputs + i]! += g * this.#parameters[weights + out * inputs + i]!;
        }
      }
    }
    if (index > 0) for (let i = 0; i < x.length; i++) byInputs[i]! *= 1 - x[i]! ** 2;
    return byInputs;
  }
}
