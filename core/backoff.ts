// How long to wait before the next try: exponential with full jitter, so that a fleet does not return in step.

import type { Millis } from './clock.ts';
import type { Random } from './random.ts';

export interface BackoffOptions {
  /** First wait. */
  first: Millis;
  /** No wait is longer. */
  most: Millis;
}

/**
 * Half of the exponential wait is fixed, half is random ("equal jitter"): never zero, never in step.
 * @param attempt 0 for the first wait
 */
export function backoff(attempt: number, options: BackoffOptions, random: Random): Millis {
  const full = Math.min(options.most, options.first * 2 ** Math.min(attempt, 30));
  return full / 2 + (full / 2) * random.next();
}
