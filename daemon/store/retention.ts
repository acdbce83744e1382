// What is deleted when it is old or too much, in small steps: each is one short transaction, and the caller pauses
// between them.

import type { Connection } from './database.ts';
import { MINUTE } from './measurements.ts';
import { removeOldSnapshots } from './snapshots.ts';

export interface RetentionLimits {
  /** Age of history (events, observations, measurements), in days. */
  keepDays: number;
  /** Size of the file's content. */
  maxBytes: number;
  snapshots: { keepDays: number; maxBytes: number };
}

const DAY = 24 * 60 * MINUTE;
/** Rows that one step removes of one table. */
const STEP = 250;
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
} as const;
type History = keyof typeof HISTORY;
const HISTORIES: readonly History[] = ['events', 'observations', 'measurements'];

export interface StepOutcome {
  removed: Record<History | 'snapshots', number>;
  /** Whether another step would remove more. */
  more: boolean;
}

/** Removes one step's worth. @param now milliseconds since 1970 */
export function retainStep(db: Connection, dataDir: string, limits: RetentionLimits, now: number): StepOutcome {
  const outcome = db.transaction((): StepOutcome => {
    const removed = { events: 0, observations: 0, measurements: 0, snapshots: 0 };
    const before = now - limits.keepDays * DAY;
    for (const table of HISTORIES) removed[table] = removeOldest(db, table, HISTORY[table].older, before);
    if (usedBytes(db) > limits.maxBytes) {
      const largest = largestHistory(db);
      removed[largest] += removeOldest(db, largest, 'TRUE', undefined);
    }
    const pictures = { before: now - limits.snapshots.keepDays * DAY, maxBytes: limits.snapshots.maxBytes };
    removed.snapshots = removeOldSnapshots(db, dataDir, pictures, STEP);
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

/** The history that takes most, estimated from its number of rows and the size of its newest ones. */
function largestHistory(db: Connection): History {
  const estimate = (table: History): number => {
    const { key, bytes } = HISTORY[table];
    return (
      db
        .prepare<[], number | null>(
          `SELECT (SELECT max(${key}) - min(${key}) + 1 FROM ${table}) * avg(bytes)
           FROM (SELECT ${bytes} AS bytes FROM ${table} ORDER BY ${key} DESC LIMIT 200)`,
        )
        .pluck()
        .get() ?? 0
    );
  };
  return HISTORIES.reduce((largest, table) => (estimate(table) > estimate(largest) ? table : largest));
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
