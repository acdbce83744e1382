// Finds the node that is unlike its like: each reading against the median of the nodes of the same profile. Pure.

import { medianOf, spreadOf } from '../federation/aggregation/update-set.ts';
import { anyOf } from './evidence.ts';
import { likelihoodOfDeparture } from './hourly-profile.ts';
import type { AnomalySummary } from './summary.ts';

/** Nodes that a profile needs before one can be unlike the others. */
const FEWEST = 5;
/** Spreads narrower than this share of the median are no difference worth telling. */
const LEAST_SPREAD = 0.05;

export interface FleetDifference {
  metric: string;
  value: number;
  /** Median of the nodes of the same profile. */
  typical: number;
  /** Robust spreads above it, negative below. */
  departure: number;
  likelihood: number;
}

export interface FleetNode {
  node: string;
  profile: string;
  /** Nodes of its profile that it was compared with, itself among them. */
  of: number;
  /** Likelihood that it is unlike its like. */
  likelihood: number;
  /** The largest first; only what is unlike. */
  differences: FleetDifference[];
}

/**
 * z = (value - median) / max(1.4826 MAD, 5 % of |median|, least of the metric); likelihood 1 - 4^-(|z| - 4), 0 up to |z| = 4. Median and MAD stand
 * any lies of fewer than half of a profile's nodes (Rousseeuw and Croux 1993), so false readings make only the liar look
 * odd; what a node says of its own scores does not enter. One pass, O(nodes × metrics × log nodes).
 * @param least by metric, in its unit: a narrower spread is no difference worth telling
 */
export function compareFleet(
  summaries: ReadonlyMap<string, Pick<AnomalySummary, 'profile' | 'readings'>>,
  least: Readonly<Record<string, number>> = {},
): FleetNode[] {
  const byProfile = Map.groupBy(summaries, ([, { profile }]) => profile);
  return [...byProfile].flatMap(([profile, members]) => compareLike(profile, members, least));
}

type Member = [node: string, summary: Pick<AnomalySummary, 'readings'>];

function compareLike(
  profile: string,
  members: readonly Member[],
  least: Readonly<Record<string, number>>,
): FleetNode[] {
  const columns = new Map<string, Map<string, number>>();
  for (const [node, { readings }] of members) {
    for (const { metric, value } of readings) {
      if (!Number.isFinite(value)) continue;
      const column = columns.get(metric) ?? new Map<string, number>();
      columns.set(metric, column);
      column.set(node, value);
    }
  }
  const found = new Map<string, FleetDifference[]>();
  const compared = new Map<string, number>();
  for (const [metric, column] of columns) {
    if (column.size < FEWEST) continue;
    const values = [...column.values()];
    const typical = medianOf(values);
    const narrowest = Math.max(LEAST_SPREAD * Math.abs(typical), least[metric] ?? 1e-9);
    const spread = Math.max(spreadOf(values, typical), narrowest);
    for (const [node, value] of column) {
      compared.set(node, (compared.get(node) ?? 0) + 1);
      const departure = (value - typical) / spread;
      const likelihood = likelihoodOfDeparture(departure);
      if (likelihood === 0) continue;
      const differences = found.get(node) ?? [];
      found.set(node, differences);
      differences.push({ metric, value, typical, departure, likelihood });
    }
  }
  return members.map(([node]) => {
    const differences = found.get(node) ?? [];
    const usual = Array.from({ length: (compared.get(node) ?? 0) - differences.length }, () => 0);
    return {
      ...{ node, profile, of: members.length },
      likelihood: anyOf([...differences.map(({ likelihood }) => likelihood), ...usual]),
      differences: differences.sort((a, b) => Math.abs(b.departure) - Math.abs(a.departure)),
    };
  });
}
