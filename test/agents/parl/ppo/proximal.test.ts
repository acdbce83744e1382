// FedProx's term in both engines: its derivative, and what it does to training.

import { describe, expect, it } from 'vitest';
import { Float64Network } from '../../../../agents/parl/ppo/float64-network.ts';
import { initialParameters } from '../../../../agents/parl/ppo/initial-parameters.ts';
import { type Batch, ppoLoss } from '../../../../agents/parl/ppo/loss.ts';
import { type Floats, parameterCount } from '../../../../agents/parl/ppo/shape.ts';
import { CLEANRL, train } from '../../../../agents/parl/ppo/trainer.ts';
import { WasmNetwork } from '../../../../agents/parl/ppo/wasm-network.ts';
import { seededRandom } from '../../../../core/random.ts';

const shape = { actor: [3, 5, 1], critic: [2, 6, 1] };
const COUNT = parameterCount(shape);
const STEPS = 48;
const centre = initialParameters(shape, seededRandom(1));
const batch = someBatch();

function someBatch(): Batch {
  const random = seededRandom(2);
  const uniform = (length: number): Float64Array => Float64Array.from({ length }, () => 2 * random.next() - 1);
  return {
    ...{ actorRows: uniform(STEPS * 4 * 3), criticRows: uniform(STEPS * 2) },
    rowStarts: Uint32Array.from({ length: STEPS + 1 }, (_, step) => 4 * step),
    actions: Uint32Array.from({ length: STEPS }, () => random.below(4)),
    logProbabilities: new Float64Array(STEPS).fill(Math.log(0.25)),
    ...{ advantages: uniform(STEPS), returns: uniform(STEPS), values: uniform(STEPS) },
  };
}

function lossOf(network: Float64Network): number {
  const outputs = network.forward(batch.actorRows, batch.criticRows);
  const unused = { byLogits: new Float64Array(STEPS * 4), byValues: new Float64Array(STEPS) };
  return ppoLoss(batch, outputs, CLEANRL, unused).loss;
}

function distance(a: Floats, b: Floats): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

describe('the proximal term', () => {
  it('follows the slope of the loss plus μ/2 times the squared distance from where the round began', () => {
    const strength = 0.7;
    const moved = Float64Array.from(centre, (value, index) => value + 0.3 * Math.sin(index));
    const objective = (at: Float64Array): number => {
      const network = new Float64Network(shape);
      network.load(at);
      return lossOf(network) + (strength / 2) * distance(at, centre) ** 2;
    };
    const network = new Float64Network(shape);
    network.load(moved);
    const outputs = network.forward(batch.actorRows, batch.criticRows);
    const derivatives = { byLogits: new Float64Array(STEPS * 4), byValues: new Float64Array(STEPS) };
    ppoLoss(batch, outputs, CLEANRL, derivatives);
    network.backward(derivatives.byLogits, derivatives.byValues);
    network.pull(centre, strength);
    const gradients = network.gradients();
    for (let index = 0; index < COUNT; index++) {
      const [up, down] = [moved.slice(), moved.slice()];
      up[index]! += 1e-6;
      down[index]! -= 1e-6;
      expect(gradients[index]).toBeCloseTo((objective(up) - objective(down)) / 2e-6, 5);
    }
  });

  it('is the same in both engines', () => {
    const moved = Float32Array.from(centre, (value, index) => value + 0.1 * Math.cos(index));
    const [wasm, oracle] = [new WasmNetwork(shape), new Float64Network(shape)];
    for (const network of [wasm, oracle]) {
      network.load(moved);
      network.forward(batch.actorRows, batch.criticRows);
      network.backward(new Float32Array(STEPS * 4).fill(0.01), new Float32Array(STEPS).fill(0.02));
      network.pull(centre, 0.5);
    }
    const [found, expected] = [wasm.gradients(), oracle.gradients()];
    for (let index = 0; index < COUNT; index++) expect(found[index]).toBeCloseTo(expected[index]!, 4);
    // Padding stays out of the norm that gradients are clipped by.
    const norm = Math.sqrt(expected.reduce((sum, g) => sum + g * g, 0));
    expect(wasm.step(1e-3, 0.5)).toBeCloseTo(norm, 4);
  });

  it('keeps training nearer to where it began the greater μ is, and lets none away when it is huge', () => {
    const settings = { ...CLEANRL, clipValue: false, epochs: 150, learningRate: 1e-3 };
    const reached = [0, 0.1, 1, 1000].map((strength) => {
      const network = new WasmNetwork(shape);
      network.load(centre);
      train(network, batch, { ...settings, proximal: { centre, strength } }, seededRandom(3));
      return distance(network.parameters(), centre);
    });
    const [free, weak, strong, huge] = reached;
    expect(free).toBeGreaterThan(0.5);
    expect(weak).toBeLessThan(free!);
    expect(strong).toBeLessThan(0.75 * weak!);
    expect(huge).toBeLessThan(free! / 50);
  });

  it('changes nothing with μ = 0', () => {
    const trained = [undefined, { centre, strength: 0 }].map((proximal) => {
      const network = new WasmNetwork(shape);
      network.load(centre);
      train(network, batch, { ...CLEANRL, ...(proximal && { proximal }) }, seededRandom(4));
      return network.parameters();
    });
    expect(trained[0]).toEqual(trained[1]);
  });
});
