// The store's commands for when no daemon runs (the caller holds the data folder). The daemon runs the same functions
// in a thread of their own.

import { existsSync } from 'node:fs';
import type { AuditRow } from '../../agents/oracle/audit-storage.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { iterateAudit } from './audit.ts';
import { type BackupFile, problemsOf, putInPlace, stageBackup, writeBackup } from './backups.ts';
import { openReadOnly, storeError } from './database.ts';
import { refuseForeign } from './migrations.ts';
import { databaseFile, makeFolders } from './paths.ts';
import { putAside } from './recovery.ts';
import { readState } from './state.ts';
import { walDamage } from './wal.ts';

export interface CheckResult {
  ok: boolean;
  /** What is wrong, in SQLite's words. */
  problems: string[];
}

/** Reads the whole file and its log for damage; changes nothing. */
export function checkStore(dataDir: string): CheckResult {
  const file = databaseFile(dataDir);
  if (!existsSync(file)) return { ok: false, problems: [`${file} does not exist`] };
  const inLog = walDamage(`${file}-wal`);
  const problems = inLog === undefined ? problemsOf(file) : [inLog];
  return { ok: problems.length === 0, problems };
}

/** The audit log of the file, in the order in which it lies there. Works beside a running daemon too. */
export function* readAudit(dataDir: string): Generator<AuditRow> {
  const file = databaseFile(dataDir);
  if (!existsSync(file)) {
    throw new ParlmeshError('STORE_MISSING', `${file} does not exist, so there is no audit log`, {
      hint: 'Name the data folder with --data-dir',
    });
  }
  const db = openReadOnly(file);
  try {
    refuseForeign(db, file);
    yield* iterateAudit((query) => query(db));
  } catch (error) {
    throw storeError(error, file);
  } finally {
    db.close();
  }
}

/** The value under a key of the file, undefined if there is none. Works beside a running daemon too. */
export function readStored(dataDir: string, key: string): unknown {
  const file = databaseFile(dataDir);
  if (!existsSync(file)) return undefined;
  const db = openReadOnly(file);
  try {
    refuseForeign(db, file);
    return readState(db, key);
  } catch (error) {
    throw storeError(error, file);
  } finally {
    db.close();
  }
}

/**
 * Writes a checked backup into the data folder's `backups/` and keeps the newest `keep`.
 * @param now milliseconds since 1970
 */
export function backupStore(dataDir: string, now: number, keep: number): BackupFile {
  const file = databaseFile(dataDir);
  if (!existsSync(file)) {
    throw new ParlmeshError('STORE_MISSING', `${file} does not exist, so there is nothing to back up`, {
      hint: 'Name the data folder with --data-dir; a node makes its store at its first start',
    });
  }
  return writeBackup(dataDir, now, keep);
}

/**
 * Makes a backup the store. The present file is kept beside it as `parlmesh.db.replaced-TIME` and told in the result.
 * @param now milliseconds since 1970
 */
export function restoreStore(dataDir: string, backup: string, now: number): { replaced?: string } {
  if (!existsSync(backup)) {
    throw new ParlmeshError('STORE_BACKUP_MISSING', `${backup} does not exist`, {
      hint: `Backups are in ${dataDir}/backups`,
    });
  }
  const problems = problemsOf(backup);
  if (problems.length > 0) {
    throw new ParlmeshError('STORE_BACKUP_UNSOUND', `${backup} cannot be restored: ${problems[0]}`, {
      hint: 'The present store was left as it is; choose another backup',
      data: { problems },
    });
  }
  makeFolders(dataDir);
  const staged = stageBackup(dataDir, backup);
  const file = databaseFile(dataDir);
  const replaced = existsSync(file) ? putAside(file, 'replaced', now) : undefined;
  putInPlace(dataDir, staged);
  return replaced === undefined ? {} : { replaced };
}
