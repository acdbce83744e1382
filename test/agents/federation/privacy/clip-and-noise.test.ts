import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normOf } from '../../../../agents/federation/aggregation/update-set.ts';
import { GRID, protectUpdate, valuesOf } from '../../../../agents/federation/privacy/clip-and-noise.ts';
import { fillDiscreteGaussian } from '../../../../agents/federation/privacy/discrete-gaussian.ts';
import { SecretNumbers } from '../../../../agents/federation/privacy/secret-numbers.ts';
import { seededSecrets } from '../secure/nodes.ts';

describe('clipping', () => {
  test('scales an update of norm 5 down to 1, and leaves its direction', () => {
    const update = protectUpdate(Float32Array.from([3, 4]), { clip: 1, noise: 0 }, seededSecrets('a'));
    expect(update).toMatchObject({ norm: 5, clipped: true, noise: 0, step: 2 ** -20 });
    expect(valuesOf(update)[0]).toBeCloseTo(0.6, 5);
    expect(valuesOf(update)[1]).toBeCloseTo(0.8, 5);
  });

  test('leaves a shorter one as it is, to the nearest step', () => {
    const update = protectUpdate(Float32Array.from([0.25, -0.5, 2 ** -22]), { clip: 1, noise: 0 }, seededSecrets('a'));
    expect([...update.steps]).toEqual([2 ** 18, -(2 ** 19), 0]);
    expect(update.clipped).toBe(false);
  });

  test('never lets more than the clip through, to the last step, whatever the update', () => {
    fc.assert(
      fc.property(
        fc.float32Array({
          minLength: 1,
          maxLength: 300,
          noNaN: true,
          noDefaultInfinity: true,
          min: -(2 ** 100),
          max: 2 ** 100,
        }),
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (delta, clip, share) => {
          const { steps } = protectUpdate(delta, { clip, noise: 0 }, seededSecrets('a'), share);
          const squares = steps.reduce((sum, count) => sum + count * count, 0);
          expect(squares).toBeLessThanOrEqual(GRID * GRID);
        },
      ),
    );
  });

  test('refuses what is not finite, and protections that are none', () => {
    const protect = (delta: number[], clip: number, noise: number, share?: number) => () =>
      protectUpdate(Float32Array.from(delta), { clip, noise }, seededSecrets('a'), share);
    expect(protect([1, Number.NaN], 1, 0)).toThrow(expect.objectContaining({ code: 'UPDATE_NOT_FINITE' }));
    expect(protect([Number.NEGATIVE_INFINITY], 1, 0)).toThrow(expect.objectContaining({ code: 'UPDATE_NOT_FINITE' }));
    for (const wrong of [protect([1], 0, 0), protect([1], 1, -1), protect([1], 1, 17), protect([1], 1, 0, 0)]) {
      expect(wrong).toThrow(expect.objectContaining({ code: 'NOISE_OUT_OF_RANGE' }));
    }
    expect(protect([1], Number.NaN, 0)).toThrow(/clip/);
  });
});

describe('noise', () => {
  test.each([0.25, 1, 5, 16])('of %d clips has that standard deviation and no mean', (noise) => {
    const count = 20_000;
    const update = protectUpdate(new Float32Array(count), { clip: 2, noise }, seededSecrets(`noise ${noise}`));
    const values = valuesOf(update);
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const deviation = normOf(values.map((value) => value - mean)) / Math.sqrt(count);
    // Five standard errors: σ/√n of the mean, σ/√2n of the deviation.
    expect(Math.abs(mean)).toBeLessThan((5 * 2 * noise) / Math.sqrt(count));
    expect(Math.abs(deviation / (2 * noise) - 1)).toBeLessThan(5 / Math.sqrt(2 * count));
    expect(update.noise).toBeGreaterThanOrEqual(noise);
    expect(update.noise).toBeLessThan(noise * 1.00001);
  });

  test('wider than the sampler’s steps leaves nothing finer than its own steps', () => {
    const delta = Float32Array.from({ length: 500 }, (_, at) => (at % 7) / 1000);
    const { steps } = protectUpdate(delta, { clip: 1, noise: 4 }, seededSecrets('a'));
    expect(steps.every((count) => count % 4 === 0)).toBe(true);
  });

  test('is different each time: nothing is drawn twice from the source', () => {
    const secrets = seededSecrets('a');
    const delta = new Float32Array(100);
    const first = protectUpdate(delta, { clip: 1, noise: 1 }, secrets);
    const second = protectUpdate(delta, { clip: 1, noise: 1 }, secrets);
    expect([...first.steps].filter((count, at) => count === second.steps[at]).length).toBeLessThan(3);
  });

  // P(x) ∝ exp(−x²/2σ²) on whole numbers; σ 2: 0.19947, 0.17603, 0.12099, 0.06476, 0.02699 for |x| 0 … 4.
  test('of σ 2 comes on whole numbers as often as its definition says', () => {
    const count = 60_000;
    const drawn = new Int32Array(count);
    fillDiscreteGaussian(drawn, 2, new SecretNumbers(seededSecrets('discrete')));
    const expected = new Map<number, number>();
    let whole = 0;
    for (let x = -30; x <= 30; x++) whole += Math.exp((-x * x) / 8);
    for (let x = -6; x <= 6; x++) expected.set(x, (count * Math.exp((-x * x) / 8)) / whole);
    let chiSquare = 0;
    for (const [x, often] of expected) {
      const found = drawn.filter((value) => value === x).length;
      chiSquare += (found - often) ** 2 / often;
    }
    expect(expected.get(0)! / count).toBeCloseTo(0.19947, 5);
    // 13 cells: 99.99 % below 40.
    expect(chiSquare).toBeLessThan(40);
  });

  test('refuses a σ that it cannot sample exactly', () => {
    const numbers = new SecretNumbers(seededSecrets('a'));
    for (const sigma of [0, 1.5, 2 ** 20 + 1, Number.NaN]) {
      expect(() => fillDiscreteGaussian(new Int32Array(1), sigma, numbers)).toThrow(/whole number/);
    }
  });
});

test('whole numbers are uniform up to any bound, also one of more than 32 bits', () => {
  const numbers = new SecretNumbers(seededSecrets('uniform'));
  const thirds = [0, 0, 0];
  for (let turn = 0; turn < 3000; turn++) thirds[numbers.below(3)]!++;
  for (const count of thirds) expect(Math.abs(count - 1000)).toBeLessThan(150);
  const most = 3 * 2 ** 50;
  const high = Array.from({ length: 3000 }, () => numbers.below(most));
  expect(high.every((value) => Number.isInteger(value) && value >= 0 && value < most)).toBe(true);
  expect(Math.abs(high.filter((value) => value < 2 ** 50).length - 1000)).toBeLessThan(150);
});
