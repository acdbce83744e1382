// Opening the file at start: checked, repaired if it is damaged, brought to the newest version. Runs in the writer's
// thread, or in a command while no daemon runs.

import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { listBackups, problemsOf, putInPlace, stageBackup, writeBackup } from './backups.ts';
import { type Connection, faultOf, openReadOnly, openWritable, quickCheck } from './database.ts';
import { removeAfterGaps } from './jobs.ts';
import { hasOurMark, migrate, refuseForeign, SCHEMA_VERSION, schemaVersion, TABLES, type Table } from './migrations.ts';
import { databaseFile, fileTime, makeFolders, timeInName } from './paths.ts';
import { salvage } from './salvage.ts';
import { walDamage } from './wal.ts';

/** What a repair did. */
export interface RecoveryReport {
  /** What was found to be wrong. */
  cause: string;
  /** The damaged file's new place. */
  setAside: string;
  /** The backup that was restored; without one, the store began anew. */
  backup?: { file: string; at: number };
  /** Rows brought over from the damaged file, by table. */
  salvaged: Partial<Record<Table, number>>;
  /** Row ids, by table, that neither the damaged file nor the backup had; infinite when their number is unknown. */
  lost: Partial<Record<Table, number>>;
}

export interface Opened {
  db: Connection;
  migratedFrom: number;
  recovery?: RecoveryReport;
}

/** Damaged files and replaced ones that are kept; each is as large as the store. */
const SET_ASIDE_KEPT = 3;
/** No release will come near; a greater version is damage. */
const BELIEVABLE_VERSION = 10_000;
/** Backups kept when one is taken before a migration. */
const BACKUPS_KEPT = 10;

/**
 * Opens the store's file for writing, whatever state it is in.
 * @param now milliseconds since 1970, for file names
 */
export function openStore(dataDir: string, now: number): Opened {
  makeFolders(dataDir);
  const file = databaseFile(dataDir);
  const cause = damageOf(file);
  const recovery = cause === undefined ? undefined : recover(dataDir, cause, now);
  const db = openWritable(file);
  try {
    const version = schemaVersion(db);
    if (version > 0 && version < SCHEMA_VERSION) writeBackup(dataDir, now, BACKUPS_KEPT);
    const migratedFrom = migrate(db);
    return { db, migratedFrom, ...(recovery === undefined ? {} : { recovery }) };
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * What is wrong with the file or its log; undefined when both are sound, or there is none. Reads all of it. Throws for a
 * file that is another program's or a newer parlmesh's.
 */
export function damageOf(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const log = `${file}-wal`;
  // SQLite would take an emptied file for a new one and throw its log away.
  if (statSync(file).size === 0 && existsSync(log) && statSync(log).size > 0) return `${file} is empty, its log is not`;
  // Before SQLite opens the file: it cuts a log at the first damaged frame.
  const inLog = walDamage(log);
  if (inLog !== undefined) return inLog;
  try {
    // Reading only: a file that is not ours to write stays as it is.
    const db = openReadOnly(file);
    try {
      return headerDamage(db, file) ?? quickCheck(db)[0];
    } finally {
      db.close();
    }
  } catch (error) {
    if (faultOf(error) === 'corrupt') return messageOf(error);
    throw error;
  }
}

/** Flipped bits must not pass for another program or a newer version: our tables tell. */
function headerDamage(db: Connection, file: string): string | undefined {
  const names = db.prepare<[], string>('SELECT name FROM sqlite_schema').pluck().all();
  const ours = names.includes('measurements') && names.includes('observations');
  const version = schemaVersion(db);
  if (ours && (version < 1 || version > BELIEVABLE_VERSION || !hasOurMark(db))) return `${file}: the header is damaged`;
  refuseForeign(db, file);
  return undefined;
}

/** Damaged file aside, newest sound backup in its place, then every readable row of the damaged file into that. */
function recover(dataDir: string, cause: string, now: number): RecoveryReport {
  const file = databaseFile(dataDir);
  const setAside = putAside(file, 'corrupt', now);
  const backup = listBackups(dataDir).find((candidate) => problemsOf(candidate.file).length === 0);
  if (backup !== undefined) putInPlace(dataDir, stageBackup(dataDir, backup.file));
  const db = openWritable(file);
  try {
    migrate(db);
    const report = salvage(db, setAside, `${file}.salvage`);
    removeAfterGaps(db);
    const salvaged: RecoveryReport['salvaged'] = {};
    const lost: RecoveryReport['lost'] = {};
    for (const table of TABLES) {
      const { rows, unreadable } = report[table];
      if (rows > 0) salvaged[table] = rows;
      const missing = unreadable.reduce((sum, range) => sum + missingIn(db, table, range), 0);
      if (missing > 0) lost[table] = missing;
    }
    return {
      cause,
      setAside,
      ...(backup === undefined ? {} : { backup: { file: backup.file, at: backup.at } }),
      salvaged,
      lost,
    };
  } finally {
    db.close();
  }
}

/** Files of a folder that `putAside` named, and their logs. */
export function listAside(folder: string): string[] {
  return readdirSync(folder).filter((name) => /\.db\.(corrupt|replaced)-[0-9TZ.]+(-wal|-shm)?$/.test(name));
}

/** Moves the file with its log out of the way, to a name with the time; returns that name. Keeps the newest few. */
export function putAside(file: string, why: 'corrupt' | 'replaced', now: number): string {
  const aside = `${file}.${why}-${fileTime(now)}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  const folder = dirname(file);
  const earlier = listAside(folder)
    .filter((name) => !/-(wal|shm)$/.test(name))
    .sort((a, b) => (timeInName(b) ?? 0) - (timeInName(a) ?? 0));
  for (const name of earlier.slice(SET_ASIDE_KEPT)) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, name + suffix), { force: true });
  }
  return aside;
}

/** One sentence for people. */
export function describeRecovery(report: RecoveryReport): string {
  const list = (counts: Partial<Record<Table, number>>): string =>
    Object.entries(counts)
      .map(([table, count]) => (Number.isFinite(count) ? `${count} ${table}` : `an unknown number of ${table}`))
      .join(', ');
  const from =
    report.backup === undefined
      ? 'there was no sound backup'
      : `restored from the backup of ${new Date(report.backup.at).toISOString()}`;
  const salvaged = list(report.salvaged);
  const lost = list(report.lost);
  return (
    `The store was damaged (${report.cause}) and set aside as ${report.setAside}; ${from}; ` +
    `${salvaged === '' ? 'nothing' : salvaged} salvaged from it; ${lost === '' ? 'nothing' : `at most ${lost}`} lost`
  );
}

function missingIn(db: Connection, table: Table, [from, to]: [number, number]): number {
  if (to === Number.POSITIVE_INFINITY) return to;
  const present = db
    .prepare<[number, number], number>(`SELECT count(*) FROM ${table} WHERE rowid BETWEEN ? AND ?`)
    .pluck()
    .get(from, to);
  return to - from + 1 - (present ?? 0);
}
