// Updates that a round refused, counted by node and reason. Pure.

import type { Refusal } from '../messages.ts';

const MOST_REFUSED = 200;

export interface RefusedCount {
  node: string;
  reason: Refusal;
  count: number;
  cause: string;
}

/** With one more; what is beyond the most entries is not told. */
export function countRefused(
  refused: readonly RefusedCount[],
  { node, reason, cause }: Omit<RefusedCount, 'count'>,
): readonly RefusedCount[] {
  const at = refused.findIndex((entry) => entry.node === node && entry.reason === reason);
  if (at >= 0) return refused.with(at, { ...refused[at]!, count: refused[at]!.count + 1, cause });
  return refused.length >= MOST_REFUSED ? refused : [...refused, { node, reason, cause, count: 1 }];
}
