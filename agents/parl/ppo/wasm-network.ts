// The networks in WebAssembly SIMD: what decides and trains on a board. `memory-layout.ts` says where the numbers lie,
// `assembly/kernel.ts` does the arithmetic; here is the order of it.

import { type Kernel, loadKernel } from './kernel.ts';
import { type Activations, type LayerMemory, layActivations, memoryLayout, NUMBER } from './memory-layout.ts';
import { ADAM, clipScale, type PolicyNetwork } from './network.ts';
import { type Floats, type PolicyShape, parameterCount } from './shape.ts';

/** One of the two networks: its layers, and room for the rows of a batch. */
interface Tower {
  readonly layers: readonly LayerMemory[];
  activations: Activations[];
  rows: number;
  capacity: number;
}

const PAGE = 65_536;
const MOST_PAGES = 4096;

export class WasmNetwork implements PolicyNetwork {
  readonly shape: PolicyShape;
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  readonly #kernel: Kernel;
  readonly #block: number;
  readonly #fixed: number;
  readonly #actor: Tower;
  readonly #critic: Tower;
  #numbers: Float32Array;
  #steps = 0;

  constructor(shape: PolicyShape) {
    this.shape = shape;
    const { layers, block, fixed } = memoryLayout(shape);
    const tower = (network: keyof PolicyShape): Tower => ({
      layers: layers.filter((layer) => layer.network === network),
      activations: [],
      rows: 0,
      capacity: 0,
    });
    this.#block = block;
    this.#fixed = fixed;
    this.#actor = tower('actor');
    this.#critic = tower('critic');
    this.#kernel = loadKernel(this.#memory);
    this.#numbers = new Float32Array(this.#memory.buffer);
    this.#reserve(1, 1);
  }

  load(parameters: Floats): void {
    this.#numbers.fill(0, 0, (4 * this.#block) / NUMBER);
    for (const { inputs, outputs, outputRow, weights, biases, weightsAt, biasesAt } of this.#layers()) {
      for (let out = 0; out < outputs; out++) {
        for (let i = 0; i < inputs; i++) {
          this.#numbers[(weightsAt + i * outputRow) / NUMBER + out] = parameters[weights + out * inputs + i]!;
        }
        this.#numbers[biasesAt / NUMBER + out] = parameters[biases + out]!;
      }
    }
    this.#steps = 0;
    this.#transpose();
  }

  parameters(): Float32Array {
    return this.#read(0);
  }

  gradients(): Float32Array {
    return this.#read(this.#block);
  }

  forward(actorRows: Floats, criticRows: Floats): { logits: Floats; values: Floats } {
    const [actor, critic] = [this.#actor, this.#critic];
    actor.rows = actorRows.length / actor.layers[0]!.inputs;
    critic.rows = criticRows.length / critic.layers[0]!.inputs;
    if (actor.rows > actor.capacity || critic.rows > critic.capacity) {
      this.#reserve(Math.max(actor.rows, actor.capacity), Math.max(critic.rows, critic.capacity));
    }
    return { logits: this.#towerForward(actor, actorRows), values: this.#towerForward(critic, criticRows) };
  }

  backward(byLogits: Floats, byValues: Floats): void {
    this.#towerBackward(this.#actor, byLogits);
    this.#towerBackward(this.#critic, byValues);
  }

  pull(centre: Floats, strength: number): void {
    const numbers = this.#numbers;
    const gradients = this.#block / NUMBER;
    const towards = (at: number, to: number): void => {
      numbers[gradients + at]! += strength * (numbers[at]! - to);
    };
    for (const { inputs, outputs, outputRow, weights, biases, weightsAt, biasesAt } of this.#layers()) {
      for (let out = 0; out < outputs; out++) {
        for (let i = 0; i < inputs; i++) {
          towards((weightsAt + i * outputRow) / NUMBER + out, centre[weights + out * inputs + i]!);
        }
        towards(biasesAt / NUMBER + out, centre[biases + out]!);
      }
    }
  }

  step(learningRate: number, maxNorm: number): number {
    const block = this.#block;
    const count = block / NUMBER;
    const norm = Math.sqrt(this.#kernel.sumOfSquares(block, count));
    const { beta1, beta2, epsilon } = ADAM;
    this.#steps++;
    const rate = learningRate / (1 - beta1 ** this.#steps);
    const rootCorrection = 1 / Math.sqrt(1 - beta2 ** this.#steps);
    const scale = clipScale(norm, maxNorm);
    this.#kernel.adam(0, block, 2 * block, 3 * block, count, scale, rate, rootCorrection, beta1, beta2, epsilon);
    this.#transpose();
    return norm;
  }

  #towerForward(tower: Tower, rows: Floats): Float32Array {
    const { layers, activations } = tower;
    const [first, last] = [layers[0]!, layers.at(-1)!];
    this.#writeRows(activations[0]!.at, first.inputRow, rows, first.inputs);
    for (const { index, inputs, inputRow, outputRow, weightsAt, biasesAt } of layers) {
      const [x, y] = [activations[index]!.at, activations[index + 1]!.at];
      const width = outputRow / NUMBER;
      this.#kernel.multiply(
        y,
        outputRow,
        x,
        inputRow,
        NUMBER,
        weightsAt,
        outputRow,
        biasesAt,
        tower.rows,
        width,
        inputs,
      );
      if (index !== last.index) this.#kernel.tanh(y, tower.rows * width);
    }
    return this.#readRows(activations.at(-1)!.at, last.outputRow, tower.rows, last.outputs);
  }

  #towerBackward({ layers, activations, rows }: Tower, byOutputs: Floats): void {
    const kernel = this.#kernel;
    const last = layers.at(-1)!;
    this.#writeRows(activations.at(-1)!.derivativesAt, last.outputRow, byOutputs, last.outputs);
    for (const {
      index,
      inputs,
      outputs,
      inputRow,
      outputRow,
      weightsAt,
      biasesAt,
      transposedAt,
    } of layers.toReversed()) {
      const { at: x, derivativesAt: byX } = activations[index]!;
      const byY = activations[index + 1]!.derivativesAt;
      const width = outputRow / NUMBER;
      const gradients = this.#block + weightsAt;
      kernel.multiply(gradients, outputRow, x, NUMBER, inputRow, byY, outputRow, 0, inputs, width, rows);
      kernel.sumRows(this.#block + biasesAt, byY, outputRow, rows, width);
      if (index === 0) return;
      const inputWidth = inputRow / NUMBER;
      kernel.multiply(byX, inputRow, byY, outputRow, NUMBER, transposedAt, inputRow, 0, rows, inputWidth, outputs);
      kernel.backThroughTanh(byX, x, rows * inputWidth);
    }
  }

  #transpose(): void {
    for (const { index, inputs, outputs, inputRow, outputRow, weightsAt, transposedAt } of this.#layers()) {
      if (index > 0) this.#kernel.transpose(transposedAt, inputRow, weightsAt, outputRow, inputs, outputs);
    }
  }

  /** Makes room for batches of so many rows. What lay there is lost. */
  #reserve(actorRows: number, criticRows: number): void {
    const actor = layActivations(this.#actor.layers, actorRows, this.#fixed);
    const critic = layActivations(this.#critic.layers, criticRows, actor.end);
    const missing = critic.end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    this.#numbers = new Float32Array(this.#memory.buffer);
    this.#numbers.fill(0, this.#fixed / NUMBER, critic.end / NUMBER);
    Object.assign(this.#actor, { activations: actor.activations, capacity: actorRows });
    Object.assign(this.#critic, { activations: critic.activations, capacity: criticRows });
  }

  #layers(): LayerMemory[] {
    return [...this.#actor.layers, ...this.#critic.layers];
  }

  /** The block of parameters or gradients at `block`, flat. */
  #read(block: number): Float32Array {
    const flat = new Float32Array(parameterCount(this.shape));
    for (const { inputs, outputs, outputRow, weights, biases, weightsAt, biasesAt } of this.#layers()) {
      for (let out = 0; out < outputs; out++) {
        for (let i = 0; i < inputs; i++) {
          flat[weights + out * inputs + i] = this.#numbers[(block + weightsAt + i * outputRow) / NUMBER + out]!;
        }
        flat[biases + out] = this.#numbers[(block + biasesAt) / NUMBER + out]!;
      }
    }
    return flat;
  }

  #writeRows(at: number, row: number, values: Floats, width: number): void {
    if (row === width * NUMBER) {
      this.#numbers.set(values, at / NUMBER);
      return;
    }
    for (let from = 0, to = at / NUMBER; from < values.length; from += width, to += row / NUMBER) {
      for (let i = 0; i < width; i++) this.#numbers[to + i] = values[from + i]!;
    }
  }

  #readRows(at: number, row: number, rows: number, width: number): Float32Array {
    if (row === width * NUMBER) return this.#numbers.subarray(at / NUMBER, at / NUMBER + rows * width);
    const values = new Float32Array(rows * width);
    for (let to = 0, from = at / NUMBER; to < values.length; to += width, from += row / NUMBER) {
      for (let i = 0; i < width; i++) values[to + i] = this.#numbers[from + i]!;
    }
    return values;
  }
}
