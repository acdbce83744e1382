// Is a link up? A pure state machine: suspect after one missed probe, down after three, up again after two answers.

import type { Millis } from '../../core/clock.ts';

export type LinkState =
  | { kind: 'up'; since: Millis }
  /** Not answering, or not measured yet. Routes still use it when it was up. */
  | { kind: 'suspect'; since: Millis; missed: number; cause: string }
  | { kind: 'down'; since: Millis; answers: number; cause: string };

/** A link that just came to be. */
export function newLink(now: Millis): LinkState {
  return { kind: 'suspect', since: now, missed: 0, cause: 'not measured yet' };
}

const ANSWERS_TO_COME_BACK = 2;

/** suspect -> up; down -> down (one answer) -> up. */
export function onAnswer(state: LinkState, now: Millis): LinkState {
  if (state.kind === 'up') return state;
  if (state.kind === 'suspect') return { kind: 'up', since: now };
  const answers = state.answers + 1;
  return answers >= ANSWERS_TO_COME_BACK ? { kind: 'up', since: now } : { ...state, answers };
}

/** up -> suspect -> down after `detectMultiplier` missed in a row. */
export function onMiss(state: LinkState, now: Millis, detectMultiplier: number): LinkState {
  if (state.kind === 'down') return { ...state, answers: 0 };
  const missed = (state.kind === 'suspect' ? state.missed : 0) + 1;
  const cause = `${missed} ${missed === 1 ? 'probe' : 'probes'} without an answer`;
  if (missed >= detectMultiplier) return { kind: 'down', since: now, answers: 0, cause };
  return { kind: 'suspect', since: state.kind === 'suspect' ? state.since : now, missed, cause };
}

/** From which silence on a link is suspect, and down. */
export interface Patience {
  suspectAfter: Millis;
  downAfter: Millis;
}

/**
 * up -> suspect -> down as a silence grows; for probes that flow both ways and are not answered one by one.
 * @param silence milliseconds since the last answer
 */
export function onSilence(state: LinkState, now: Millis, silence: Millis, patience: Patience): LinkState {
  if (silence >= patience.downAfter) {
    if (state.kind === 'down') return state.answers === 0 ? state : { ...state, answers: 0 };
    return { kind: 'down', since: now, answers: 0, cause: `no answer for ${Math.round(silence)} ms` };
  }
  if (state.kind !== 'up' || silence < patience.suspectAfter) return state;
  return { kind: 'suspect', since: now, missed: 1, cause: 'its probes are late' };
}

/** any -> down, at once: nothing faster than a closed connection tells that a link is gone. */
export function onClosed(state: LinkState, now: Millis, cause: string): LinkState {
  return state.kind === 'down' ? { ...state, cause } : { kind: 'down', since: now, answers: 0, cause };
}
