// Who is restarted after a failure, when, and when an agent is set aside instead. Pure.

import { type BackoffOptions, backoff } from '../core/backoff.ts';
import type { Millis } from '../core/clock.ts';
import type { Random } from '../core/random.ts';

/** Whom one agent's failure takes along: nobody, all, or those that were added after it (they may depend on it). */
export type RestartStrategy = 'one-for-one' | 'one-for-all' | 'rest-for-one';

export interface RestartPolicy {
  /** Restarts allowed within `period`; one more failure sets the agent aside. */
  maxRestarts: number;
  period: Millis;
  /** How long an agent stays set aside before it is tried once more. */
  retryDegraded: Millis;
}

/** What is remembered of an agent's failures. */
export interface RestartHistory {
  /** Monotonic times of the failures that still count, oldest first. */
  readonly failures: readonly Millis[];
  /** It was set aside and is being tried once more: the next failure sets it aside again. */
  readonly onProbation: boolean;
}

export const NO_FAILURES: RestartHistory = { failures: [], onProbation: false };

export type RestartDecision =
  | { kind: 'restart'; after: Millis; history: RestartHistory }
  | { kind: 'set-aside'; retryAfter: Millis; history: RestartHistory };

/** From the second restart within a period on. The first is immediate. */
export const RESTART_BACKOFF: BackoffOptions = { first: 100, most: 10_000 };

/** What follows from a failure at `now`. */
export function decideRestart(
  history: RestartHistory,
  now: Millis,
  policy: RestartPolicy,
  random: Random,
): RestartDecision {
  const recent = history.failures.filter((at) => now - at < policy.period);
  if (history.onProbation || recent.length >= policy.maxRestarts) {
    return { kind: 'set-aside', retryAfter: policy.retryDegraded, history: { failures: [], onProbation: true } };
  }
  const after = recent.length === 0 ? 0 : backoff(recent.length - 1, RESTART_BACKOFF, random);
  return { kind: 'restart', after, history: { failures: [...recent, now], onProbation: false } };
}

/** The agents that share the fate of `failed`, itself included, in the order of `ids` (the order they were added). */
export function affectedBy(strategy: RestartStrategy, ids: readonly string[], failed: string): string[] {
  switch (strategy) {
    case 'one-for-one':
      return [failed];
    case 'one-for-all':
      return [...ids];
    case 'rest-for-one':
      return ids.slice(ids.indexOf(failed));
  }
}
