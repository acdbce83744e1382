// The coordinate-wise trimmed mean and median (Yin et al. 2018, definitions 1 and 2). Of every coordinate the largest and the
// smallest values are left out; the rest is averaged, each node alike.

import type { Aggregate, Aggregator, Update, Verdict } from '../aggregator.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { figure, liarsAmong, ramp, requireUpdates } from '../update-set.ts';

/**
 * @param liars share of values that is left out at either end of each coordinate, below 0.5: ⌊share × n⌋ of n
 */
export function trimmedMean({ liars, arithmetic }: { liars: number; arithmetic: Arithmetic }): Aggregator {
  const name = 'trimmed-mean';
  return {
    name,
    aggregate: (updates) => {
      const cut = liarsAmong(liars, updates.length);
      requireUpdates(name, updates, 2 * cut + 1, cut);
      return meanOfRanks(updates, cut, updates.length - cut, arithmetic);
    },
  };
}

/** The middle value of each coordinate; the mean of the two in the middle where they are even. */
export function coordinateMedian({ arithmetic }: { arithmetic: Arithmetic }): Aggregator {
  const name = 'median';
  return {
    name,
    aggregate: (updates) => {
      requireUpdates(name, updates);
      const from = (updates.length - 1) >> 1;
      return meanOfRanks(updates, from, updates.length - from, arithmetic);
    },
  };
}

/** Of each coordinate, the mean of the values of ranks `from` (counted from 0) to `to`, exclusive. */
function meanOfRanks(updates: readonly Update[], from: number, to: number, arithmetic: Arithmetic): Aggregate {
  const rows = updates.map(({ delta }) => delta);
  const delta = new Float32Array(rows[0]!.length);
  const low = new Float32Array(delta.length);
  const high = new Float32Array(delta.length);
  arithmetic.sortCoordinates(rows, ({ from: first, columns, values, stride }) => {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let rank = from; rank < to; rank++) sum += values[rank * stride + column]!;
      delta[first + column] = sum / (to - from);
      low[first + column] = values[from * stride + column]!;
      high[first + column] = values[(to - 1) * stride + column]!;
    }
  });
  return { delta, verdicts: keptVerdicts(updates, { low, high }, (to - from) / updates.length) };
}

/**
 * Verdicts of rules that keep some values of each coordinate and leave out the others.
 * @param fair share of coordinates in which an update of no particular kind is kept
 */
export function keptVerdicts(
  updates: readonly Update[],
  { low, high }: { low: Float32Array; high: Float32Array },
  fair: number,
): Verdict[] {
  return updates.map(({ node, delta }) => {
    let kept = 0;
    for (let at = 0; at < delta.length; at++) if (delta[at]! >= low[at]! && delta[at]! <= high[at]!) kept++;
    const share = kept / Math.max(1, delta.length);
    if (share >= fair / 2) return { node, share };
    const evidence = `kept in ${figure(100 * share)} % of the coordinates, where ${figure(100 * fair)} % would be fair`;
    return { node, share, doubt: { reason: 'outlying', evidence, severity: ramp(1 - share / fair, 0.5, 0.9) } };
  });
}
