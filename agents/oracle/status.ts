// What the oracle shows of itself.

import type { Millis } from '../../core/clock.ts';
import type { Frozen, Halt } from './bans.ts';

export interface DenialView {
  /** Milliseconds since 1970. */
  at: Millis;
  /** `agent/x@NODE`. */
  actor: string;
  action: string;
  subject: string;
  reason: string;
}

export interface OracleStatus {
  frozen: Frozen[];
  halt?: Halt;
  /** The busiest, each measured against its nearest limit: 1 is where it is frozen. */
  scores: { actor: string; score: number }[];
  /** The newest, newest first. */
  denials: DenialView[];
}

/** Counts since the start. */
export interface OracleFigures {
  allowed: number;
  denied: number;
  approvalsGiven: number;
  approvalsRefused: number;
  freezes: number;
  halts: number;
}

export const emptyFigures = (): OracleFigures => ({
  allowed: 0,
  denied: 0,
  approvalsGiven: 0,
  approvalsRefused: 0,
  freezes: 0,
  halts: 0,
});
