// Bulyan (El Mhamdi et al. 2018, algorithm 2): Krum chooses θ = n − 2f updates one after another; then of each coordinate the
// β = θ − 2f values nearest to the median of the chosen are averaged. Needs n ≥ 4f + 3.

import type { Aggregator, Verdict } from '../aggregator.ts';
import type { SortedStretch } from '../arithmetic.ts';
import { liarsAmong, requireUpdates } from '../update-set.ts';
import type { KrumSettings } from './krum.ts';
import { keptVerdicts } from './trimmed-mean.ts';

export function bulyan({ liars, arithmetic }: KrumSettings): Aggregator {
  const name = 'bulyan';
  return {
    name,
    aggregate: (updates) => {
      const { length } = updates;
      const among = liarsAmong(liars, length);
      requireUpdates(name, updates, 4 * among + 3, among);
      const distances = arithmetic.squaredDistances(updates.map(({ delta }) => delta));
      const chosen = chooseByKrum(distances, length, among);
      const nearest = chosen.length - 2 * among;
      const size = updates[0]!.delta.length;
      const [delta, low, high] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
      arithmetic.sortCoordinates(
        chosen.map((i) => updates[i]!.delta),
        (stretch) => {
          for (let column = 0; column < stretch.columns; column++) {
            const window = nearestToMedian(stretch, column, chosen.length, nearest);
            const at = stretch.from + column;
            delta[at] = window.mean;
            low[at] = window.low;
            high[at] = window.high;
          }
        },
      );
      const fair = nearest / chosen.length;
      const kept = keptVerdicts(
        chosen.map((i) => updates[i]!),
        { low, high },
        fair,
      );
      const byNode = new Map(kept.map((verdict) => [verdict.node, verdict]));
      const evidence = `Krum left it to the last ${length - chosen.length} of ${length}`;
      const verdicts = updates.map(
        ({ node }): Verdict =>
          byNode.get(node) ?? { node, share: 0, doubt: { reason: 'far-away', evidence, severity: 0.25 } },
      );
      return { delta, verdicts };
    },
  };
}

/** Each time the update of the least score among those left. */
function chooseByKrum(distances: Float64Array, count: number, liars: number): number[] {
  // Neighbours of each by distance, sorted once: a score is then a walk along them.
  const neighbours = Array.from({ length: count }, (_, i) =>
    Uint16Array.from({ length: count }, (_, j) => j).sort(
      (a, b) => distances[i * count + a]! - distances[i * count + b]!,
    ),
  );
  const left = Array.from({ length: count }, (_, i) => i);
  const alive = new Uint8Array(count).fill(1);
  const chosen: number[] = [];
  while (chosen.length < count - 2 * liars) {
    const nearest = Math.max(1, left.length - liars - 2);
    const scores = left.map((i) => {
      const order = neighbours[i]!;
      let [sum, found] = [0, 0];
      for (let rank = 0; found < nearest && rank < count; rank++) {
        const j = order[rank]!;
        if (alive[j] === 0 || j === i) continue;
        found++;
        sum += distances[i * count + j]!;
      }
      return sum;
    });
    const [best] = left.splice(scores.indexOf(Math.min(...scores)), 1);
    alive[best!] = 0;
    chosen.push(best!);
  }
  return chosen;
}

/** The values nearest to a median lie beside one another once they are sorted. */
function nearestToMedian(
  { values, stride }: SortedStretch,
  column: number,
  count: number,
  nearest: number,
): { mean: number; low: number; high: number } {
  const valueAt = (rank: number): number => values[rank * stride + column]!;
  const median = (valueAt((count - 1) >> 1) + valueAt(count >> 1)) / 2;
  let from = 0;
  // The window moves on while the value that it gains is nearer than the one that it loses.
  while (from + nearest < count && Math.abs(valueAt(from + nearest) - median) < Math.abs(valueAt(from) - median))
    from++;
  let sum = 0;
  for (let rank = from; rank < from + nearest; rank++) sum += valueAt(rank);
  return { mean: sum / nearest, low: valueAt(from), high: valueAt(from + nearest - 1) };
}
