// What an election is made of: its rules, the role of this node, what it has heard, what happens and what follows from it.
// Pure; `election.ts` is the step from one state to the next.

import type { Millis } from '../../../core/clock.ts';
import type { Claim, Word } from './word.ts';

export interface ElectionRules {
  /**
   * Milliseconds that a claim counts after it was heard. A coordinator that falls silent without the mesh noticing is
   * replaced after this; halving it doubles the beats (one word of about 200 bytes to everybody every third of it).
   */
  lease: Millis;
  /** This node takes the seat when it falls to it. */
  candidate: boolean;
  /** This node's configuration names it. */
  appointed: boolean;
  /** Share by which another must be better before the seat moves: 0.3. Less follows the network closer, and flaps more. */
  margin: number;
  /** Milliseconds that it must be so without a break. */
  moveAfter: Millis;
}

/** Who has the seat, as this node sees it. */
export type Seat = { kind: 'none' } | { kind: 'self'; term: number } | { kind: 'other'; node: string; term: number };

export type SeatReason =
  | 'claim-heard'
  | 'claimed'
  | 'lease-out'
  | 'gone'
  | 'withdrew'
  | 'outranked'
  | 'raised'
  | 'moved'
  | 'stopped';

export type Role =
  /** Just started: hears first whether somebody has the seat. */
  | { kind: 'listening'; until: Millis; held: boolean }
  | { kind: 'following'; node: string; term: number }
  /** Nobody has it. `successor` is who the last holder named. */
  | { kind: 'vacant'; since: Millis; successor?: string }
  /** The term is on its way to the disk. */
  | { kind: 'claiming'; term: number; since: Millis }
  | {
      kind: 'coordinating';
      claim: Claim;
      beatAt: Millis;
      /** A higher term that is on its way to the disk. */
      raising?: number;
      /** Since when somebody else is clearly better. */
      challenged?: Millis;
    }
  | { kind: 'stopped' };

export interface Heard {
  word: Word;
  at: Millis;
  /** When its claim runs out here. */
  until: Millis;
}

export interface ElectionState {
  readonly self: string;
  readonly role: Role;
  /** The highest that is known; never falls. */
  readonly term: number;
  readonly words: ReadonlyMap<string, Heard>;
  /** Nodes that can be reached and may coordinate. */
  readonly present: ReadonlySet<string>;
  /** Of this node; smoothed, once there was somebody to measure it by. */
  readonly cost: number;
  readonly isMeasured: boolean;
  /** What was last told, so that the others rank this node as it ranks itself. */
  readonly said: { word: Word; at: Millis } | undefined;
}

export type ElectionEvent =
  | { kind: 'tick' }
  | { kind: 'heard'; from: string; word: Word }
  /** Nodes that can be reached and may coordinate, without this one. */
  | { kind: 'present'; nodes: ReadonlySet<string> }
  | { kind: 'measured'; cost: number }
  /** The disk has the term that a `keep` with `asks` named, or has refused it. */
  | { kind: 'kept'; term: number }
  | { kind: 'not-kept'; term: number }
  | { kind: 'stop' };

export type ElectionEffect =
  | { kind: 'say'; word: Word }
  /** To be on the disk. With `asks`, `kept` or `not-kept` is to follow. */
  | { kind: 'keep'; term: number; held: boolean; asks: boolean }
  | { kind: 'changed'; seat: Seat; before: Seat; reason: SeatReason };

/** Within which claims of others in the same part are heard, and so long nobody claims an empty seat. */
export const settleTime = (lease: Millis): Millis => lease / 5;
export const beatEvery = (lease: Millis): Millis => lease / 3;

/** @param kept what the disk has of an earlier life; `held` when it had the seat then */
export function begin(
  self: string,
  kept: { term: number; held: boolean },
  cost: number,
  now: Millis,
  { lease }: ElectionRules,
): ElectionState {
  // More than one beat. Who had the seat before need only see that nobody else has taken it.
  const until = now + (kept.held ? settleTime(lease) : lease / 2);
  return {
    ...{ self, cost, isMeasured: false, term: kept.term, said: undefined },
    role: { kind: 'listening', until, held: kept.held },
    words: new Map(),
    present: new Set(),
  };
}

export function seatOf({ role }: ElectionState): Seat {
  if (role.kind === 'coordinating') return { kind: 'self', term: role.claim.term };
  if (role.kind === 'following') return { kind: 'other', node: role.node, term: role.term };
  return { kind: 'none' };
}

export const isSameSeat = (a: Seat, b: Seat): boolean => JSON.stringify(a) === JSON.stringify(b);
