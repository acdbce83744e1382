// The best pairing of two sets, by total gain: the Hungarian method (Kuhn 1955; the O(n³) form with potentials).

export interface Pair {
  row: number;
  column: number;
}

/**
 * Pairs rows with columns so that the sum of `gain` is greatest. Pairs without a gain (0 or less) are not made.
 * @param gain called once for each pair; at most 1
 */
export function assign(rows: number, columns: number, gain: (row: number, column: number) => number): Pair[] {
  if (rows === 0 || columns === 0) return [];
  const size = Math.max(rows, columns);
  // Costs of a square problem, 1-based; what is added to make it square costs as much as no pair.
  const cost = Array.from({ length: size + 1 }, (_, r) =>
    Float64Array.from({ length: size + 1 }, (_, c) =>
      r >= 1 && c >= 1 && r <= rows && c <= columns ? -Math.max(0, gain(r - 1, c - 1)) : 0,
    ),
  );
  const rowPotential = new Float64Array(size + 1);
  const columnPotential = new Float64Array(size + 1);
  const rowOf = new Int32Array(size + 1);
  for (let row = 1; row <= size; row++) augment(row, cost, rowPotential, columnPotential, rowOf);
  const pairs: Pair[] = [];
  for (let column = 1; column <= columns; column++) {
    const row = rowOf[column]!;
    if (row <= rows && cost[row]![column]! < 0) pairs.push({ row: row - 1, column: column - 1 });
  }
  return pairs;
}

/** Adds a row to the pairing by the cheapest chain of exchanges. */
function augment(
  row: number,
  cost: readonly Float64Array[],
  rowPotential: Float64Array,
  columnPotential: Float64Array,
  rowOf: Int32Array,
): void {
  const size = rowOf.length - 1;
  const least = new Float64Array(size + 1).fill(Number.POSITIVE_INFINITY);
  const visited = new Uint8Array(size + 1);
  const previous = new Int32Array(size + 1);
  rowOf[0] = row;
  let column = 0;
  do {
    visited[column] = 1;
    const current = rowOf[column]!;
    let step = Number.POSITIVE_INFINITY;
    let next = 0;
    for (let c = 1; c <= size; c++) {
      if (visited[c]) continue;
      const reduced = cost[current]![c]! - rowPotential[current]! - columnPotential[c]!;
      if (reduced < least[c]!) {
        least[c] = reduced;
        previous[c] = column;
      }
      if (least[c]! < step) {
        step = least[c]!;
        next = c;
      }
    }
    for (let c = 0; c <= size; c++) {
      if (visited[c]) {
        rowPotential[rowOf[c]!]! += step;
        columnPotential[c]! -= step;
      } else {
        least[c]! -= step;
      }
    }
    column = next;
  } while (rowOf[column] !== 0);
  while (column !== 0) {
    rowOf[column] = rowOf[previous[column]!]!;
    column = previous[column]!;
  }
}
