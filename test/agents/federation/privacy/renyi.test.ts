import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  convert,
  epsilonOf,
  epsilonOfRounds,
  ORDERS,
  renyiOf,
  rhoOf,
  rhoWithin,
} from '../../../../agents/federation/privacy/renyi.ts';

describe('the Rényi accountant', () => {
  // The values that Google's dp_accounting and TensorFlow Privacy hold in their own tests: q = 0.01, σ = 2.5, 50 rounds.
  test.each([
    [5, 2.18075656e-3],
    [50, 2.38460375e-2],
    [100, 1.67416308e2],
  ])('of the sampled Gaussian at order %d is %d', (order, published) => {
    expect(50 * renyiOf({ noise: 2.5, sampling: 0.01 }, order)).toBeCloseTo(published, published > 1 ? 5 : 9);
  });

  test('between whole orders it is an upper bound, and close above order 2', () => {
    // Published (exact, by another formula): 6.70579741e-4 at 1.5, 1.08548710e-3 at 2.5.
    const at = (order: number): number => 50 * renyiOf({ noise: 2.5, sampling: 0.01 }, order);
    expect(at(1.5)).toBeGreaterThan(6.70579741e-4);
    expect(at(1.5)).toBeCloseTo(8.67546829e-4, 10);
    expect(at(2.5)).toBeGreaterThan(1.0854871e-3);
    expect(at(2.5) / 1.0854871e-3).toBeLessThan(1.07);
  });

  test('with the older conversion gives TensorFlow Privacy’s ε 1.258575 at order 20; the newer one proves less', () => {
    // q = 0.01, σ = 4, 10,000 rounds, δ = 1e-5, orders 2 to 32.
    const orders = Array.from({ length: 31 }, (_, at) => at + 2);
    const curve = orders.map((order) => 10_000 * renyiOf({ noise: 4, sampling: 0.01 }, order));
    const older = curve.map((renyi, at) => renyi - Math.log(1e-5) / (orders[at]! - 1));
    expect(Math.min(...older)).toBeCloseTo(1.258575, 6);
    expect(orders[older.indexOf(Math.min(...older))]).toBe(20);
    const newer = Math.min(...curve.map((renyi, at) => convert(renyi, orders[at]!, 1e-5)));
    expect(newer).toBeCloseTo(1.03549, 5);
  });

  test('converts as Canonne, Kamath and Steinke: 1.1 at order 32 and δ 1e-5 is ε 1.32783806176', () => {
    expect(convert(1.1, 32, 1e-5)).toBeCloseTo(1.32783806176, 10);
  });

  test('finds ε 1 at δ 1e-6 for σ 4.530877117, both by orders and by ρ', () => {
    expect(epsilonOf(rhoOf(4.530877117), 1e-6)).toBeCloseTo(1, 9);
    expect(epsilonOfRounds({ noise: 4.530877117, sampling: 1 }, 1, 1e-6)).toBeCloseTo(1, 5);
  });

  test('never proves less than the exact ε of one Gaussian (Balle, Wang 2018), and little more', () => {
    // Exact: the ε with Φ(1/2σ − εσ) − e^ε Φ(−1/2σ − εσ) = 1e-5: 4.3772 for σ 1, 1.9930 for σ 2.
    expect(epsilonOf(rhoOf(1), 1e-5)).toBeGreaterThan(4.377);
    expect(epsilonOf(rhoOf(1), 1e-5)).toBeLessThan(4.377 * 1.1);
    expect(epsilonOf(rhoOf(2), 1e-5)).toBeGreaterThan(1.993);
    expect(epsilonOf(rhoOf(2), 1e-5)).toBeLessThan(1.993 * 1.1);
  });

  test('by ρ it finds the least over all orders', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-4, max: 50, noNaN: true }), fc.constantFrom(1e-3, 1e-5, 1e-8), (rho, delta) => {
        const found = epsilonOf(rho, delta);
        for (const order of ORDERS)
          expect(found).toBeLessThanOrEqual(Math.max(0, convert(order * rho, order, delta)) + 1e-9);
        expect(epsilonOf(rhoWithin(found, delta), delta)).toBeLessThanOrEqual(found + 1e-9);
      }),
    );
  });

  test('more rounds, less noise, more sampling never cost less', () => {
    const epsilon = (noise: number, sampling: number, rounds: number) =>
      epsilonOfRounds({ noise, sampling }, rounds, 1e-5);
    expect(epsilon(1, 0.1, 10)).toBeLessThan(epsilon(1, 0.1, 20));
    expect(epsilon(2, 0.1, 10)).toBeLessThan(epsilon(1, 0.1, 10));
    expect(epsilon(1, 0.1, 10)).toBeLessThan(epsilon(1, 1, 10));
    expect(epsilon(1, 0, 10)).toBe(0);
    expect(epsilon(0, 0.5, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(epsilonOf(0, 1e-5)).toBe(0);
    expect(epsilonOf(Number.POSITIVE_INFINITY, 1e-5)).toBe(Number.POSITIVE_INFINITY);
  });
});
