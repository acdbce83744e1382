// The two computations that aggregation spends its time on. Two implementations pass the same tests: `WasmArithmetic` works,
// `PlainArithmetic` is the oracle it is measured by.

/** A stretch of coordinates, each with its values in ascending order. Valid until the next one is seen. */
export interface SortedStretch {
  /** The first coordinate, and how many there are. */
  from: number;
  columns: number;
  /** The value of rank r of column c is `values[r * stride + c]`. */
  values: Float32Array;
  stride: number;
}

export interface Arithmetic {
  /**
   * Squared Euclidean distances of all pairs: n × n, symmetric, zeros on the diagonal. Rows are of one length, finite.
   * @param scales that each row is multiplied by first; left out, 1
   */
  squaredDistances(rows: readonly Float32Array[], scales?: Float64Array): Float64Array;
  /** Shows all coordinates, in order, a stretch at a time. */
  sortCoordinates(rows: readonly Float32Array[], see: (stretch: SortedStretch) => void): void;
}
