// Krum and Multi-Krum (Blanchard et al. 2017, section 4): updates whose nearest neighbours are near are believed. An update's
// score is the sum of the squared distances to its n − f − 2 nearest, f being the liars among n.

import type { Aggregator, Update, Verdict } from '../aggregator.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { figure, liarsAmong, medianOf, ramp, requireUpdates, weightedMean } from '../update-set.ts';

export interface KrumSettings {
  /** Share of liars that is expected. */
  liars: number;
  arithmetic: Arithmetic;
}

/** Takes the one update of the least score. */
export function krum({ liars, arithmetic }: KrumSettings): Aggregator {
  return closest('krum', { liars, arithmetic }, () => 1);
}

/**
 * Averages the updates of the least scores, weighted by examples.
 * @param keep how many of so many updates, with so many liars; left out, all but the liars
 */
export function multiKrum({
  keep = (count, among) => count - among,
  ...settings
}: KrumSettings & { keep?: (count: number, liars: number) => number }): Aggregator {
  return closest('multi-krum', settings, keep);
}

function closest(
  name: string,
  { liars, arithmetic }: KrumSettings,
  keep: (count: number, liars: number) => number,
): Aggregator {
  return {
    name,
    aggregate: (updates) => {
      const among = liarsAmong(liars, updates.length);
      requireUpdates(name, updates, 2 * among + 3, among);
      const rows = updates.map(({ delta }) => delta);
      const scores = krumScores(arithmetic.squaredDistances(rows), updates.length, among);
      const order = Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]! || a - b);
      const kept = new Set(order.slice(0, Math.max(1, keep(updates.length, among))));
      const weights = updates.map(({ weight }, i) => (kept.has(i) ? weight : 0));
      return { delta: weightedMean(rows, weights), verdicts: scoreVerdicts(updates, scores, weights) };
    },
  };
}

/** @param distances squared, n × n */
function krumScores(distances: Float64Array, count: number, liars: number): Float64Array {
  const nearest = Math.max(1, count - liars - 2);
  return Float64Array.from({ length: count }, (_, i) => {
    const others = distances.slice(i * count, (i + 1) * count);
    // First, and at no distance, comes the update itself: or one just like it.
    others.sort();
    let sum = 0;
    for (let rank = 1; rank <= Math.min(nearest, count - 1); rank++) sum += others[rank]!;
    return sum;
  });
}

function scoreVerdicts(updates: readonly Update[], scores: Float64Array, weights: readonly number[]): Verdict[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const typical = medianOf(scores);
  const worst = Math.max(...scores.filter((_, i) => weights[i]! > 0));
  return updates.map(({ node }, i) => {
    if (weights[i]! > 0) return { node, share: weights[i]! / total };
    const evidence = `its neighbours are ${figure(Math.sqrt(scores[i]!))} away together, at most ${figure(Math.sqrt(worst))} for those taken, ${figure(Math.sqrt(typical))} for most`;
    const severity = typical > 0 ? ramp(scores[i]! / typical, 1.5, 4) : ramp(scores[i]!, 0, 1e-12);
    return { node, share: 0, doubt: { reason: 'far-away', evidence, severity } };
  });
}
