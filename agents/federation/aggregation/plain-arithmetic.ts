// The arithmetic of the aggregation in plain float64: slow and easy to check. The oracle for WebAssembly in tests.

import type { Arithmetic, SortedStretch } from './arithmetic.ts';

export class PlainArithmetic implements Arithmetic {
  squaredDistances(
    rows: readonly Float32Array[],
    scales: Float64Array = new Float64Array(rows.length).fill(1),
  ): Float64Array {
    const count = rows.length;
    const distances = new Float64Array(count * count);
    for (let i = 0; i < count; i++) {
      for (let j = i + 1; j < count; j++) {
        const [x, y] = [rows[i]!, rows[j]!];
        let sum = 0;
        for (let at = 0; at < x.length; at++) sum += (scales[i]! * x[at]! - scales[j]! * y[at]!) ** 2;
        distances[i * count + j] = sum;
        distances[j * count + i] = sum;
      }
    }
    return distances;
  }

  sortCoordinates(rows: readonly Float32Array[], see: (stretch: SortedStretch) => void): void {
    const length = rows[0]?.length ?? 0;
    const values = new Float32Array(rows.length);
    for (let from = 0; from < length; from++) {
      for (let i = 0; i < rows.length; i++) values[i] = rows[i]![from]!;
      values.sort();
      see({ from, columns: 1, values, stride: 1 });
    }
  }
}
