// Which claim counts, who would be the next coordinator, and where this node stands among them. Pure.

import type { Millis } from '../../../core/clock.ts';
import type { ElectionState } from './election-state.ts';
import type { Claim, Word } from './word.ts';

export interface Claimant {
  id: string;
  claim: Claim;
  appointed: boolean;
}

/** Which of two claims in one part of the network counts: appointed, then the later term, the better cost, the id. */
export function precedes(a: Claimant, b: Claimant): boolean {
  if (a.appointed !== b.appointed) return a.appointed;
  if (a.claim.term !== b.claim.term) return a.claim.term > b.claim.term;
  if (a.claim.cost !== b.claim.cost) return a.claim.cost < b.claim.cost;
  return a.id < b.id;
}

interface Ranked {
  id: string;
  cost: number;
  appointed?: boolean | undefined;
}

export function isBetter(a: Ranked, b: Ranked): boolean {
  if ((a.appointed === true) !== (b.appointed === true)) return a.appointed === true;
  return a.cost !== b.cost ? a.cost < b.cost : a.id < b.id;
}

export const isLaterClaim = (claim: Claim, before: Claim | undefined): boolean =>
  before === undefined || claim.term > before.term || (claim.term === before.term && claim.beat > before.beat);

type Known = Pick<ElectionState, 'words' | 'present'>;

/** The one that counts of all claims that were renewed in time by nodes that can be reached. */
export function bestClaim({ words, present }: Known, now: Millis): Claimant | undefined {
  let best: Claimant | undefined;
  for (const [id, { word, until }] of words) {
    if (word.claim === undefined || until <= now || !present.has(id)) continue;
    const claimant = { id, claim: word.claim, appointed: word.appointed === true };
    if (best === undefined || precedes(claimant, best)) best = claimant;
  }
  return best;
}

export function bestCandidate({ words, present }: Known): { id: string; word: Word } | undefined {
  let best: { id: string; word: Word } | undefined;
  for (const [id, { word }] of words) {
    if (!word.candidate || !present.has(id)) continue;
    if (best === undefined || isBetter({ id, ...word }, { id: best.id, ...best.word })) best = { id, word };
  }
  return best;
}

/** How many who could take the seat come before `self`, which told `own` of itself; at most `most`. */
export function placeOf({ words, present }: Known, self: string, own: Word, most: number): number {
  let place = 0;
  for (const [id, { word }] of words) {
    if (word.candidate && present.has(id) && isBetter({ id, ...word }, { id: self, ...own })) place++;
  }
  return Math.min(place, most);
}
