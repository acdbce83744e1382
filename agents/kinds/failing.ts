// Whether something that is tried again and again fails, with hysteresis. Pure: outcome in, journal entry out.

import type { JournalEntry } from '../../core/journal.ts';
import { CALM, type HysteresisState, observe } from '../hysteresis.ts';

export interface Outcome {
  ok: boolean;
  /** Why not, for people. */
  cause?: string;
}

export interface FailingRule {
  /** `check` gives `check.failing` and `check.failing.cleared`. */
  kind: string;
  /** Of the journal: `agent/http/router`. */
  subject: string;
  /** The thing as a sentence begins with it: `Check router`. */
  what: string;
  /** Outcomes in a row that it takes. */
  failures: number;
  recoveries: number;
}

export type FailingState = HysteresisState;
export const NOT_FAILING: FailingState = CALM;

export function observeOutcome(
  state: FailingState,
  outcome: Outcome,
  rule: FailingRule,
): { state: FailingState; entry?: JournalEntry } {
  const { kind, subject, what, failures, recoveries } = rule;
  const thresholds = { raise: 1, clear: 0, raiseAfter: failures, clearAfter: recoveries };
  const next = observe(state, outcome.ok ? 0 : 1, thresholds);
  if (next.raised === state.raised) return { state: next };
  return {
    state: next,
    entry: {
      severity: next.raised ? 'warning' : 'info',
      kind: `${kind}.failing${next.raised ? '' : '.cleared'}`,
      subject,
      message: next.raised ? `${what} fails: ${outcome.cause ?? 'no cause is known'}` : `${what} is all right again`,
    },
  };
}
