// Route changes as sentences in the journal, so many and no more: a flapping network must not fill a disk. A failure
// whose traffic took its backups is one sentence of its own.

import type { Clock } from '../../core/clock.ts';
import type { Journal, JournalEntry } from '../../core/journal.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { NodeId } from '../membership/keys.ts';
import { changeInWords, toldChange } from './change-in-words.ts';
import type { RouteChange } from './mesh-router.ts';
import type { Computation } from './switch-over.ts';

/** Entries a second on average, and at once. */
const RATE = { perSecond: 0.5, burst: 40 };
/** Names in a sentence; what is beyond is counted. */
const MOST_NAMES = 5;

const KINDS = { added: 'route.added', moved: 'route.changed', lost: 'route.lost' } as const;

export class RouteJournal {
  readonly #parts: { clock: Clock; journal: Journal; nameOf: (id: NodeId) => string };
  readonly #bucket: TokenBucket;
  #left = 0;

  constructor(parts: { clock: Clock; journal: Journal; nameOf: (id: NodeId) => string }) {
    this.#parts = parts;
    this.#bucket = new TokenBucket(RATE.perSecond, RATE.burst, parts.clock.now());
  }

  record(changes: readonly RouteChange[], computation: Computation): void {
    if (computation.takeovers.size > 0) this.#tell(() => this.#takeover(computation));
    for (const change of changes) this.#tell(() => this.#change(change, computation));
  }

  #tell(entry: () => JournalEntry): void {
    const { clock, journal } = this.#parts;
    if (!this.#bucket.take(clock.now())) {
      this.#left++;
      return;
    }
    const omitted = this.#left;
    this.#left = 0;
    const told = entry();
    journal.record(omitted > 0 ? { ...told, data: { ...told.data, omittedBefore: omitted } } : told);
  }

  #change(change: RouteChange, computation: Computation): JournalEntry {
    const told = toldChange(change, computation);
    return {
      severity: change.kind === 'lost' ? 'warning' : 'info',
      kind: KINDS[change.kind],
      subject: `peer/${change.destination}`,
      message: changeInWords(told, this.#parts.nameOf),
      data: {
        ...(told.after && { path: told.after.path, cost: told.after.cost }),
        afterSeconds: told.delay / 1000,
      },
    };
  }

  /** "Link to b failed (no answer for 151 ms): traffic to d, e took its backup over c at once". */
  #takeover({ failures, takeovers }: Computation): JournalEntry {
    const { nameOf } = this.#parts;
    const over = new Map<NodeId, string[]>();
    const stranded: string[] = [];
    for (const [destination, hop] of takeovers) {
      if (hop === undefined) stranded.push(nameOf(destination));
      else over.set(hop.nextHop, [...(over.get(hop.nextHop) ?? []), nameOf(destination)]);
    }
    const failed = [...failures].map(([neighbour, cause]) => `link to ${nameOf(neighbour)} failed (${cause})`);
    const taken = [...over].map(
      ([hop, names]) => `traffic to ${listed(names)} took its backup over ${nameOf(hop)} at once`,
    );
    const none = stranded.length === 0 ? [] : [`nothing leads to ${listed(stranded)} now`];
    const message = `${listed(failed) || 'a link failed'}: ${[...taken, ...none].join('; ')}`;
    const [neighbour] = failures.keys();
    return {
      severity: stranded.length === 0 ? 'info' : 'warning',
      kind: 'route.backup',
      subject: neighbour === undefined ? 'service/mesh' : `peer/${neighbour}`,
      message: `${message.charAt(0).toUpperCase()}${message.slice(1)}`,
      data: { backups: takeovers.size - stranded.length, stranded: stranded.length },
    };
  }
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
