// Those who were turned away: counted by reason, remembered for a while, so that they cost little when they come back.

import type { Clock, Millis } from '../../core/clock.ts';
import type { JournalEntry } from '../../core/journal.ts';

export type StrangerReason =
  | 'no-handshake'
  | 'no-hello'
  | 'malformed'
  | 'other-network'
  | 'forged'
  | 'expired'
  | 'foreign-certificate'
  | 'revoked';

export interface StrangersParts {
  clock: Clock;
  /** Called once a minute at most, with what was refused since the last call. */
  report: (refused: Refused) => void;
}

export interface Refused {
  counts: Partial<Record<StrangerReason, number>>;
  /** Some of the node ids. */
  examples: string[];
}

/** A refused key is refused again unheard for this long. */
const REMEMBER: Millis = 10 * 60_000;
const REPORT_PERIOD: Millis = 60_000;

const MOST_REMEMBERED = 1024;
const MOST_EXAMPLES = 3;

export class Strangers {
  readonly #parts: StrangersParts;
  readonly #refusedUntil = new Map<string, Millis>();
  readonly #totals = new Map<StrangerReason, number>();
  #unreported: Partial<Record<StrangerReason, number>> = {};
  #examples = new Set<string>();
  #lastReport = Number.NEGATIVE_INFINITY;

  constructor(parts: StrangersParts) {
    this.#parts = parts;
  }

  /** A member that is only late: it may come back at any time, and is no stranger. */
  expired(): void {
    this.#totals.set('expired', (this.#totals.get('expired') ?? 0) + 1);
  }

  /** @param who node id where it is known; only those are remembered */
  refuse(reason: StrangerReason, who?: string): void {
    const now = this.#parts.clock.now();
    this.#totals.set(reason, (this.#totals.get(reason) ?? 0) + 1);
    if (who !== undefined) {
      this.#refusedUntil.delete(who);
      if (this.#refusedUntil.size >= MOST_REMEMBERED) {
        const [oldest] = this.#refusedUntil.keys();
        if (oldest !== undefined) this.#refusedUntil.delete(oldest);
      }
      this.#refusedUntil.set(who, now + REMEMBER);
      if (this.#examples.size < MOST_EXAMPLES) this.#examples.add(who);
    }
    this.#unreported[reason] = (this.#unreported[reason] ?? 0) + 1;
    if (now - this.#lastReport >= REPORT_PERIOD) {
      this.#lastReport = now;
      this.#parts.report({ counts: this.#unreported, examples: [...this.#examples] });
      this.#unreported = {};
      this.#examples = new Set();
    }
  }

  isRefused(who: string): boolean {
    const until = this.#refusedUntil.get(who);
    if (until === undefined) return false;
    if (until > this.#parts.clock.now()) return true;
    this.#refusedUntil.delete(who);
    return false;
  }

  /** Who has a fresh certificate is heard again. */
  forget(who: string): void {
    this.#refusedUntil.delete(who);
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.#totals);
  }
}

export function reportStrangers({ counts, examples }: Refused): JournalEntry {
  const reasons = Object.entries(counts);
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  return {
    severity: 'warning',
    kind: 'mesh.strangers',
    subject: 'service/mesh',
    message: `${total} ${total === 1 ? 'connection was' : 'connections were'} refused: ${reasons.map(([reason, count]) => `${reason} ${count}`).join(', ')}`,
    data: { counts, examples },
  };
}
