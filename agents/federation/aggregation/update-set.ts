// What all rules ask of the updates that come in together, and the sums that they share.

import { ParlmeshError } from '../../../core/errors.ts';
import type { Update } from './aggregator.ts';

/**
 * Liars that a rule must stand among so many updates.
 * @param share that is expected to lie, 0 to 0.5
 */
export function liarsAmong(share: number, count: number): number {
  return Math.floor(share * count + 1e-9);
}

/** Throws `AGGREGATION_TOO_FEW` for fewer updates than `least`, and `AGGREGATION_MISMATCH` where they are of unlike lengths. */
export function requireUpdates(rule: string, updates: readonly Update[], least = 1, liars = 0): void {
  if (updates.length < least) {
    const against = liars > 0 ? ` against ${liars} liar${liars > 1 ? 's' : ''}` : '';
    throw new ParlmeshError(
      'AGGREGATION_TOO_FEW',
      `${rule} needs at least ${least} updates${against}; there are ${updates.length}`,
      { hint: 'Wait for more nodes, expect a smaller share of liars, or choose another rule' },
    );
  }
  const { length } = updates[0]!.delta;
  const other = updates.find(({ delta }) => delta.length !== length);
  if (other !== undefined) {
    throw new ParlmeshError(
      'AGGREGATION_MISMATCH',
      `The update of ${other.node} has ${other.delta.length} numbers, that of ${updates[0]!.node} ${length}`,
    );
  }
}

/** Coordinates that are summed at a time: their sums stay in the processor's first cache. */
const STRETCH = 2048;

/** Σ wᵢ xᵢ / Σ wᵢ, summed in float64. Zeros where all weights are 0. */
export function weightedMean(rows: readonly Float32Array[], weights: ArrayLike<number>): Float32Array {
  let total = 0;
  for (let i = 0; i < rows.length; i++) total += weights[i]!;
  const mean = new Float32Array(rows[0]!.length);
  if (total === 0) return mean;
  const sums = new Float64Array(STRETCH);
  for (let from = 0; from < mean.length; from += STRETCH) {
    const count = Math.min(STRETCH, mean.length - from);
    sums.fill(0);
    for (let i = 0; i < rows.length; i++) {
      const weight = weights[i]! / total;
      if (weight !== 0) addScaled(sums, rows[i]!, from, count, weight);
    }
    for (let at = 0; at < count; at++) mean[from + at] = sums[at]!;
  }
  return mean;
}

function addScaled(sums: Float64Array, row: Float32Array, from: number, count: number, weight: number): void {
  for (let at = 0; at < count; at++) sums[at]! += weight * row[from + at]!;
}

export function normOf(row: ArrayLike<number>): number {
  return Math.sqrt(dot(row, row));
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}

export function scaled(row: Float32Array, factor: number): Float32Array {
  const result = new Float32Array(row.length);
  for (let at = 0; at < row.length; at++) result[at] = factor * row[at]!;
  return result;
}

/** The middle of `values`, or the mean of the two in the middle. NaN of nothing. */
export function medianOf(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const { length } = sorted;
  return length % 2 === 1 ? sorted[length >> 1]! : (sorted[length / 2 - 1]! + sorted[length / 2]!) / 2;
}

/** The middle of `values`, or the smaller of the two in the middle. 0 of nothing. */
export function lowerMedianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;
}

/** Median absolute deviation, scaled so that it is the standard deviation of what is normally distributed. */
export function spreadOf(values: ArrayLike<number>, middle: number): number {
  return 1.4826 * medianOf(Float64Array.from(values, (value) => Math.abs(value - middle)));
}

/** 0 up to `low`, 1 from `high` on, in between in proportion: how severe a doubt is. */
export function ramp(value: number, low: number, high: number): number {
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/** Three digits: for sentences. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}
