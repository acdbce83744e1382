// What came of each way that was tried to a peer: UDP, the connection, through third nodes. Kept for who asks why.

import type { Millis } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';

export interface Way {
  way: 'udp' | 'stream' | 'indirect';
  /** Who was asked to try; of `indirect` only. */
  via?: NodeId;
  /** `closed`: the connection ended; `unanswered`: who was asked said nothing. */
  outcome: 'answered' | 'silent' | 'closed' | 'unanswered';
  /** Milliseconds since 1970 of this outcome. */
  at: Millis;
}

/** The newest outcome of each way; one that stays the same keeps its time. */
export function withWay(ways: readonly Way[], tried: Way): readonly Way[] {
  const before = ways.find(({ way, via }) => way === tried.way && via === tried.via);
  if (before?.outcome === tried.outcome) return ways;
  return [...ways.filter((one) => one !== before), tried];
}

/** A new question to third nodes: what the last one's helpers said is over. */
export const withoutHelpers = (ways: readonly Way[]): readonly Way[] => ways.filter(({ way }) => way !== 'indirect');
