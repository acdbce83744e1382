// What is asked of the privacy gate before something leaves, and what it answers.

import type { Millis } from '../../../core/clock.ts';
import { sha256 } from '../messages.ts';
import type { Epsilon, Proposal } from './account.ts';
import type { ProtectedUpdate, Protection } from './clip-and-noise.ts';
import type { ConsentChoice, LeavingKind } from './config.ts';
import type { Contribution } from './consent.ts';

/** What a coordinator may ask for. Less privacy than this node's own is not heard. */
export interface AskedProtection {
  clip?: number;
  noise?: number;
}

/** Bounded: it is the label of a metric. */
export const RELEASE_REFUSALS = [
  'denied',
  'too-many-held',
  'budget-spent',
  'other-bytes',
  'unprotected',
  'account-unreadable',
  'not-written',
] as const;
export type ReleaseRefusal = (typeof RELEASE_REFUSALS)[number];

export type Release =
  /** Send exactly these bytes now. `again`: they were charged before. */
  | { kind: 'leave'; again: boolean; epsilonAfter: Epsilon }
  /** Keep the bytes and ask again after `approve`, or when the round is over forget them. */
  | { kind: 'held'; id: string; sentence: string }
  | { kind: 'refused'; reason: ReleaseRefusal; sentence: string; possibleAt?: Millis };

export interface Leaving {
  learner: string;
  kind: LeavingKind;
  to: string;
  term: number;
  round: number;
  /** What is sent, packed: an int8 update, a masked vector, a batch. */
  data: Uint8Array;
  examples: number;
  /**
   * For updates: what `data` was packed from, as this gate made it; it counts once. Without it, only bytes that were
   * charged already may leave again (a retry after a restart).
   */
  from?: ProtectedUpdate;
  /** The coordinator sees it only within a sum. Counted noise of the sum then, where it is more than the node's own. */
  secure?: { countedNoise: number };
}

export interface Outlook {
  consent: Record<LeavingKind, ConsentChoice>;
  /** What the next update gets. */
  protection: Protection;
  next: Proposal | { kind: 'refused'; reason: 'account-unreadable'; sentence: string };
  /** ε that a period may spend; undefined: any. */
  budget: number | undefined;
  /** ε of everything ever, beside that of the period in `next`. */
  epsilonEver: Epsilon;
  participations: number;
}

export function contributionOf({ learner, kind, to, term, round, data, examples, from }: Leaving): Contribution {
  const digest = sha256(data);
  const norm = from === undefined ? {} : { norm: from.norm };
  return { learner, kind, to, term, round, digest, bytes: data.length, examples, ...norm };
}
