import { describe, expect, it } from 'vitest';
import type { Arithmetic } from '../../../../agents/federation/aggregation/arithmetic.ts';
import { PlainArithmetic } from '../../../../agents/federation/aggregation/plain-arithmetic.ts';
import { bulyan } from '../../../../agents/federation/aggregation/rules/bulyan.ts';
import { fedAvg } from '../../../../agents/federation/aggregation/rules/fed-avg.ts';
import { krum, multiKrum } from '../../../../agents/federation/aggregation/rules/krum.ts';
import { coordinateMedian, trimmedMean } from '../../../../agents/federation/aggregation/rules/trimmed-mean.ts';
import { WasmArithmetic } from '../../../../agents/federation/aggregation/wasm-arithmetic.ts';
import { readFlwr, updatesOf } from './fixtures.ts';

const engines: [name: string, arithmetic: Arithmetic][] = [
  ['plain', new PlainArithmetic()],
  ['WebAssembly', new WasmArithmetic()],
];

describe.each(engines)('with %s arithmetic', (_, arithmetic) => {
  it('every rule gives what flwr gives', (test) => {
    const fixture = readFlwr();
    if (fixture === undefined) return test.skip('no fixtures; set PARLMESH_TEST_DATA');
    for (const { n, d, f, X, num_examples, ...expected } of fixture.cases) {
      const rows = Array.from({ length: n }, (_, i) => X.slice(i * d, (i + 1) * d));
      const updates = updatesOf(rows, num_examples);
      const liars = f / n;
      const near = (found: Float32Array, wanted: number[]): void => {
        expect(found).toHaveLength(d);
        // Numbers are up to 25, so float32 leaves some 1e-6.
        found.forEach((value, i) => {
          expect(value).toBeCloseTo(wanted[i]!, 4);
        });
      };
      near(fedAvg().aggregate(updates).delta, expected.fedavg);
      near(coordinateMedian({ arithmetic }).aggregate(updates).delta, expected.median);
      near(trimmedMean({ liars: expected.trimmed_beta, arithmetic }).aggregate(updates).delta, expected.trimmed);
      near(krum({ liars, arithmetic }).aggregate(updates).delta, expected.krum);
      const keep = (): number => expected.multikrum_keep;
      near(multiKrum({ liars, arithmetic, keep }).aggregate(updates).delta, expected.multikrum_weighted_by_examples);
      near(bulyan({ liars, arithmetic }).aggregate(updates).delta, expected.bulyan);
    }
  });

  // The vectors of flwr's own unit tests.
  it('Krum takes the middle of 0.2, 0.7 and 1, and Multi-Krum averages the nearest two', () => {
    const middle = krum({ liars: 0, arithmetic }).aggregate(updatesOf([[0.2], [0.7], [1]]));
    expect(middle.delta[0]).toBeCloseTo(0.7, 6);
    const two = multiKrum({ liars: 0, arithmetic, keep: () => 2 }).aggregate(updatesOf([[0.2], [0.5], [1]]));
    expect(two.delta[0]).toBeCloseTo(0.35, 6);
  });

  it('the trimmed mean leaves out a quarter at either end', () => {
    const rows = [
      [0.5, 0.5, 0.5, 0.5],
      [1, 0.2, 0.5, 1],
      [0.2, 0.5, 1, 0.2],
      [0.5, 1, 0.2, 0.5],
    ];
    const { delta } = trimmedMean({ liars: 0.25, arithmetic }).aggregate(updatesOf(rows));
    expect([...delta]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });
});
