// The schema, as numbered steps forward. A step that has been released is never changed: a new one is added.

import { ParlmeshError } from '../../core/errors.ts';
import { APPLICATION_ID, type Connection } from './database.ts';

export interface Migration {
  /** What it brings, for the log. */
  title: string;
  sql: string;
}

/** `migrations[n]` leads from version n to n + 1 (`PRAGMA user_version`). */
export const migrations: readonly Migration[] = [
  {
    title: 'history and state',
    sql: `
CREATE TABLE events (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, severity TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
  message TEXT NOT NULL, data TEXT CHECK (json_valid(data))
) STRICT;
CREATE TABLE observations (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, camera TEXT NOT NULL, phase TEXT NOT NULL, label TEXT NOT NULL,
  confidence REAL NOT NULL, x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL,
  zones TEXT NOT NULL CHECK (json_valid(zones)), started_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  ended_at INTEGER, snapshot TEXT
) STRICT;
CREATE INDEX observations_started ON observations (started_at);
CREATE TABLE snapshots (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE measurements (minute INTEGER PRIMARY KEY, data TEXT NOT NULL CHECK (json_valid(data))) STRICT;
CREATE TABLE state (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL CHECK (json_valid(value))
) STRICT;`,
  },
  {
    title: 'access tokens; quick look-up of warnings and of what is in view',
    sql: `
CREATE TABLE tokens (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, hash TEXT NOT NULL,
  scopes TEXT NOT NULL CHECK (json_valid(scopes)), created_at INTEGER NOT NULL, expires_at INTEGER,
  last_used_at INTEGER, revoked_at INTEGER
) STRICT;
CREATE INDEX events_severe ON events (severity, id) WHERE severity <> 'info';
CREATE INDEX observations_open ON observations (id) WHERE ended_at IS NULL;`,
  },
  {
    title: 'jobs',
    sql: `
CREATE TABLE job_entries (
  id INTEGER PRIMARY KEY, job TEXT NOT NULL, number INTEGER NOT NULL, event TEXT NOT NULL, UNIQUE (job, number)
) STRICT;
CREATE TABLE ended_jobs (
  id INTEGER PRIMARY KEY, job TEXT NOT NULL UNIQUE, summary TEXT NOT NULL, finished_at INTEGER
) STRICT;
CREATE INDEX ended_jobs_finished ON ended_jobs (finished_at);
CREATE TABLE receipts (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, result TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;`,
  },
  {
    title: 'audit and experience',
    sql: `
CREATE TABLE audit (
  id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL UNIQUE, at REAL NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
  subject TEXT NOT NULL, detail TEXT NOT NULL, previous_hash TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE TABLE experience (
  id INTEGER PRIMARY KEY, node TEXT NOT NULL, sequence INTEGER NOT NULL, at REAL NOT NULL, version INTEGER NOT NULL,
  priority REAL NOT NULL, decisions INTEGER NOT NULL, bytes INTEGER NOT NULL, data BLOB NOT NULL,
  UNIQUE (node, sequence)
) STRICT;
CREATE INDEX experience_priority ON experience (priority, bytes);
CREATE TABLE experience_marks (
  id INTEGER PRIMARY KEY, node TEXT NOT NULL, receiver TEXT NOT NULL, sequence INTEGER NOT NULL,
  UNIQUE (node, receiver)
) STRICT;`,
  },
  {
    title: 'quick search of observations',
    sql: `
CREATE INDEX observations_camera ON observations (camera, started_at);
CREATE INDEX observations_label ON observations (label, started_at);`,
  },
  {
    title: 'federation',
    sql: `
CREATE TABLE federation_rounds (
  id INTEGER PRIMARY KEY, learner TEXT NOT NULL, number INTEGER NOT NULL, ended INTEGER NOT NULL, state TEXT NOT NULL,
  UNIQUE (learner, number)
) STRICT;
CREATE INDEX federation_rounds_ended ON federation_rounds (learner, ended, number);
CREATE TABLE federation_updates (
  id INTEGER PRIMARY KEY, learner TEXT NOT NULL, round INTEGER NOT NULL, node TEXT NOT NULL, header TEXT NOT NULL,
  data BLOB NOT NULL, UNIQUE (learner, round, node)
) STRICT;
CREATE TABLE federation_models (
  id INTEGER PRIMARY KEY, learner TEXT NOT NULL, version TEXT NOT NULL, lineage TEXT NOT NULL,
  parameters BLOB NOT NULL, UNIQUE (learner, version)
) STRICT;
CREATE TABLE federation_documents (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value TEXT NOT NULL
) STRICT;`,
  },
  {
    title: 'self-healing',
    sql: `
CREATE TABLE repairs (number INTEGER PRIMARY KEY, repair TEXT NOT NULL UNIQUE, record TEXT NOT NULL) STRICT;
CREATE TABLE repair_sums (
  number INTEGER PRIMARY KEY, fault TEXT NOT NULL, action TEXT NOT NULL, helped REAL NOT NULL, not_helped REAL NOT NULL,
  log_seconds REAL NOT NULL, log_seconds_squared REAL NOT NULL, UNIQUE (fault, action)
) STRICT;
CREATE TABLE incidents (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, story TEXT NOT NULL) STRICT;
CREATE TABLE questions (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, question TEXT NOT NULL) STRICT;`,
  },
];

export const SCHEMA_VERSION = migrations.length;

/** The tables, in the order in which they are checked, salvaged and counted. Each has an integer row id. */
export const TABLES = [
  ...(['events', 'observations', 'snapshots', 'measurements', 'state', 'tokens'] as const),
  ...(['job_entries', 'ended_jobs', 'receipts', 'audit', 'experience', 'experience_marks'] as const),
  ...(['federation_rounds', 'federation_updates', 'federation_models', 'federation_documents'] as const),
  ...(['repairs', 'repair_sums', 'incidents', 'questions'] as const),
] as const;
export type Table = (typeof TABLES)[number];

export function schemaVersion(db: Connection): number {
  return Number(db.pragma('user_version', { simple: true }));
}

export function hasOurMark(db: Connection): boolean {
  return db.pragma('application_id', { simple: true }) === APPLICATION_ID;
}

/** Throws for a file that this version must not touch: another program's, or a newer parlmesh's. */
export function refuseForeign(db: Connection, file: string, known = SCHEMA_VERSION): void {
  const version = schemaVersion(db);
  if (version > 0 && !hasOurMark(db)) {
    throw new ParlmeshError('STORE_FOREIGN', `${file} is a SQLite file of another program`, {
      hint: 'Choose another data folder with --data-dir',
    });
  }
  if (version > known) {
    throw new ParlmeshError(
      'STORE_NEWER',
      `${file} has schema version ${version}, this parlmesh knows up to ${known}: a newer parlmesh wrote it`,
      { hint: 'Install the newer parlmesh again, or restore an older backup with: parlmesh store restore FILE' },
    );
  }
}

/**
 * Brings the file to the newest version, each step in one transaction with its number: a crash in between leaves the
 * version before. Returns the version it had.
 */
export function migrate(db: Connection, steps: readonly Migration[] = migrations): number {
  const from = schemaVersion(db);
  for (const [index, step] of steps.entries()) {
    if (index < from) continue;
    db.transaction(() => {
      db.exec(step.sql);
      db.pragma(`application_id = ${APPLICATION_ID}`);
      db.pragma(`user_version = ${index + 1}`);
    }).immediate();
  }
  return from;
}
