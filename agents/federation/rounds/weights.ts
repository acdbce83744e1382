// How much the updates of a round weigh before an aggregation rule looks at them. Pure.

import { lowerMedianOf } from '../aggregation/update-set.ts';
import type { CountedNode, Member } from './round.ts';

/** So many times the median is the most that a node's claim of examples counts: nobody checks that claim. */
const MOST_OF_MEDIAN = 4;

/**
 * s(τ) = 1/√(1 + τ): what is left of an update that was trained from the model of τ rounds ago (FedBuff, Nguyen et al.
 * 2022, arXiv 2106.06639, section 5).
 */
export const stalenessWeight = (late: number): number => 1 / Math.sqrt(1 + late);

/** Examples, at most four times the median of all, times staleness and trust. In the order of the nodes' ids; above 0. */
export function countedOf(members: Iterable<Member>): CountedNode[] {
  const arrived = [...members].flatMap(({ node, standing }) => (standing.kind === 'in' ? [{ node, ...standing }] : []));
  const cap = MOST_OF_MEDIAN * lowerMedianOf(arrived.map(({ examples }) => examples));
  return arrived
    .map(({ node, examples, late, trust }) => ({
      node,
      weight: Math.min(examples, cap) * stalenessWeight(late) * trust,
    }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => (a.node < b.node ? -1 : 1));
}
