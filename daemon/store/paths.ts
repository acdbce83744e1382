// Where the store keeps what, under the data folder.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** The SQLite file; SQLite adds `-wal` and `-shm` beside it. */
export function databaseFile(dataDir: string): string {
  return join(dataDir, 'parlmesh.db');
}

export function backupFolder(dataDir: string): string {
  return join(dataDir, 'backups');
}

export function snapshotFolder(dataDir: string): string {
  return join(dataDir, 'snapshots');
}

/** Space kept back for a full disk. */
export function reserveFile(dataDir: string): string {
  return join(dataDir, 'reserve');
}

/** Makes the folders that are missing, readable by their owner only. */
export function makeFolders(dataDir: string): void {
  for (const folder of [dataDir, backupFolder(dataDir), snapshotFolder(dataDir)]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
}

/** A time as it stands in file names: ISO 8601's basic form, without the colons that some file systems refuse. */
export function fileTime(at: number): string {
  return new Date(at).toISOString().replace(/[-:]/g, '');
}

/** The time that `fileTime` wrote somewhere in a file name, in milliseconds since 1970; undefined if there is none. */
export function timeInName(name: string): number | undefined {
  const parts = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3})Z/.exec(name);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at) ? undefined : at;
}
