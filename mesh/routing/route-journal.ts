// Route changes as sentences in the journal, so many and no more: a flapping network must not fill a disk.

import type { Clock } from '../../core/clock.ts';
import type { Journal } from '../../core/journal.ts';
import { TokenBucket } from '../gossip/token-bucket.ts';
import type { NodeId } from '../membership/keys.ts';
import type { RouteChange } from './mesh-router.ts';

/** Entries a second on average, and at once. */
const RATE = { perSecond: 0.5, burst: 40 };

export class RouteJournal {
  readonly #parts: { clock: Clock; journal: Journal; nameOf: (id: NodeId) => string };
  readonly #bucket: TokenBucket;
  #left = 0;

  constructor(parts: { clock: Clock; journal: Journal; nameOf: (id: NodeId) => string }) {
    this.#parts = parts;
    this.#bucket = new TokenBucket(RATE.perSecond, RATE.burst, parts.clock.now());
  }

  record(changes: readonly RouteChange[]): void {
    const { clock, journal, nameOf } = this.#parts;
    for (const change of changes) {
      if (!this.#bucket.take(clock.now())) {
        this.#left++;
        continue;
      }
      const omitted = this.#left;
      this.#left = 0;
      const name = nameOf(change.destination);
      const data = omitted > 0 ? { omittedBefore: omitted } : {};
      const subject = `peer/${change.destination}`;
      if (change.kind === 'lost') {
        const message = `No route to ${name} is left: ${change.reason}`;
        journal.record({ severity: 'warning', kind: 'route.lost', subject, message, data });
        continue;
      }
      const { path, cost, reason } = change.route;
      journal.record({
        severity: 'info',
        kind: change.kind === 'added' ? 'route.added' : 'route.changed',
        subject,
        message: `Route to ${name} goes ${path.length === 1 ? 'direct' : `over ${path.slice(0, -1).map(nameOf).join(', ')}`}: ${reason}`,
        data: { ...data, path, cost },
      });
    }
  }
}
