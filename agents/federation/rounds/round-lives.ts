// What surrounds the state machine: how a round is begun, what of its work goes on from state to state, and how it is given up
// when its store will not have it. Pure.

import type { Millis } from '../../../core/clock.ts';
import type { Random } from '../../../core/random.ts';
import { sha256 } from '../messages.ts';
import { isGathering, isOver, type RoundFacts, type RoundState, type Step } from './round.ts';
import type { RoundSettings } from './settings.ts';

/** @param base as it travels */
export function newFacts(
  learner: string,
  number: number,
  base: { version: string; bytes: Uint8Array },
  { mode, plan }: Pick<RoundSettings, 'mode' | 'plan'>,
  random: Random,
  startedAt: Millis,
): RoundFacts {
  const id = Array.from({ length: 16 }, () => random.below(16).toString(16)).join('');
  const seed = random.below(2 ** 32);
  const digest = sha256(base.bytes);
  return { learner, number, id, mode, base: base.version, digest, plan: { ...plan, seed }, startedAt };
}

/** Whether what was set going before goes on: invitations outlast the states of gathering. */
export function isSameWork(before: RoundState | undefined, after: RoundState): boolean {
  if (before === undefined || before.facts.id !== after.facts.id || !isGathering(before)) return false;
  return isGathering(after) || (before.facts.mode === 'asynchronous' && !isOver(after));
}

/** any -> failed(storage), without all that may have been too much. */
export function giveUp({ facts, endsAt, resumes, kind }: RoundState, cause: string, wall: Millis): Step {
  const failed = { kind: 'failed', reason: 'storage', cause, endedAt: wall, during: kind } as const;
  return { state: { ...failed, facts, endsAt, resumes, refused: [], members: new Map() }, effects: [] };
}
