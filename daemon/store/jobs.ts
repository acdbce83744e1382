// The tables of jobs: entries of their logs, summaries of those that have ended, and receipts of what this node has
// carried out. A job is open while it has entries and no summary. Where a summary has no time, retention is removing the
// job: its log is not whole any more, so it stays ended and is shown to nobody.

import type { Statement } from 'better-sqlite3';
import type { ClosedJob, JobEntry, JobStorage } from '../../agents/swarm/job-storage.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { requireShort, type StoreAccess } from './access.ts';
import type { Connection } from './database.ts';
import type { Table } from './migrations.ts';

/** Entries go to the writer's thread as one flat list: a third of the cost of a list of objects. */
export type JobChange =
  | { kind: 'append'; rows: (string | number)[]; closed: readonly ClosedJob[] }
  | { kind: 'reopen'; job: string }
  | { kind: 'drop'; job: string }
  | { kind: 'receipt'; key: string; result: string; at: number };

/** Fields of an entry in the flat list. */
const WIDTH = 3;
const MOST_ID = 256;
/** Characters of one append: the whole graph of a large job is its first entry. */
const MOST_APPEND = 16_000_000;
const MOST_TEXT = 1_000_000;
const MOST_LISTED = 1000;

type Added = Partial<Record<Table, number>>;

/** Returns a function that carries a change out, whole or not at all, and says how many rows that added to which table. */
export function jobWriter(db: Connection): (change: JobChange) => Added {
  const insert = db.prepare(
    'INSERT INTO job_entries (job, number, event) VALUES (?, ?, ?) ON CONFLICT (job, number) DO NOTHING',
  );
  const update = db.prepare(
    'UPDATE ended_jobs SET summary = ?, finished_at = ? WHERE job = ? AND finished_at IS NOT NULL',
  );
  const end = db.prepare(
    'INSERT INTO ended_jobs (summary, finished_at, job) VALUES (?, ?, ?) ON CONFLICT (job) DO NOTHING',
  );
  const append = db.transaction((rows: readonly (string | number)[], closed: readonly ClosedJob[]): Added => {
    const added = { job_entries: 0, ended_jobs: 0 };
    for (let i = 0; i + WIDTH <= rows.length; i += WIDTH)
      added.job_entries += insert.run(rows[i], rows[i + 1], rows[i + 2]).changes;
    for (const { job, summary, finishedAt } of closed) {
      const values = [summary, Math.round(finishedAt), job];
      if (update.run(...values).changes === 0) added.ended_jobs += end.run(...values).changes;
    }
    return added;
  });
  const reopen = db.prepare('DELETE FROM ended_jobs WHERE job = ? AND finished_at IS NOT NULL');
  const removeEntries = db.prepare('DELETE FROM job_entries WHERE job = ?');
  const removeEnded = db.prepare('DELETE FROM ended_jobs WHERE job = ?');
  const receipt = db.prepare('INSERT INTO receipts (key, result, at) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING');
  return (change) => {
    switch (change.kind) {
      case 'append':
        return append(change.rows, change.closed);
      case 'reopen':
        return { ended_jobs: -reopen.run(change.job).changes };
      case 'drop':
        return {
          job_entries: -removeEntries.run(change.job).changes,
          ended_jobs: -removeEnded.run(change.job).changes,
        };
      case 'receipt':
        return { receipts: receipt.run(change.key, change.result, Math.round(change.at)).changes };
    }
  };
}

/**
 * Removes the logs and summaries of ended jobs, oldest end first, about `most` rows at a time: those that ended before
 * `before`, those beyond the newest `keep`, and with `force` at least one.
 */
export function removeEndedJobs(
  db: Connection,
  due: { before: number; keep: number; force?: boolean },
  most: number,
): Added {
  const oldest = db.prepare<[], { job: string; finishedAt: number | null }>(
    'SELECT job, finished_at AS finishedAt FROM ended_jobs ORDER BY finished_at LIMIT 1',
  );
  const mark = db.prepare('UPDATE ended_jobs SET finished_at = NULL WHERE job = ?');
  const removeEntries = db.prepare<[string, number]>(
    'DELETE FROM job_entries WHERE id IN (SELECT id FROM job_entries WHERE job = ? LIMIT ?)',
  );
  const removeSummary = db.prepare('DELETE FROM ended_jobs WHERE job = ?');
  let over = (db.prepare<[], number>('SELECT count(*) FROM ended_jobs').pluck().get() ?? 0) - due.keep;
  let { force = false } = due;
  const removed = { job_entries: 0, ended_jobs: 0 };
  while (removed.job_entries + removed.ended_jobs < most) {
    const found = oldest.get();
    if (found === undefined) break;
    const { job, finishedAt } = found;
    if (finishedAt !== null && finishedAt >= due.before && over <= 0 && !force) break;
    if (finishedAt !== null) mark.run(job);
    const entries = removeEntries.run(job, most).changes;
    removed.job_entries += entries;
    force = false;
    // The summary goes last: without it the rest of the log would pass for an open job.
    if (entries === most) break;
    removed.ended_jobs += removeSummary.run(job).changes;
    over -= 1;
  }
  return removed;
}

/**
 * After a repair: entries behind one that was lost are removed, since what follows from them is unknown and their
 * numbers will be used again. Returns how many.
 */
export function removeAfterGaps(db: Connection): number {
  return db
    .prepare(
      `DELETE FROM job_entries WHERE id IN (
         SELECT id FROM (SELECT id, number, row_number() OVER (PARTITION BY job ORDER BY number) AS place FROM job_entries)
         WHERE number <> place)`,
    )
    .run().changes;
}

/** What the swarm asks of the store. Reads see what has been acknowledged. */
export class StoredJobs implements JobStorage {
  readonly #access: StoreAccess;
  /** Asked for each task, so that it is compiled once for each connection. */
  readonly #receipts = new WeakMap<Connection, Statement<[string], string>>();

  constructor(access: StoreAccess) {
    this.#access = access;
  }

  open(): JobEntry[] {
    // Jumps from job to job in the index: ended ones, which are most, cost one look each.
    return this.#access.read((db) =>
      db
        .prepare<[], JobEntry>(
          `WITH RECURSIVE jobs (job) AS (
             SELECT min(job) FROM job_entries
             UNION ALL SELECT (SELECT min(job) FROM job_entries WHERE job > jobs.job) FROM jobs WHERE jobs.job IS NOT NULL
           )
           SELECT entries.job, entries.number, entries.event FROM jobs JOIN job_entries AS entries USING (job)
           WHERE jobs.job NOT IN (SELECT job FROM ended_jobs) ORDER BY entries.job, entries.number`,
        )
        .all(),
    );
  }

  log(job: string): JobEntry[] {
    return this.#access.read((db) =>
      db
        .prepare<[string], JobEntry>(
          `SELECT job, number, event FROM job_entries AS entries WHERE job = ?
             AND NOT EXISTS (SELECT 1 FROM ended_jobs WHERE job = entries.job AND finished_at IS NULL) ORDER BY number`,
        )
        .all(job),
    );
  }

  async append(entries: readonly JobEntry[], closed: readonly ClosedJob[] = []): Promise<void> {
    if (entries.length === 0 && closed.length === 0) return;
    const rows: (string | number)[] = [];
    let size = 0;
    for (const { job, number, event } of entries) {
      requireShort('The id of a job', job, MOST_ID);
      size += event.length;
      rows.push(job, number, event);
    }
    for (const { job, summary } of closed) {
      requireShort('The id of a job', job, MOST_ID);
      requireShort(`The summary of job ${job}`, summary, MOST_TEXT);
      size += summary.length;
    }
    if (size > MOST_APPEND) {
      const message = `${size} characters for the logs of jobs at once; at most ${MOST_APPEND} are taken`;
      throw new ParlmeshError('STORE_REFUSED', message, { hint: 'Put large inputs and results into blobs' });
    }
    await this.#write({ kind: 'append', rows, closed });
  }

  async reopen(job: string): Promise<void> {
    await this.#write({ kind: 'reopen', job });
  }

  async drop(job: string): Promise<void> {
    await this.#write({ kind: 'drop', job });
  }

  closed({ before, limit }: { before?: number; limit: number }): ClosedJob[] {
    return this.#access.read((db) =>
      db
        .prepare<[number, number], ClosedJob>(
          `SELECT job, summary, finished_at AS finishedAt FROM ended_jobs WHERE finished_at < ?
           ORDER BY finished_at DESC, id DESC LIMIT ?`,
        )
        .all(before ?? Number.MAX_SAFE_INTEGER, Math.min(MOST_LISTED, Math.max(0, limit))),
    );
  }

  receipt(key: string): string | undefined {
    return this.#access.read((db) => {
      const statement =
        this.#receipts.get(db) ?? db.prepare<[string], string>('SELECT result FROM receipts WHERE key = ?').pluck();
      this.#receipts.set(db, statement);
      return statement.get(key);
    });
  }

  async putReceipt(key: string, result: string, at: number): Promise<void> {
    requireShort('The key of a receipt', key, 4 * MOST_ID);
    requireShort(`The result under ${key}`, result, MOST_TEXT);
    await this.#write({ kind: 'receipt', key, result, at });
  }

  async #write(change: JobChange): Promise<void> {
    await this.#access.write({ table: 'jobs', change });
  }
}
