// Snapshots: JPEG files of their own, listed in a table. In SQLite they would be written twice (log, then file) and
// copied into every backup; as files they wear the flash once and leave without a trace.

import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from './database.ts';
import { snapshotFolder } from './paths.ts';

export interface SnapshotRow {
  id: string;
  /** Milliseconds since 1970. */
  at: number;
  jpeg: Uint8Array;
}

/** Longest picture that is kept: far above a snapshot, far below what hurts. */
export const MOST_JPEG_BYTES = 2_000_000;

/** Whether an id can name a file: ids come from requests too, and must not lead out of the folder. */
export function isSnapshotId(id: string): boolean {
  return /^[A-Za-z0-9_:@-][A-Za-z0-9._:@-]{0,127}$/.test(id);
}

export function snapshotFile(dataDir: string, id: string): string {
  return join(snapshotFolder(dataDir), `${id}.jpg`);
}

/** Returns a function that writes the picture's file, then its row, and says how many rows that added. */
export function snapshotWriter(db: Connection, dataDir: string): (row: SnapshotRow) => number {
  const update = db.prepare('UPDATE snapshots SET at = ?, bytes = ? WHERE id = ?');
  const insert = db.prepare('INSERT INTO snapshots (at, bytes, id) VALUES (?, ?, ?)');
  return ({ id, at, jpeg }) => {
    const file = snapshotFile(dataDir, id);
    try {
      writeFileSync(`${file}.part`, jpeg, { mode: 0o600 });
      renameSync(`${file}.part`, file);
    } catch (error) {
      rmSync(`${file}.part`, { force: true });
      throw error;
    }
    const values = [Math.round(at), jpeg.byteLength, id];
    return update.run(...values).changes > 0 ? 0 : insert.run(...values).changes;
  };
}

/**
 * Makes table and folder agree: rows without a file go, files without a row (written just before a crash, or the
 * table was restored from a backup) get one.
 */
export function reconcileSnapshots(db: Connection, dataDir: string): void {
  const folder = snapshotFolder(dataDir);
  const files = new Set(readdirSync(folder));
  const known = db.prepare<[], string>('SELECT id FROM snapshots').pluck().all();
  const remove = db.prepare('DELETE FROM snapshots WHERE id = ?');
  const insert = db.prepare('INSERT INTO snapshots (id, at, bytes) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING');
  db.transaction(() => {
    for (const id of known) {
      if (!files.delete(`${id}.jpg`)) remove.run(id);
    }
    for (const name of files) {
      const id = name.replace(/\.jpg$/, '');
      const stat = statSync(join(folder, name));
      if (id === name || !isSnapshotId(id)) rmSync(join(folder, name), { recursive: true, force: true });
      else insert.run(id, Math.round(stat.mtimeMs), stat.size);
    }
  })();
}

/** Removes the oldest snapshots that are over age or over size, at most `most` of them; returns how many. */
export function removeOldSnapshots(
  db: Connection,
  dataDir: string,
  limits: { before: number; maxBytes: number },
  most: number,
): number {
  let over = (db.prepare<[], number | null>('SELECT sum(bytes) FROM snapshots').pluck().get() ?? 0) - limits.maxBytes;
  const oldest = db
    .prepare<[number], { id: string; at: number; bytes: number }>(
      'SELECT id, at, bytes FROM snapshots ORDER BY number LIMIT ?',
    )
    .all(most);
  const remove = db.prepare('DELETE FROM snapshots WHERE id = ?');
  const forget = db.prepare('UPDATE observations SET snapshot = NULL WHERE id = ?');
  let removed = 0;
  for (const { id, at, bytes } of oldest) {
    if (at >= limits.before && over <= 0) break;
    rmSync(snapshotFile(dataDir, id), { force: true });
    remove.run(id);
    forget.run(id);
    over -= bytes;
    removed += 1;
  }
  return removed;
}
