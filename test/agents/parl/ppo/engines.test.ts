import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { likeliest, sample } from '../../../../agents/parl/ppo/decide.ts';
import { Float64Network } from '../../../../agents/parl/ppo/float64-network.ts';
import { initialParameters } from '../../../../agents/parl/ppo/initial-parameters.ts';
import { type Batch, ppoLoss } from '../../../../agents/parl/ppo/loss.ts';
import type { PolicyNetwork } from '../../../../agents/parl/ppo/network.ts';
import { layerPlaces, type PolicyShape, parameterCount } from '../../../../agents/parl/ppo/shape.ts';
import { CLEANRL, train } from '../../../../agents/parl/ppo/trainer.ts';
import { WasmNetwork } from '../../../../agents/parl/ppo/wasm-network.ts';
import { learnCartPole } from '../../../../bench/ppo/learn-cart-pole.ts';
import { type Random, seededRandom } from '../../../../core/random.ts';

const widths = (last: fc.Arbitrary<number>) =>
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.array(fc.integer({ min: 1, max: 18 }), { maxLength: 3 }), last)
    .map(([inputs, hidden, outputs]) => [inputs, ...hidden, outputs]);
const shapes = fc.record({ actor: widths(fc.integer({ min: 1, max: 6 })), critic: widths(fc.constant(1)) });

/** Decisions among 1 to 6 rows each, as when tasks are placed. */
function randomBatch({ actor, critic }: PolicyShape, steps: number, random: Random): Batch {
  const uniform = (length: number): Float64Array => Float64Array.from({ length }, () => 2 * random.next() - 1);
  const rowStarts = new Uint32Array(steps + 1);
  for (let step = 0; step < steps; step++) rowStarts[step + 1] = rowStarts[step]! + 1 + random.below(6);
  return {
    actorRows: uniform(rowStarts[steps]! * actor[0]!),
    rowStarts,
    criticRows: uniform(steps * critic[0]!),
    actions: Uint32Array.from({ length: steps }, (_, step) =>
      random.below((rowStarts[step + 1]! - rowStarts[step]!) * actor.at(-1)!),
    ),
    logProbabilities: uniform(steps).map((value) => value - 1.5),
    advantages: uniform(steps),
    returns: uniform(steps),
    values: uniform(steps),
  };
}

function gradientsOf(network: PolicyNetwork, batch: Batch): ArrayLike<number> {
  const outputs = network.forward(batch.actorRows, batch.criticRows);
  const derivatives = {
    byLogits: new Float64Array(outputs.logits.length),
    byValues: new Float64Array(outputs.values.length),
  };
  ppoLoss(batch, outputs, CLEANRL, derivatives);
  network.backward(derivatives.byLogits, derivatives.byValues);
  return network.gradients();
}

describe('both engines', () => {
  it('give the same gradients for any shape and any numbers of rows', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 40 }), fc.nat(), (shape, steps, seed) => {
        const random = seededRandom(seed);
        const parameters = initialParameters(shape, random);
        const [wasm, oracle] = [new WasmNetwork(shape), new Float64Network(shape)];
        wasm.load(parameters);
        oracle.load(parameters);
        for (const count of [1, steps, 2]) {
          const batch = randomBatch(shape, count, random);
          const [found, expected] = [gradientsOf(wasm, batch), gradientsOf(oracle, batch)];
          for (let i = 0; i < expected.length; i++) expect(found[i]).toBeCloseTo(expected[i]!, 4);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('follow the slope of the loss', () => {
    const shape = { actor: [3, 5, 1], critic: [2, 4, 1] };
    const random = seededRandom(7);
    const network = new Float64Network(shape);
    const parameters = Float64Array.from(initialParameters(shape, random));
    const batch = randomBatch(shape, 12, random);
    const lossAt = (index: number, shift: number): number => {
      const moved = parameters.slice();
      moved[index]! += shift;
      network.load(moved);
      const outputs = network.forward(batch.actorRows, batch.criticRows);
      const unused = { byLogits: new Float64Array(outputs.logits.length), byValues: new Float64Array(12) };
      return ppoLoss(batch, outputs, CLEANRL, unused).loss;
    };
    network.load(parameters);
    const gradients = gradientsOf(network, batch);
    for (let index = 0; index < parameterCount(shape); index++) {
      const slope = (lossAt(index, 1e-6) - lossAt(index, -1e-6)) / 2e-6;
      expect(gradients[index]).toBeCloseTo(slope, 6);
    }
  });
});

it('starts with orthogonal weights and with actions that are nearly equally likely', () => {
  const shape = { actor: [6, 16, 1], critic: [6, 16, 1] };
  const parameters = initialParameters(shape, seededRandom(3));
  const { inputs, weights } = layerPlaces(shape)[0]!;
  const column = (i: number): number[] =>
    Array.from({ length: 16 }, (_, out) => parameters[weights + out * inputs + i]!);
  const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  expect(dot(column(0), column(0))).toBeCloseTo(2, 5);
  expect(dot(column(0), column(1))).toBeCloseTo(0, 5);
  const network = new WasmNetwork(shape);
  network.load(parameters);
  const { logits } = network.forward(new Float32Array(12).fill(1), new Float32Array(6));
  expect(Math.abs(logits[0]!)).toBeLessThan(0.05);
});

it('draws actions as often as their probabilities say, from the given part of the logits', () => {
  const random = seededRandom(11);
  const logits = Float32Array.from([9, Math.log(0.2), Math.log(0.5), Math.log(0.3), 9]);
  const counts = [0, 0, 0];
  for (let i = 0; i < 20_000; i++) counts[sample(logits, 1, 4, random).action]!++;
  [0.2, 0.5, 0.3].forEach((share, action) => {
    expect(counts[action]! / 20_000).toBeCloseTo(share, 1);
  });
  expect(likeliest(logits, 1, 4)).toBe(1);
  expect(sample(logits, 2, 3, random)).toEqual({ action: 0, logProbability: 0 });
});

it('stops its passes when the policy has moved far enough', () => {
  const shape = { actor: [4, 8, 1], critic: [3, 8, 1] };
  const random = seededRandom(5);
  const network = new WasmNetwork(shape);
  network.load(initialParameters(shape, random));
  const batch = randomBatch(shape, 64, random);
  const settings = { ...CLEANRL, learningRate: 0.05, epochs: 50 };
  expect(train(network, batch, settings, seededRandom(1)).epochs).toBe(50);
  expect(train(network, batch, { ...settings, maxDivergence: 0.01 }, seededRandom(1)).epochs).toBeLessThan(50);
});

it('learns to balance a pole, the same way each time', { timeout: 60_000 }, () => {
  const shape = { actor: [4, 64, 64, 2], critic: [4, 64, 64, 1] };
  const learn = (steps: number) => learnCartPole(new WasmNetwork(shape), 1, steps, true);
  expect(learn(5_000)).toEqual(learn(5_000));
  expect(learn(50_000).return).toBeGreaterThan(80);
});
