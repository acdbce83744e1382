// Who holds what: no two plans ever act on one resource.

import type { Millis } from '../../core/clock.ts';

export class ResourceLocks {
  readonly #holders = new Map<string, string>();
  /** Holders that let go by themselves at a time. */
  readonly #until = new Map<string, Millis>();

  /** Others who hold some of these. */
  inTheWay(owner: string, resources: readonly string[]): string[] {
    const holders = resources.map((resource) => this.#holders.get(resource));
    return [...new Set(holders.filter((holder) => holder !== undefined && holder !== owner))] as string[];
  }

  /** All or none. */
  acquire(owner: string, resources: readonly string[]): boolean {
    if (this.inTheWay(owner, resources).length > 0) return false;
    for (const resource of resources) this.#holders.set(resource, owner);
    return true;
  }

  release(owner: string): void {
    for (const [resource, holder] of this.#holders) if (holder === owner) this.#holders.delete(resource);
    this.#until.delete(owner);
  }

  /** What was given up and may still run keeps what it holds, under another name, until it ends or the time is over. */
  handOver(owner: string, resources: readonly string[], to: string, until: Millis): void {
    for (const resource of resources) if (this.#holders.get(resource) === owner) this.#holders.set(resource, to);
    this.#until.set(to, until);
  }

  expire(now: Millis): void {
    for (const [owner, until] of this.#until) if (until <= now) this.release(owner);
  }

  /** The next time at which somebody lets go. */
  dueAt(): Millis | undefined {
    return this.#until.size === 0 ? undefined : Math.min(...this.#until.values());
  }

  held(): ReadonlyMap<string, string> {
    return this.#holders;
  }
}
