// Backups: a compact, checked copy of the file under its time. Written beside the running writer (a reader of its
// own sees one moment of the database and holds nobody up).

import {
  chownSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { openReadOnly, quickCheck, storeError } from './database.ts';
import { refuseForeign, schemaVersion } from './migrations.ts';
import { backupFolder, databaseFile, fileTime, makeFolders, timeInName } from './paths.ts';

export interface BackupFile {
  file: string;
  bytes: number;
  /** Milliseconds since 1970. */
  at: number;
}

const NAME = /^parlmesh-[0-9]{8}T[0-9]{6}\.[0-9]{3}Z\.db$/;

/**
 * Writes a backup, checks it, and only then gives it its name; keeps the newest `keep`. Blocks: for a thread of its own.
 * @param now milliseconds since 1970
 */
export function writeBackup(dataDir: string, now: number, keep: number): BackupFile {
  makeFolders(dataDir);
  const folder = backupFolder(dataDir);
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.part')) rmSync(join(folder, name), { force: true });
  }
  const file = join(folder, `parlmesh-${fileTime(now)}.db`);
  const part = `${file}.part`;
  try {
    const db = openReadOnly(databaseFile(dataDir));
    try {
      db.prepare('VACUUM INTO ?').run(part);
    } finally {
      db.close();
    }
    const problems = problemsOf(part);
    if (problems.length > 0) {
      throw new ParlmeshError('STORE_CORRUPT', `The backup of ${databaseFile(dataDir)} is not sound: ${problems[0]}`, {
        hint: 'parlmesh store check shows whether the store itself is damaged',
      });
    }
    giveToOwnerOf(dataDir, part);
    sync(part);
    renameSync(part, file);
    sync(folder);
  } catch (error) {
    rmSync(part, { force: true });
    throw storeError(error, part);
  }
  for (const old of listBackups(dataDir).slice(Math.max(1, keep))) rmSync(old.file, { force: true });
  return { file, bytes: statSync(file).size, at: now };
}

/** Newest first. */
export function listBackups(dataDir: string): BackupFile[] {
  const folder = backupFolder(dataDir);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => NAME.test(name))
    .map((name) => ({ file: join(folder, name), bytes: statSync(join(folder, name)).size, at: timeInName(name) ?? 0 }))
    .sort((a, b) => b.at - a.at);
}

/** Why a file could not serve as the store: damaged, not ours, of a newer version. Empty when it can. */
export function problemsOf(file: string): string[] {
  try {
    const db = openReadOnly(file);
    try {
      refuseForeign(db, file);
      if (schemaVersion(db) === 0) return [`${file} is not a store of parlmesh`];
      return quickCheck(db);
    } finally {
      db.close();
    }
  } catch (error) {
    return [messageOf(error)];
  }
}

/** Copies a backup next to the store's place and syncs it; `putInPlace` then makes it the store. */
export function stageBackup(dataDir: string, backup: string): string {
  const part = `${databaseFile(dataDir)}.part`;
  try {
    copyFileSync(backup, part);
    giveToOwnerOf(dataDir, part);
    sync(part);
    return part;
  } catch (error) {
    rmSync(part, { force: true });
    throw storeError(error, part);
  }
}

/** Makes a staged copy the store's file, at once and for good. The place must be empty. */
export function putInPlace(dataDir: string, staged: string): void {
  const file = databaseFile(dataDir);
  renameSync(staged, file);
  sync(dirname(file));
}

/** A command run by root must not leave files that the service, which runs as another user, cannot write. */
function giveToOwnerOf(folder: string, file: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  chownSync(file, uid, gid);
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
