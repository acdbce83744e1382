// The audit log: writes each decision as the next row of the chain. What is many and harmless (the steps of jobs) is
// counted and becomes a row a minute.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { type AuditKind, beginningOf, checkpointBody, hashOfRow } from './audit-chain.ts';
import type { AuditRow, AuditStorage } from './audit-storage.ts';

export interface AuditEntry {
  kind: AuditKind;
  actor: string;
  subject: string;
  /** JSON-serialisable and small; long ones are cut. */
  detail: Record<string, unknown>;
}

/** Rows between two checkpoints. */
const CHECKPOINT_ROWS = 256;
const CHECKPOINT_PERIOD: Millis = 3600_000;
const TALLY_PERIOD: Millis = 60_000;
/** Of one kind by one actor within `TALLY_PERIOD`; what comes after is counted. */
const SINGLE_ROWS = 30;
const MOST_TALLIES = 500;
/** Rows that wait for the disk at most; further changes are refused. */
const MOST_WAITING = 5_000;
const RETRY: Millis = 2_000;
const MOST_DETAIL = 8_000;
/** A row of a kind that says who did what may not be lost in a flood of one actor's. */
const MOST_TEXT = 400;

interface Tally {
  entry: AuditEntry;
  single: number;
  counted: number;
  from: number;
  to: number;
}

export interface AuditLogParts {
  self: string;
  storage: AuditStorage;
  sign: (body: Uint8Array) => Uint8Array;
  clock: Clock;
  logger: Logger;
  /** Every new row, once it is on the disk. */
  onRow?: (row: AuditRow) => void;
  /** A checkpoint was written: what others may keep as a witness. */
  onCheckpoint?: (row: { sequence: number; hash: string }) => void;
}

export class AuditLog {
  readonly #parts: AuditLogParts;
  readonly #tallies = new Map<string, Tally>();
  #waiting: AuditRow[] = [];
  #writing: Promise<void> | undefined;
  #head: { sequence: number; hash: string } | undefined;
  #sinceCheckpoint = 0;
  #checkpointAt = 0;
  #timer: Timer | undefined;
  #retry: Timer | undefined;

  constructor(parts: AuditLogParts) {
    this.#parts = parts;
  }

  /** Once the store is open. */
  start(): void {
    const { storage, self, clock } = this.#parts;
    const last = storage.last();
    this.#head = last ?? { sequence: 0, hash: beginningOf(self) };
    this.#sinceCheckpoint = last === undefined || last.kind === 'checkpoint' ? 0 : 1;
    this.#checkpointAt = clock.now();
    this.#timer = clock.every(TALLY_PERIOD, () => this.#keepHouse());
  }

  /** Writes what was counted, and signs all of it. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#retry?.cancel();
    if (this.#head === undefined) return;
    this.#closeTallies();
    if (this.#sinceCheckpoint > 0) this.#checkpoint();
    await this.#write().catch(() => {});
  }

  /** Resolves once it is on the disk; rejects with `AUDIT_NOT_WRITTEN` when it cannot be now (it is tried again). */
  async record(entry: AuditEntry): Promise<void> {
    this.#add(entry);
    if (this.#sinceCheckpoint >= CHECKPOINT_ROWS) this.#checkpoint();
    await this.#write();
  }

  /** For what comes in floods: a few rows, then the count of the rest. Does not wait. */
  tally(entry: AuditEntry, single = SINGLE_ROWS): void {
    const now = this.#parts.clock.wall();
    const key = `${entry.kind}\0${entry.actor}\0${String(entry.detail.action)}`;
    const known = this.#tallies.get(key);
    const tally = known ?? { entry, single: 0, counted: 0, from: now, to: now };
    if (known === undefined) {
      if (this.#tallies.size >= MOST_TALLIES) this.#closeTallies();
      const oldest = this.#tallies.keys().next().value;
      if (this.#tallies.size >= MOST_TALLIES && oldest !== undefined) this.#tallies.delete(oldest);
      this.#tallies.set(key, tally);
    }
    tally.to = now;
    if (tally.single < single) {
      tally.single++;
      this.record(entry).catch(() => {});
      return;
    }
    tally.counted++;
  }

  #keepHouse(): void {
    this.#closeTallies();
    if (this.#sinceCheckpoint > 0 && this.#parts.clock.now() - this.#checkpointAt >= CHECKPOINT_PERIOD)
      this.#checkpoint();
    this.#write().catch(() => {});
  }

  #closeTallies(): void {
    for (const [key, { entry, counted, from, to }] of this.#tallies) {
      if (counted > 0) {
        // While nothing can be written, counting goes on.
        if (!this.#hasRoom) return;
        const { action } = entry.detail;
        this.#add({ ...entry, subject: 'many', detail: { action, count: counted, from, to } });
      }
      this.#tallies.delete(key);
    }
  }

  #checkpoint(): void {
    if (!this.#hasRoom) return;
    const { self, sign, clock } = this.#parts;
    const head = this.#headOrThrow();
    const signature = Buffer.from(sign(checkpointBody(self, head.sequence, head.hash))).toString('base64');
    this.#add({ kind: 'checkpoint', actor: '*', subject: 'audit', detail: { signature } });
    this.#sinceCheckpoint = 0;
    this.#checkpointAt = clock.now();
    this.#parts.onCheckpoint?.(this.#headOrThrow());
  }

  #add({ kind, actor, subject, detail }: AuditEntry): void {
    if (this.#waiting.length >= MOST_WAITING) throw notWritten('too many rows wait for the disk');
    const head = this.#headOrThrow();
    const text = JSON.stringify(detail);
    const body = {
      sequence: head.sequence + 1,
      at: this.#parts.clock.wall(),
      kind,
      // Half a character would come back from the disk as another one, and the hash would not fit.
      actor: actor.slice(0, MOST_TEXT).toWellFormed(),
      subject: subject.slice(0, MOST_TEXT).toWellFormed(),
      detail: text.length <= MOST_DETAIL ? text : JSON.stringify({ cut: text.slice(0, MOST_DETAIL / 2) }),
      previousHash: head.hash,
    };
    const hash = hashOfRow(this.#parts.self, body);
    this.#head = { sequence: body.sequence, hash };
    this.#waiting.push({ ...body, hash });
    this.#sinceCheckpoint++;
  }

  /** Rows go to the disk in their order, as many at a time as wait. */
  #write(): Promise<void> {
    if (this.#writing !== undefined) return this.#writing.then(() => this.#write());
    const rows = this.#waiting;
    if (rows.length === 0) return Promise.resolve();
    this.#waiting = [];
    this.#writing = this.#parts.storage.append(rows).then(
      () => {
        this.#writing = undefined;
        for (const row of rows) this.#parts.onRow?.(row);
      },
      (error: unknown) => {
        this.#writing = undefined;
        this.#waiting = [...rows, ...this.#waiting];
        this.#parts.logger.warn({ error: messageOf(error) }, 'the audit log could not be written');
        this.#retry ??= this.#parts.clock.after(RETRY, () => {
          this.#retry = undefined;
          this.#write().catch(() => {});
        });
        throw notWritten(messageOf(error));
      },
    );
    return this.#writing;
  }

  get #hasRoom(): boolean {
    return this.#head !== undefined && this.#waiting.length < MOST_WAITING;
  }

  #headOrThrow(): { sequence: number; hash: string } {
    if (this.#head === undefined) throw notWritten('the store is not open yet');
    return this.#head;
  }
}

function notWritten(cause: string): ParlmeshError {
  return new ParlmeshError('AUDIT_NOT_WRITTEN', `The audit log could not be written: ${cause}`, {
    hint: 'Nothing is changed without a record; parlmesh doctor tells what is wrong with the store',
  });
}
