// From a change that this node learned of to the routes that follow from it: what takes over meanwhile, and for how long.

import type { Millis } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';
import type { Backup } from './backups.ts';
import type { NextHop } from './mesh-router.ts';

/** What happened up to a computation of the routes. */
export interface Computation {
  /** Milliseconds from the first word of a change to the routes that follow from it. */
  delay: Millis;
  /** Why each link failed that routes used, by neighbour. */
  failures: ReadonlyMap<NodeId, string>;
  /** What each of their destinations took at once; undefined where there was no other way. */
  takeovers: ReadonlyMap<NodeId, NextHop | undefined>;
}

/** Totals since the start. */
export interface SwitchOverCounts {
  /** Destinations that took their backup, by its kind, and those that had none. */
  backups: Record<Backup['kind'] | 'none', number>;
  /** Frames sent over a backup while the routes still led over a failed link. */
  reroutedFrames: number;
}

export class SwitchOver {
  readonly #backups: SwitchOverCounts['backups'] = { lfa: 0, path: 0, none: 0 };
  #reroutedFrames = 0;
  #learnedAt: Millis | undefined;
  #failures = new Map<NodeId, string>();
  #takeovers = new Map<NodeId, NextHop | undefined>();

  /** Something changed that the routes do not know yet. */
  learned(now: Millis): void {
    this.#learnedAt ??= now;
  }

  failed(neighbour: NodeId, cause: string): void {
    this.#failures.set(neighbour, cause);
  }

  /** The first link of the route to `destination` failed. */
  takeOver(destination: NodeId, hop: NextHop | undefined): void {
    this.#takeovers.set(destination, hop);
    const kind = hop?.kind ?? 'none';
    if (kind !== 'primary') this.#backups[kind]++;
  }

  /** A frame goes that way now. */
  sent(hop: NextHop): void {
    if (hop.kind !== 'primary') this.#reroutedFrames++;
  }

  /** The routes are up to date. */
  computed(now: Millis): Computation {
    const delay = now - (this.#learnedAt ?? now);
    const computation = { delay, failures: this.#failures, takeovers: this.#takeovers };
    this.#learnedAt = undefined;
    this.#failures = new Map();
    this.#takeovers = new Map();
    return computation;
  }

  counts(): SwitchOverCounts {
    return { backups: { ...this.#backups }, reroutedFrames: this.#reroutedFrames };
  }
}
