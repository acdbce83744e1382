// The ledger: what left this node, when, to whom, and what it gave away. Bounded: the newest 512 entries in pages of 32,
// so that one more entry writes a few kilobytes to the flash and not the whole book; and sums that never forget.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { LearnerName } from '../messages.ts';
import type { DocumentStorage } from './document-storage.ts';

const PAGES = 16;
const PAGE = 32;

export const LedgerEntry = Type.Object({
  /** Counts from 1 without gaps. */
  number: Type.Integer({ minimum: 1 }),
  /** Milliseconds since 1970. */
  at: Type.Number(),
  learner: LearnerName,
  kind: Type.Union([Type.Literal('updates'), Type.Literal('experience'), Type.Literal('metrics')]),
  /** Id of the node. */
  to: Type.String({ maxLength: 128 }),
  term: Type.Integer({ minimum: 0 }),
  round: Type.Integer({ minimum: 0 }),
  bytes: Type.Integer({ minimum: 0 }),
  examples: Type.Integer({ minimum: 0 }),
  /** L2 norm before clipping. */
  norm: Type.Optional(Type.Number()),
  /** Standard deviation of the noise in clips. */
  noise: Type.Optional(Type.Number()),
  /** ε of the period afterwards; absent where nothing is proven. */
  epsilon: Type.Optional(Type.Number()),
  /** Seen by the coordinator only within a sum. */
  secure: Type.Boolean(),
});
export type LedgerEntry = Static<typeof LedgerEntry>;

const Sums = Type.Record(
  Type.String({ maxLength: 80 }),
  Type.Object({ times: Type.Integer({ minimum: 0 }), bytes: Type.Integer({ minimum: 0 }) }),
  { maxProperties: 128 },
);
/** By `learner/kind`, since the ledger was begun. */
export type LedgerSums = Static<typeof Sums>;

const Page = Type.Object({ entries: Type.Array(LedgerEntry, { maxItems: PAGE }), sums: Sums });
type Page = Static<typeof Page>;

export class Ledger {
  readonly #storage: DocumentStorage;
  readonly #pages: Map<number, Page>;
  #next: number;
  #sums: LedgerSums;

  private constructor(storage: DocumentStorage, pages: Map<number, Page>) {
    this.#storage = storage;
    this.#pages = pages;
    const newest = [...pages.values()].sort((a, b) => lastOf(b) - lastOf(a))[0];
    this.#next = newest === undefined ? 1 : lastOf(newest) + 1;
    this.#sums = newest?.sums ?? {};
  }

  /** A page that cannot be read is left out: the ledger tells, it does not decide. */
  static async open(storage: DocumentStorage): Promise<Ledger> {
    const pages = new Map<number, Page>();
    for (let slot = 0; slot < PAGES; slot++) {
      const page = readPage(await storage.document(nameOf(slot)));
      if (page !== undefined) pages.set(slot, page);
    }
    return new Ledger(storage, pages);
  }

  /** Resolves once it is on the disk. */
  async append(entry: Omit<LedgerEntry, 'number'>): Promise<void> {
    const number = this.#next;
    const slot = Math.floor((number - 1) / PAGE) % PAGES;
    const begun = (number - 1) % PAGE !== 0;
    const key = `${entry.learner}/${entry.kind}`;
    const sum = this.#sums[key] ?? { times: 0, bytes: 0 };
    const sums = { ...this.#sums, [key]: { times: sum.times + 1, bytes: sum.bytes + entry.bytes } };
    const earlier = begun ? (this.#pages.get(slot)?.entries ?? []) : [];
    const page: Page = { entries: [...earlier, { ...entry, number }].slice(-PAGE), sums };
    await this.#storage.putDocument(nameOf(slot), JSON.stringify(page));
    this.#pages.set(slot, page);
    this.#sums = sums;
    this.#next = number + 1;
  }

  /** Whether it stands among the entries that are kept. */
  has({ learner, kind, to, term, round }: Pick<LedgerEntry, 'learner' | 'kind' | 'to' | 'term' | 'round'>): boolean {
    return this.entries(PAGES * PAGE).some(
      (entry) =>
        entry.learner === learner &&
        entry.kind === kind &&
        entry.to === to &&
        entry.term === term &&
        entry.round === round,
    );
  }

  /** Newest first. */
  entries(limit: number): LedgerEntry[] {
    return [...this.#pages.values()]
      .flatMap((page) => page.entries)
      .sort((a, b) => b.number - a.number)
      .slice(0, limit);
  }

  sums(): LedgerSums {
    return this.#sums;
  }
}

const nameOf = (slot: number): string => `privacy-ledger-${slot}`;

const lastOf = (page: Page): number => page.entries.at(-1)?.number ?? 0;

function readPage(text: string | undefined): Page | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return Value.Check(Page, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
