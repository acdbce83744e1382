// When a series is said to be anomalous, and when no more: one odd value is no alarm, and a value that hovers does not
// flap. Pure.

import type { Millis } from '../../core/clock.ts';

/** Wall-clock times. */
export type AlarmState =
  | { kind: 'calm' }
  /** Something surprising came; `left` values may confirm it. */
  | { kind: 'suspected'; since: Millis; likelihood: number; left: number }
  /** `quiet` values in a row were usual again; `lasted` is how many came since it was raised. */
  | { kind: 'raised'; since: Millis; likelihood: number; quiet: number; lasted: number };

export const CALM: AlarmState = { kind: 'calm' };

export interface Observed {
  /** Of this value, 0 to 1. */
  likelihood: number;
  /** The same where it is news. */
  score: number;
  /** Whether it lies in the usual range of the hour. */
  usual: boolean;
  at: Millis;
}

export interface AlarmRule {
  /** A score of at least this is suspected. */
  raise: number;
  /** A value out of its usual range, or once more as unlikely, confirms it within as many values. */
  within: number;
  /** Usual values in a row that end it. */
  clearAfter: number;
  /** Values after which what lasts is the new normal. */
  adoptAfter: number;
}

export const ALARM_RULE: Omit<AlarmRule, 'raise'> = { within: 3, clearAfter: 12, adoptAfter: 1440 };

/** calm -> suspected -> raised -> calm, or suspected -> calm where nothing confirms it. */
export function observe(state: AlarmState, observed: Observed, rule: AlarmRule): AlarmState {
  const { likelihood, score, usual, at } = observed;
  const odd = !usual || likelihood >= rule.raise;
  switch (state.kind) {
    case 'calm':
      return score >= rule.raise ? { kind: 'suspected', since: at, likelihood: score, left: rule.within } : state;
    case 'suspected': {
      const highest = Math.max(state.likelihood, score);
      if (odd) return { kind: 'raised', since: state.since, likelihood: highest, quiet: 0, lasted: 0 };
      return state.left > 1 ? { ...state, likelihood: highest, left: state.left - 1 } : CALM;
    }
    case 'raised': {
      const quiet = odd ? 0 : state.quiet + 1;
      const lasted = state.lasted + 1;
      if (quiet >= rule.clearAfter || lasted >= rule.adoptAfter) return CALM;
      return { ...state, likelihood: Math.max(state.likelihood, score), quiet, lasted };
    }
  }
}
