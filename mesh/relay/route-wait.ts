// Patience with a way that is gone for a moment, as it is while a network heals: who opens a stream then waits instead of
// being refused.

import type { Clock, Millis } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';

export interface RouteWaitParts {
  hasRoute: (destination: NodeId) => boolean;
  clock: Clock;
}

/** That wait at the same time; more are refused at once. */
const MOST_WAITING = 256;

export class RouteWait {
  readonly #parts: RouteWaitParts;
  readonly #waiting = new Set<{ destination: NodeId; settle: () => void }>();

  constructor(parts: RouteWaitParts) {
    this.#parts = parts;
  }

  /** Resolves once there is a way, or when there is none within `patience`. Never rejects. */
  until(destination: NodeId, patience: Millis): Promise<void> {
    const { hasRoute, clock } = this.#parts;
    if (hasRoute(destination) || this.#waiting.size >= MOST_WAITING) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = (): void => {
        timer.cancel();
        this.#waiting.delete(waiting);
        resolve();
      };
      const waiting = { destination, settle };
      const timer = clock.after(patience, settle);
      this.#waiting.add(waiting);
    });
  }

  routesChanged(): void {
    for (const { destination, settle } of [...this.#waiting]) if (this.#parts.hasRoute(destination)) settle();
  }

  stop(): void {
    for (const { settle } of [...this.#waiting]) settle();
  }
}
