// Is a member there? The word for it, and everything that this node goes by. Pure.

import type { Millis } from '../../core/clock.ts';
import type { Link } from '../link/link-monitor.ts';
import type { NodeId } from './keys.ts';

/**
 * `in`: a member that this node has not reached since its start; `alive`: reached; `suspect`: reached until now, but its
 * link here is late or dead, or others lost theirs; `gone`: nobody reaches it; `stopped`: it said goodbye.
 */
export type PresenceState = 'in' | 'alive' | 'suspect' | 'gone' | 'stopped';

/** Somebody whose link to the member was lost and has not come back. */
export interface Accuser {
  id: NodeId;
  /** Milliseconds since 1970. */
  since: Millis;
}

export interface Evidence {
  link: Link | undefined;
  accusers: readonly Accuser[];
  /** How much this node doubts itself: 0 well, to 3. */
  doubt: number;
}

export interface Presence {
  state: PresenceState;
  since: Millis;
  /** This node's doubt of itself when the state began. */
  doubt: number;
}

/** @param reached connected or with a route, now; @param wasReached at any time since the start */
export function presenceOf(
  state: 'connected' | 'reachable' | 'stopped' | 'gone',
  wasReached: boolean,
  { link, accusers }: Evidence,
): PresenceState {
  if (state === 'stopped') return 'stopped';
  if (state === 'gone') return wasReached ? 'gone' : 'in';
  // A link of its own that works outweighs what others say; a connection that was never measured accuses nobody.
  if (link?.usable && link.state.kind === 'up') return 'alive';
  const isFailing = link?.state.kind === 'down' || (link?.usable === true && link.state.kind === 'suspect');
  return isFailing || accusers.length > 0 ? 'suspect' : 'alive';
}
