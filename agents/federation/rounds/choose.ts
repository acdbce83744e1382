// Who is asked to a round, and what the round waits for: selection, pace and what is left of earlier rounds, put together. Pure.

import { seededRandom } from '../../../core/random.ts';
import { carriedOver } from './arrival.ts';
import { expectedSeconds, reliability, strangerSeconds, type Tracks, targetsOf } from './pace.ts';
import type { Member, RoundEvent, RoundFacts, RoundState } from './round.ts';
import { type CandidateNode, select } from './selection.ts';
import type { RoundSettings } from './settings.ts';

/** Undefined while there is nobody to ask. The same facts, past and candidates choose the same. */
export function choose(
  { number, mode, plan }: RoundFacts,
  candidates: readonly CandidateNode[],
  tracks: Tracks,
  past: readonly RoundState[],
  { selection, deadline, quorum, asynchronous }: RoundSettings,
): Extract<RoundEvent, { kind: 'selected' }> | undefined {
  const carried = carriedOver(past, number, asynchronous.staleness);
  const isCarried = new Set(carried.map(({ node }) => node));
  const others = candidates.filter(({ node }) => !isCarried.has(node));
  const { nodes } = tracks;
  const chosen = select(others, nodes, number, selection, seededRandom(plan.seed));
  const known = chosen.invited.map(({ node, examples }) => expectedSeconds(nodes[node], examples));
  const measured = known.filter((seconds) => seconds !== undefined);
  // Who has not been measured may well be in time, however short that is.
  const stranger = Math.min(deadline.most, strangerSeconds(measured, plan.budget));
  const invited = chosen.invited.map(({ node, examples }, at): Member => {
    return { node, examples, expected: known[at] ?? stranger, standing: { kind: 'invited' } };
  });
  const members = [...carried, ...invited];
  if (members.length === 0) return undefined;
  const wanted = mode === 'synchronous' ? chosen.wanted : Math.min(asynchronous.buffer, members.length);
  const targets = targetsOf(members, wanted, (node) => reliability(nodes[node]), quorum, deadline);
  return { kind: 'selected', members, targets };
}
