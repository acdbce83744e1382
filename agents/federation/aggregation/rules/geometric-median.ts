// The geometric median by the smoothed Weiszfeld algorithm (RFA: Pillutla, Kakade and Harchaoui 2022, algorithm 2): the point of
// the least sum of weighted distances. Half of the weight must lie for it to be drawn away at will.

import type { Aggregator } from '../aggregator.ts';
import { figure, medianOf, ramp, requireUpdates, weightedMean } from '../update-set.ts';

/** Rounds of reweighting; the paper finds little to gain after a few. */
const MOST_ITERATIONS = 100;
/** Ends when the point moves by less than this share of the typical distance. */
const TOLERANCE = 1e-6;
/** ν of the paper, as a share of the typical distance: how near an update may come to take all the weight. */
const SMOOTHING = 1e-6;

export function geometricMedian(): Aggregator {
  const name = 'geometric-median';
  return {
    name,
    aggregate: (updates) => {
      requireUpdates(name, updates);
      const rows = updates.map(({ delta }) => delta);
      const given = updates.map(({ weight }) => weight);
      let weights: readonly number[] = given;
      let point = weightedMean(rows, weights);
      let distances = rows.map((row) => distance(row, point));
      for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
        const scale = medianOf(distances);
        if (scale === 0) break;
        weights = distances.map((away, i) => given[i]! / Math.max(SMOOTHING * scale, away));
        const next = weightedMean(rows, weights);
        const moved = distance(next, point);
        point = next;
        distances = rows.map((row) => distance(row, point));
        if (moved < TOLERANCE * scale) break;
      }
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const totalGiven = given.reduce((sum, weight) => sum + weight, 0);
      const typical = medianOf(distances);
      const verdicts = updates.map(({ node }, i) => {
        const share = weights[i]! / total;
        const fair = given[i]! / totalGiven;
        if (share >= fair / 2) return { node, share };
        const away = distances[i]!;
        const evidence = `${figure(away)} from the geometric median, most are ${figure(typical)} away; it counts ${figure(share / fair)} of its weight`;
        return {
          ...{ node, share },
          doubt: { reason: 'far-away' as const, evidence, severity: ramp(away / (typical || 1e-30), 1.5, 4) },
        };
      });
      return { delta: point, verdicts };
    },
  };
}

function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at]! - b[at]!) ** 2;
  return Math.sqrt(sum);
}
