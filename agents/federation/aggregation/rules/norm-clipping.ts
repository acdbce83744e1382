// Cuts long updates before another rule sees them (Sun et al. 2019, section 5.1): none has more than its share of influence by
// shouting. Direction is kept.

import type { Aggregator, Doubt, Update } from '../aggregator.ts';
import { figure, medianOf, normOf, ramp, scaled } from '../update-set.ts';

export interface NormBound {
  /** Times the median norm of the updates that came in; 0 for no such bound. */
  timesMedian: number;
  /** An absolute norm; left out, none. */
  norm?: number;
}

interface Clipped {
  updates: Update[];
  /** Of the updates as they came. */
  norms: Float64Array;
  limit: number;
}

/** Doubt begins where an update is cut to this share. */
const DOUBTFUL = 0.5;

/** Updates within the bound are handed on as they are. */
function clipNorms(updates: readonly Update[], { timesMedian, norm = Number.POSITIVE_INFINITY }: NormBound): Clipped {
  const norms = Float64Array.from(updates, ({ delta }) => normOf(delta));
  const limit = Math.min(norm, timesMedian > 0 ? timesMedian * medianOf(norms) : Number.POSITIVE_INFINITY);
  return {
    ...{ norms, limit },
    updates: updates.map((update, i) =>
      norms[i]! > limit ? { ...update, delta: scaled(update.delta, limit / norms[i]!) } : update,
    ),
  };
}

/** Says so of those that were cut to less than half. */
function clipDoubt(norm: number, limit: number): Doubt | undefined {
  if (norm * DOUBTFUL <= limit) return undefined;
  const evidence = `its norm of ${figure(norm)} was cut to ${figure(limit)}`;
  return { reason: 'too-long', evidence, severity: ramp(norm / Math.max(limit, 1e-30), 1 / DOUBTFUL, 4) };
}

/** `inner` over updates that were cut first. */
export function normClipping(inner: Aggregator, bound: NormBound): Aggregator {
  return {
    name: inner.name,
    aggregate: (updates) => {
      const clipped = clipNorms(updates, bound);
      const { delta, verdicts } = inner.aggregate(clipped.updates);
      return {
        delta,
        verdicts: verdicts.map((verdict, i) => {
          const doubt = verdict.doubt ?? clipDoubt(clipped.norms[i]!, clipped.limit);
          return doubt === undefined ? verdict : { ...verdict, doubt };
        }),
      };
    },
  };
}
