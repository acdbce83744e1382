// The owner's word on what leaves a node: allowed, asked for, denied, by learner and kind; and what waits for it. Pure:
// `gate.ts` feeds it with the time and carries out what it says.

import type { Millis } from '../../../core/clock.ts';
import { sha256 } from '../messages.ts';
import type { ConsentChoice, LeavingKind, PrivacyConfig } from './config.ts';

/** Things that wait at once; the next one is refused. */
export const MOST_HELD = 32;

/** Something that is ready to leave. */
export interface Contribution {
  learner: string;
  kind: LeavingKind;
  /** Id of the node that it goes to. */
  to: string;
  term: number;
  round: number;
  /** SHA-256 of the bytes, hexadecimal. */
  digest: string;
  bytes: number;
  examples: number;
  /** L2 norm before clipping, for updates. */
  norm?: number;
}

export interface HeldContribution extends Contribution {
  /** Twelve hexadecimal digits, for the command line. */
  id: string;
  state: 'waiting' | 'approved' | 'denied';
  /** Milliseconds since 1970, for people. */
  heldAt: Millis;
  /** By the clock that never jumps. */
  expiresAt: Millis;
  /** Of an update that this node protected: standard deviation of its noise in clips. It counts after a restart too. */
  noise?: number;
}

/** What the owner has said while running: it goes before the configuration. Keys are `learner/kind`. */
export type Overrides = Readonly<Record<string, ConsentChoice>>;

export function choiceFor(
  config: PrivacyConfig,
  overrides: Overrides,
  learner: string,
  kind: LeavingKind,
): ConsentChoice {
  return overrides[`${learner}/${kind}`] ?? config.learners[learner]?.[kind] ?? config.leaves[kind];
}

export type ConsentAnswer =
  /** `entry`: it waited, and the owner approved it. */
  | { kind: 'allowed'; held: readonly HeldContribution[]; entry?: HeldContribution }
  | { kind: 'waiting'; held: readonly HeldContribution[]; entry: HeldContribution; isNew: boolean }
  | { kind: 'refused'; held: readonly HeldContribution[]; reason: 'denied' | 'too-many-held' };

/**
 * A contribution asks to leave. The same bytes to the same node are the same question.
 * @param noise of an update that this node protected
 */
export function askToLeave(
  held: readonly HeldContribution[],
  choice: ConsentChoice,
  contribution: Contribution,
  times: { now: Millis; wall: Millis; lifetime: Millis },
  noise?: number,
): ConsentAnswer {
  const waiting = withoutExpired(held, times.now);
  if (choice === 'allow') return { kind: 'allowed', held: waiting };
  if (choice === 'deny') return { kind: 'refused', held: waiting, reason: 'denied' };
  const id = idOf(contribution);
  const known = waiting.find((entry) => entry.id === id);
  if (known?.state === 'approved') return { kind: 'allowed', held: waiting, entry: known };
  if (known?.state === 'denied') return { kind: 'refused', held: waiting, reason: 'denied' };
  if (known !== undefined) return { kind: 'waiting', held: waiting, entry: known, isNew: false };
  if (waiting.length >= MOST_HELD) return { kind: 'refused', held: waiting, reason: 'too-many-held' };
  const entry: HeldContribution = {
    ...contribution,
    id,
    state: 'waiting',
    heldAt: times.wall,
    expiresAt: times.now + times.lifetime,
    ...(noise !== undefined && { noise }),
  };
  return { kind: 'waiting', held: [...waiting, entry], entry, isNew: true };
}

/** waiting -> approved or denied. Undefined when nothing of that id waits (any more). */
export function decide(
  held: readonly HeldContribution[],
  id: string,
  state: 'approved' | 'denied',
  now: Millis,
): readonly HeldContribution[] | undefined {
  const waiting = withoutExpired(held, now);
  if (!waiting.some((entry) => entry.id === id && entry.state === 'waiting')) return undefined;
  return waiting.map((entry) => (entry.id === id ? { ...entry, state } : entry));
}

/** What expires without an answer is refused: nothing leaves because nobody looked. */
export function withoutExpired(held: readonly HeldContribution[], now: Millis): readonly HeldContribution[] {
  return held.some((entry) => entry.expiresAt <= now) ? held.filter((entry) => entry.expiresAt > now) : held;
}

function idOf({ learner, kind, to, term, round, digest }: Contribution): string {
  return sha256(Buffer.from(JSON.stringify([learner, kind, to, term, round, digest]))).slice(0, 12);
}
