import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Arithmetic } from '../../../../agents/federation/aggregation/arithmetic.ts';
import { PlainArithmetic } from '../../../../agents/federation/aggregation/plain-arithmetic.ts';
import { WasmArithmetic } from '../../../../agents/federation/aggregation/wasm-arithmetic.ts';
import { seededRandom } from '../../../../core/random.ts';

const plain = new PlainArithmetic();
const wasm = new WasmArithmetic();

function sortedColumns(arithmetic: Arithmetic, rows: Float32Array[]): number[][] {
  const columns: number[][] = [];
  arithmetic.sortCoordinates(rows, ({ from, columns: count, values, stride }) => {
    expect(from).toBe(columns.length);
    for (let column = 0; column < count; column++) {
      columns.push(rows.map((_, rank) => values[rank * stride + column]!));
    }
  });
  return columns;
}

const tables = fc.integer({ min: 1, max: 70 }).chain((size) => {
  const number = fc.float({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value + 0);
  const row = fc.array(number, { minLength: size, maxLength: size });
  return fc.array(row, { minLength: 1, maxLength: 40 }).map((rows) => rows.map((each) => Float32Array.from(each)));
});

describe('WebAssembly arithmetic', () => {
  it('sorts every coordinate as plain code does', () => {
    fc.assert(
      fc.property(tables, (rows) => {
        expect(sortedColumns(wasm, rows)).toEqual(sortedColumns(plain, rows));
      }),
      { numRuns: 60 },
    );
  });

  it('finds the distances that plain code finds', () => {
    fc.assert(
      fc.property(tables, (rows) => {
        const expected = plain.squaredDistances(rows);
        wasm.squaredDistances(rows).forEach((distance, i) => {
          expect(Math.abs(distance - expected[i]!)).toBeLessThanOrEqual(1e-5 * expected[i]! + 1e-30);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('scales rows on the way', () => {
    const rows = [Float32Array.of(3, 4, 0, 0, 0), Float32Array.of(0, 0, 0, 0, 2)];
    for (const arithmetic of [plain, wasm]) {
      expect(arithmetic.squaredDistances(rows, Float64Array.of(0.2, 0.5))[1]).toBeCloseTo(2, 6);
    }
  });

  it('keeps the distance of near updates that lie far from the origin', () => {
    const rows = [Float32Array.of(1e6, 1e6), Float32Array.of(1e6, 1e6 + 1)];
    expect(wasm.squaredDistances(rows)[1]).toBe(1);
  });

  it('forgets what was aggregated before, whatever its size', () => {
    const random = seededRandom(5);
    const table = (count: number, size: number): Float32Array[] =>
      Array.from({ length: count }, () => Float32Array.from({ length: size }, () => random.next()));
    for (const [count, size] of [
      [30, 700],
      [3, 5],
      [9, 257],
      [33, 260],
    ] as const) {
      const rows = table(count, size);
      const expected = plain.squaredDistances(rows);
      wasm.squaredDistances(rows).forEach((distance, i) => {
        expect(distance).toBeCloseTo(expected[i]!, 4);
      });
      expect(sortedColumns(wasm, rows)).toEqual(sortedColumns(plain, rows));
    }
  });

  it('refuses more updates than a round may have', () => {
    const rows = Array.from({ length: 4097 }, () => Float32Array.of(1));
    expect(() => wasm.squaredDistances(rows)).toThrow('4097 updates are more than the 4096 of one round');
  });
});
