// The newest changes of routes, so many and no more: what people look through after a failure.

import type { Clock, Millis } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';
import { type ToldChange, toldChange } from './change-in-words.ts';
import type { RouteChange } from './mesh-router.ts';
import type { Computation } from './switch-over.ts';

export interface LoggedChange extends ToldChange {
  /** Grows by one with each. */
  id: number;
  /** Milliseconds since 1970. */
  at: Millis;
}

export interface RouteLogQuery {
  /** Only changes with a lesser id. */
  before?: number | undefined;
  /** Only changes of routes to these; all when left out. */
  wants?: ((destination: NodeId) => boolean) | undefined;
  limit: number;
}

export class RouteLog {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #changes: LoggedChange[] = [];
  #next = 1;

  /** @param parts `most`: changes remembered */
  constructor(parts: { clock: Clock; most: number }) {
    this.#clock = parts.clock;
    this.#most = parts.most;
  }

  record(changes: readonly RouteChange[], computation: Computation): void {
    const at = this.#clock.wall();
    const first = Math.max(0, changes.length - this.#most);
    for (const [index, change] of changes.slice(first).entries()) {
      this.#changes.push({ id: this.#next + first + index, at, ...toldChange(change, computation) });
    }
    this.#next += changes.length;
    if (this.#changes.length > this.#most) this.#changes.splice(0, this.#changes.length - this.#most);
  }

  /** Newest first. */
  read({ before = Number.POSITIVE_INFINITY, wants = () => true, limit }: RouteLogQuery): LoggedChange[] {
    const found: LoggedChange[] = [];
    for (let at = this.#changes.length - 1; at >= 0 && found.length < limit; at--) {
      const change = this.#changes[at]!;
      if (change.id < before && wants(change.destination)) found.push(change);
    }
    return found;
  }
}
