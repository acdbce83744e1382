// Who sends how much to whom, as flat arrays: rows of a sparse matrix.

export interface Demand {
  /** The entries of source `n` are `offsets[n] … offsets[n + 1] - 1`. */
  offsets: Int32Array;
  targets: Int32Array;
  /** Whole numbers, so that sums are exact in any order. */
  rates: Float64Array;
}

/** @param rows by source: destination and rate; zero rates and a node's word to itself are left out */
export function demandOf(count: number, rows: (source: number) => Iterable<readonly [number, number]>): Demand {
  const offsets = new Int32Array(count + 1);
  const targets: number[] = [];
  const rates: number[] = [];
  for (let source = 0; source < count; source++) {
    for (const [target, rate] of rows(source)) {
      const whole = Math.round(rate);
      if (whole < 1 || target === source) continue;
      targets.push(target);
      rates.push(whole);
    }
    offsets[source + 1] = targets.length;
  }
  return { offsets, targets: Int32Array.from(targets), rates: Float64Array.from(rates) };
}
