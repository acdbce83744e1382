// How connections to the file are opened, and what SQLite's errors mean to the store.

import Database from 'better-sqlite3';
import { messageOf, ParlmeshError } from '../../core/errors.ts';

export type Connection = Database.Database;

/** Marks a file as parlmesh's in SQLite's header ("pmes"). */
export const APPLICATION_ID = 0x706d6573;

/**
 * The writing connection. Every commit is synced (`synchronous = FULL`); the writer relaxes that for batches that may
 * be lost. The log is copied back every 1000 pages (4 MB): pages that are written again and again in between, as the
 * last page of each table is, wear the flash once.
 */
export function openWritable(file: string): Connection {
  const db = new Database(file, { timeout: 5000 });
  try {
    // Works only before the first page exists, so it comes first; lets retention give space back step by step.
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('wal_autocheckpoint = 1000');
    db.pragma('journal_size_limit = 8000000');
    db.pragma('cache_size = -2000');
    db.pragma('temp_store = MEMORY');
    // Finds a damaged page when it is read, instead of reading on through it.
    db.pragma('cell_size_check = ON');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A reading connection. It waits at most 200 ms for a lock, since the event loop waits with it. */
export function openReadOnly(file: string, cacheBytes = 2_000_000): Connection {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 200 });
  db.pragma(`cache_size = -${Math.round(cacheBytes / 1000)}`);
  db.pragma('cell_size_check = ON');
  return db;
}

/** What `PRAGMA quick_check` says is wrong; empty for a sound file. Reads the whole file. */
export function quickCheck(db: Connection): string[] {
  const found = db.prepare<[], string>('PRAGMA quick_check(20)').pluck().all();
  return found.filter((line) => line !== 'ok');
}

/**
 * `full`: no space, will pass. `corrupt`: the file is damaged. `refused`: this row will never be accepted. `failed`:
 * anything else (I/O errors, no permission).
 */
export type Fault = 'full' | 'corrupt' | 'refused' | 'failed';

const CODES: Record<Fault, string> = {
  full: 'STORE_FULL',
  corrupt: 'STORE_CORRUPT',
  refused: 'STORE_REFUSED',
  failed: 'STORE_FAILED',
};

const HINTS: Record<Fault, string | undefined> = {
  full: 'Free space in the data folder; the store goes on by itself once there is some',
  corrupt: 'parlmesh store check shows the damage; the next start repairs it from the newest backup',
  refused: undefined,
  failed: 'parlmesh doctor; check that the data folder is there, writable and on a healthy disk',
};

export function faultOf(thrown: unknown): Fault {
  const code = codeOf(thrown);
  // SHMSIZE: the log's index could not grow, which has no other cause.
  if (['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC', 'EDQUOT'].includes(code)) return 'full';
  if (/^SQLITE_(CORRUPT|NOTADB|IOERR_SHORT_READ|IOERR_READ|IOERR_CORRUPTFS)/.test(code)) return 'corrupt';
  if (/^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)/.test(code)) return 'refused';
  // better-sqlite3 throws these for values that SQLite has no type for.
  if (thrown instanceof TypeError || thrown instanceof RangeError) return 'refused';
  return 'failed';
}

/** Any error of SQLite or the file system as the store's own, coded by its fault; a ParlmeshError stays itself. */
export function storeError(thrown: unknown, file: string): ParlmeshError {
  if (thrown instanceof ParlmeshError) return thrown;
  const fault = faultOf(thrown);
  const hint = HINTS[fault];
  return new ParlmeshError(CODES[fault], `${file}: ${messageOf(thrown)}${suffix(codeOf(thrown))}`, {
    cause: thrown,
    ...(hint === undefined ? {} : { hint }),
  });
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}

function suffix(code: string): string {
  return code === '' ? '' : ` (${code})`;
}
