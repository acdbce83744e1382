import { describe, expect, it } from 'vitest';
import { advantagesOf } from '../../../../agents/parl/ppo/advantages.ts';
import { Float64Network } from '../../../../agents/parl/ppo/float64-network.ts';
import { type Batch, ppoLoss } from '../../../../agents/parl/ppo/loss.ts';
import type { PolicyNetwork } from '../../../../agents/parl/ppo/network.ts';
import type { PolicyShape } from '../../../../agents/parl/ppo/shape.ts';
import { WasmNetwork } from '../../../../agents/parl/ppo/wasm-network.ts';
import { flatten, type ParityFixture, readFixture, shapeOf } from './fixtures.ts';

const engines: [name: string, create: (shape: PolicyShape) => PolicyNetwork, tolerance: number][] = [
  ['float64', (shape) => new Float64Network(shape), 1e-9],
  ['WebAssembly', (shape) => new WasmNetwork(shape), 1e-6],
];
const files = ['ppo_parity_h8_b16_a2.json', 'ppo_parity_h16_b32_a5.json', 'ppo_parity_h64_b128_a2.json'];

describe.each(engines)('the %s engine', (_, create, tolerance) => {
  it.for(files)('learns as torch does from %s', (file, test) => {
    const fixture = readFixture<ParityFixture>(file);
    if (fixture === undefined) return test.skip('no fixtures; set PARLMESH_TEST_DATA');
    const { hyper, init, updates } = fixture;
    const shape = shapeOf(init);
    const network = create(shape);
    network.load(flatten(init, shape));
    const settings = {
      clip: hyper.clip,
      clipValue: hyper.clip_vloss,
      entropyWeight: hyper.ent,
      valueWeight: hyper.vf,
    };

    for (const { batch, expect: expected } of updates) {
      const steps = batch.act.length;
      const rows = Float64Array.from(batch.obs);
      const inputs: Batch = {
        actorRows: rows,
        rowStarts: Uint32Array.from({ length: steps + 1 }, (_, step) => step),
        criticRows: rows,
        actions: Uint32Array.from(batch.act),
        logProbabilities: Float64Array.from(batch.old_logprob),
        advantages: Float64Array.from(batch.adv),
        returns: Float64Array.from(batch.ret),
        values: Float64Array.from(batch.old_value),
      };
      const outputs = network.forward(inputs.actorRows, inputs.criticRows);
      expectNear(outputs.values, expected.value, tolerance);
      const derivatives = {
        byLogits: new Float64Array(outputs.logits.length),
        byValues: new Float64Array(outputs.values.length),
      };
      const figures = ppoLoss(inputs, outputs, settings, derivatives);
      network.backward(derivatives.byLogits, derivatives.byValues);
      const { pg_loss, v_loss, entropy, loss, approx_kl, clipfrac, grad_norm_preclip } = expected;
      const { policyLoss, valueLoss, divergence, clipped } = figures;
      expectNear(
        [policyLoss, valueLoss, figures.entropy, figures.loss, divergence, clipped],
        [pg_loss, v_loss, entropy, loss, approx_kl, clipfrac],
        tolerance,
      );
      expectNear(network.gradients(), flatten(expected.grads_preclip, shape), tolerance);
      expectNear([network.step(hyper.lr, hyper.max_grad_norm)], [grad_norm_preclip], tolerance);
      expectNear(network.parameters(), flatten(expected.weights_after, shape), tolerance);
    }
  });
});

it('estimates advantages as CleanRL does', (test) => {
  const fixture = readFixture<Record<string, number[]> & { gamma: number; lam: number; N: number }>('gae.json');
  if (fixture === undefined) return test.skip('no fixtures; set PARLMESH_TEST_DATA');
  const floats = (name: string): Float64Array => Float64Array.from(fixture[name]!);
  const trajectory = {
    environments: fixture.N,
    rewards: floats('rewards'),
    values: floats('values'),
    starts: floats('dones'),
    discounts: floats('rewards').fill(fixture.gamma),
    nextValues: floats('next_value'),
    nextStarts: floats('next_done'),
  };
  const { advantages, returns } = advantagesOf(trajectory, fixture.lam);
  expectNear(advantages, fixture.advantages!, 1e-12);
  expectNear(returns, fixture.returns!, 1e-12);
});

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const worst = Array.from(expected, (value, i) => Math.abs(actual[i]! - value)).reduce((a, b) => Math.max(a, b), 0);
  expect(worst).toBeLessThanOrEqual(tolerance);
}
