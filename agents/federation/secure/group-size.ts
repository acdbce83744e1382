// How large groups may be. A larger group hides its members better; but one liar spoils the sum of a whole group, and a
// robust rule over the groups' sums stands only so many spoilt ones. Pure.

import { ParlmeshError } from '../../../core/errors.ts';
import { LEAST_GROUP, MOST_GROUP, thresholdOf } from './messages.ts';

/**
 * Probabilities that a random draw spoils 0, 1, … groups: `liars` among nodes dealt into groups of `sizes`. Exact:
 * group by group, hypergeometric in the liars that are left.
 */
export function spoiltGroups(sizes: readonly number[], liars: number): number[] {
  let nodes = sizes.reduce((sum, size) => sum + size, 0);
  if (liars > nodes) throw new ParlmeshError('GROUPS_INVALID', `${liars} liars among ${nodes} nodes cannot be`);
  // byLeft[k][s]: probability of k liars left and s groups spoilt.
  let byLeft = new Map<number, number[]>([[liars, [1]]]);
  for (const size of sizes) {
    const next = new Map<number, number[]>();
    for (const [left, spoilt] of byLeft) {
      for (let here = Math.max(0, size - (nodes - left)); here <= Math.min(size, left); here++) {
        const chance = Math.exp(logChoose(size, here) + logChoose(nodes - size, left - here) - logChoose(nodes, left));
        const row = next.get(left - here) ?? [];
        spoilt.forEach((probability, count) => {
          const after = count + (here > 0 ? 1 : 0);
          row[after] = (row[after] ?? 0) + probability * chance;
        });
        next.set(left - here, row);
      }
    }
    byLeft = next;
    nodes -= size;
  }
  const chances = byLeft.get(0) ?? [];
  return Array.from({ length: sizes.length + 1 }, (_, count) => chances[count] ?? 0);
}

/** Of so many groups, how many spoilt ones the rules stand: the median and its kin less than half, Krum n ≥ 2f + 3. */
export const spoiltTolerated = (groups: number, rule: 'median' | 'krum'): number =>
  Math.max(0, Math.floor(rule === 'median' ? (groups - 1) / 2 : (groups - 3) / 2));

/** Groups needed wherever the liars sit, one spoiling one group each. */
export const groupsNeeded = (liars: number, rule: 'median' | 'krum'): number =>
  rule === 'median' ? 2 * liars + 1 : 2 * liars + 3;

export interface GroupSizing {
  groupSize: number;
  groups: number;
  /** Probability that the rule still stands after a random draw. */
  sound: number;
  /** Members that may vanish from a group before its sum is lost. */
  mayVanish: number;
}

/**
 * The largest group size with which the rule stands with probability `sound` at least; undefined when not even the
 * smallest groups do: secure aggregation and so many liars do not go together then.
 */
export function largestGroups(
  nodes: number,
  liars: number,
  rule: 'median' | 'krum',
  sound = 0.99,
): GroupSizing | undefined {
  for (let groupSize = Math.min(MOST_GROUP / 2, nodes); groupSize >= LEAST_GROUP; groupSize--) {
    const groups = Math.floor(nodes / groupSize);
    const sizes = Array.from({ length: groups }, (_, at) => Math.floor(nodes / groups) + (at < nodes % groups ? 1 : 0));
    const tolerated = spoiltTolerated(groups, rule);
    const chance = spoiltGroups(sizes, liars)
      .slice(0, tolerated + 1)
      .reduce((sum, probability) => sum + probability, 0);
    if (chance >= sound) {
      const smallest = Math.floor(nodes / groups);
      return { groupSize, groups, sound: Math.min(1, chance), mayVanish: smallest - thresholdOf(smallest) };
    }
  }
  return undefined;
}

/** ln of the number of ways to choose; −Infinity where there is none. */
export function logChoose(of: number, chosen: number): number {
  let sum = 0;
  for (let at = 1; at <= Math.min(chosen, of - chosen); at++) sum += Math.log((of - at + 1) / at);
  return chosen < 0 || chosen > of ? Number.NEGATIVE_INFINITY : sum;
}
