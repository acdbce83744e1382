// How many liars a robust rule over robust rules stands. Pure; docs/federation-coordinators.md derives the formulas.

import { logChoose } from '../secure/group-size.ts';

export interface TwoLevels {
  /** Regions, and nodes in each. */
  regions: number;
  size: number;
  /** Shares of liars that the rule inside a region, and the one across regions, stand: below 1/2. */
  inside: number;
  across: number;
}

/** Liars that one region stands, and bad regions that the coordinator stands: most whole numbers below the shares. */
export const standsInside = ({ size, inside }: TwoLevels): number =>
  Math.min(Math.floor(inside * size), (size - 1) >> 1);
export const standsAcross = ({ regions, across }: TwoLevels): number =>
  Math.min(Math.floor(across * regions), (regions - 1) >> 1);

/**
 * The most liars that are stood wherever they are: a bad region takes f_m + 1 of them, and it takes f_r + 1 bad regions.
 * A lying head whose lie is not found (see `auditFinds`) makes its region bad alone.
 * `h + ⌊(L − h) / (f_m + 1)⌋ ≤ f_r`, so L = (f_r + 1 − h)(f_m + 1) − 1 + h.
 */
export function worstCase(levels: TwoLevels, lyingHeads = 0): number {
  const regions = standsAcross(levels) + 1 - lyingHeads;
  return regions <= 0 ? 0 : regions * (standsInside(levels) + 1) - 1 + lyingHeads;
}

/** Chance that a region drawn at random of `nodes`, `liars` of whom lie, has more than it stands (hypergeometric tail). */
export function badRegion(levels: TwoLevels, nodes: number, liars: number): number {
  const { size } = levels;
  let chance = 0;
  for (let bad = standsInside(levels) + 1; bad <= Math.min(size, liars); bad++) {
    if (size - bad > nodes - liars) continue;
    chance += Math.exp(logChoose(liars, bad) + logChoose(nodes - liars, size - bad) - logChoose(nodes, size));
  }
  return Math.min(1, chance);
}

/** Chance that more regions are bad than the coordinator stands, where liars stand at random (binomial tail). */
export function breaks(levels: TwoLevels, nodes: number, liars: number): number {
  const p = badRegion(levels, nodes, liars);
  if (p === 0 || p === 1) return p;
  let chance = 0;
  for (let bad = standsAcross(levels) + 1; bad <= levels.regions; bad++) {
    chance += Math.exp(logChoose(levels.regions, bad) + bad * Math.log(p) + (levels.regions - bad) * Math.log1p(-p));
  }
  return Math.min(1, chance);
}

/** Chance that `audits` regions drawn anew each round include one of `lyingHeads`: 1 − C(r − h, a) / C(r, a). */
export function auditFinds(regions: number, lyingHeads: number, audits: number): number {
  if (audits > regions - lyingHeads) return 1;
  return 1 - Math.exp(logChoose(regions - lyingHeads, audits) - logChoose(regions, audits));
}
