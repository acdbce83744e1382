// What is deleted when it is old or too much, in small steps: each is one short transaction, and the caller pauses
// between them.

import { removeOldAudit } from './audit.ts';
import type { Connection } from './database.ts';
import { removeEndedJobs } from './jobs.ts';
import { MINUTE } from './measurements.ts';
import { TABLES, type Table } from './migrations.ts';
import { removeOldSnapshots } from './snapshots.ts';

export interface RetentionLimits {
  /** Age of history (events, observations, measurements, ended jobs), in days. */
  keepDays: number;
  /** Size of the file's content. */
  maxBytes: number;
  snapshots: { keepDays: number; maxBytes: number };
  /** Age of the audit log, in days. */
  auditDays: number;
}

const DAY = 24 * 60 * MINUTE;
/** Rows that one step removes of one table. */
const STEP = 250;
/** Small rows that come by the thousand a second. */
const LARGE_STEP = 1000;
const MOST_ENDED_JOBS = 10_000;
const RECEIPT_DAYS = 1;
/** Pages that one step gives back to the file system. */
const PAGES = 250;

/**
 * Tables of history: row id, which grows with time; when a row's time is before `?`; which row always stays (the next
 * event's id follows from the newest one's); about how many bytes a row takes.
 */
const HISTORY = {
  events: {
    key: 'id',
    older: 'at < ?',
    spare: 'AND id <> (SELECT max(id) FROM events)',
    bytes: 'length(message) + coalesce(length(data), 0) + 60',
  },
  observations: { key: 'number', older: 'started_at < ?', spare: '', bytes: '180' },
  measurements: { key: 'minute', older: `minute < ? / ${MINUTE}`, spare: '', bytes: 'length(data) + 10' },
  receipts: { key: 'id', older: 'at < ?', spare: '', bytes: 'length(key) + length(result) + 30' },
} as const;
type History = keyof typeof HISTORY;
const HISTORIES: readonly History[] = ['events', 'observations', 'measurements', 'receipts'];

export interface StepOutcome {
  removed: Partial<Record<Table, number>>;
  /** Whether another step would remove more. */
  more: boolean;
}

/** Removes one step's worth. @param now milliseconds since 1970 */
export function retainStep(db: Connection, dataDir: string, limits: RetentionLimits, now: number): StepOutcome {
  const outcome = db.transaction((): StepOutcome => {
    const removed: StepOutcome['removed'] = {};
    const before = now - limits.keepDays * DAY;
    const add = (rows: StepOutcome['removed']): boolean => {
      for (const table of TABLES) removed[table] = (removed[table] ?? 0) + (rows[table] ?? 0);
      return Object.values(rows).some((count) => count > 0);
    };
    for (const table of HISTORIES) {
      const oldest = table === 'receipts' ? Math.max(before, now - RECEIPT_DAYS * DAY) : before;
      add({ [table]: removeOldest(db, table, HISTORY[table].older, oldest) });
    }
    const jobs = { before, keep: MOST_ENDED_JOBS };
    add(removeEndedJobs(db, jobs, LARGE_STEP));
    add({ audit: removeOldAudit(db, now - limits.auditDays * DAY, STEP) });
    if (usedBytes(db) > limits.maxBytes) {
      // The largest may have nothing to give: open jobs stay.
      for (const table of largestFirst(db)) {
        const gave =
          table === 'jobs'
            ? removeEndedJobs(db, { ...jobs, force: true }, LARGE_STEP)
            : { [table]: removeOldest(db, table, 'TRUE', undefined) };
        if (add(gave)) break;
      }
    }
    const pictures = { before: now - limits.snapshots.keepDays * DAY, maxBytes: limits.snapshots.maxBytes };
    add({ snapshots: removeOldSnapshots(db, dataDir, pictures, STEP) });
    return { removed, more: Object.values(removed).some((count) => count > 0) };
  })();
  return giveBackPages(db) ? { ...outcome, more: true } : outcome;
}

/** Deletes those of the table's oldest rows that match. */
function removeOldest(db: Connection, table: History, condition: string, value: number | undefined): number {
  const { key, spare } = HISTORY[table];
  const statement = db.prepare<number[]>(
    `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} ORDER BY ${key} LIMIT ${STEP})
       AND ${condition} ${spare}`,
  );
  return statement.run(...(value === undefined ? [] : [value])).changes;
}

/** Bytes of pages in use; free ones are reused before the file grows. */
function usedBytes(db: Connection): number {
  return (pragma(db, 'page_count') - pragma(db, 'freelist_count')) * pragma(db, 'page_size');
}

/** Histories, the one that takes most first: estimated from the number of rows and the size of the newest ones. */
function largestFirst(db: Connection): (History | 'jobs')[] {
  const estimate = (table: Table, rows: string, bytes: string, key: string): number =>
    db
      .prepare<[], number | null>(
        `SELECT (SELECT ${rows} FROM ${table}) * avg(bytes)
         FROM (SELECT ${bytes} AS bytes FROM ${table} ORDER BY ${key} DESC LIMIT 200)`,
      )
      .pluck()
      .get() ?? 0;
  const sizes = HISTORIES.map((table): [History | 'jobs', number] => {
    const { key, bytes } = HISTORY[table];
    return [table, estimate(table, `max(${key}) - min(${key}) + 1`, bytes, key)];
  });
  // Logs of jobs go in no order of their ids, so these tell nothing.
  sizes.push(['jobs', estimate('job_entries', 'count(*)', 'length(job) * 2 + length(event) + 20', 'id')]);
  return sizes.sort((a, b) => b[1] - a[1]).map(([table]) => table);
}

/** Shrinks the file by a step once a fifth of it is free; below that, moving pages would wear more than it gives. */
function giveBackPages(db: Connection): boolean {
  const free = pragma(db, 'freelist_count');
  if (free < 2 * PAGES || free < pragma(db, 'page_count') / 5) return false;
  db.pragma(`incremental_vacuum(${PAGES})`);
  return pragma(db, 'freelist_count') < free;
}

function pragma(db: Connection, name: string): number {
  return Number(db.pragma(name, { simple: true }));
}
