// Which rows of a node are new, and up to which number all have come. What the stores that are not SQL on the spot go by;
// daemon/store/experience.ts says the same in statements.

import { EXPERIENCE_WINDOW } from '../storage.ts';

/** Moves a mark over all numbers that follow without a gap. */
export function advanced(mark: number, has: (sequence: number) => boolean): number {
  let to = mark;
  while (has(to + 1)) to += 1;
  return to;
}

/**
 * Of rows of one node, those that are new, each once; and the mark after them.
 * @param mark number up to which all have come
 * @param has whether a row beyond the mark is there
 */
export function arrivals<R extends { sequence: number }>(
  mark: number,
  has: (sequence: number) => boolean,
  rows: readonly R[],
): { taken: R[]; mark: number } {
  const taken = new Map<number, R>();
  let known = mark;
  for (const row of rows) {
    const { sequence } = row;
    if (sequence <= known || sequence > known + EXPERIENCE_WINDOW || has(sequence) || taken.has(sequence)) continue;
    taken.set(sequence, row);
    if (sequence === known + 1) known = advanced(known, (next) => has(next) || taken.has(next));
  }
  return { taken: [...taken.values()], mark: known };
}
