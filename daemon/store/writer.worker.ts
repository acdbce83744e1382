// The writer's thread: the one connection that writes. It answers one request after the other.

import { readFileSync, statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { ParlmeshError } from '../../core/errors.ts';
import { auditWriter } from './audit.ts';
import type {
  AcknowledgedWrite,
  Answer,
  Batch,
  BatchOutcome,
  Figures,
  OpenReport,
  PlainError,
  Request,
  Result,
} from './batch.ts';
import { type Connection, faultOf, storeError } from './database.ts';
import { eventWriter, lastEventId } from './events.ts';
import { experienceWriter } from './experience.ts';
import { federationWriter } from './federation.ts';
import { jobWriter } from './jobs.ts';
import { healingWriter } from './knowledge.ts';
import { measurementWriter } from './measurements.ts';
import { SCHEMA_VERSION, TABLES, type Table } from './migrations.ts';
import { endOpenObservations, observationWriter } from './observations.ts';
import { databaseFile } from './paths.ts';
import { openStore } from './recovery.ts';
import { withReserve } from './reserve.ts';
import { retainStep } from './retention.ts';
import { reconcileSnapshots, snapshotWriter } from './snapshots.ts';
import { stateWriter } from './state.ts';
import { tokenWriter } from './tokens.ts';

const dataDir = String(workerData);
const file = databaseFile(dataDir);

/** The open file with its prepared statements and the number of rows of each table. */
interface Open {
  db: Connection;
  write: ReturnType<typeof prepareWriters>;
  rows: Record<Table, number>;
}

let open: Open | undefined;

parentPort?.on('message', ({ number, request }: { number: number; request: Request }) => {
  let answer: Answer;
  try {
    answer = { number, ok: true, result: handle(request), figures: figures() };
  } catch (error) {
    answer = { number, ok: false, error: plain(storeError(error, file)), figures: undefined };
  }
  parentPort?.postMessage(answer);
});

function handle(request: Request): Result {
  if (request.kind === 'open') return openFile();
  if (request.kind === 'close') return closeFile();
  if (open === undefined) throw new ParlmeshError('STORE_NOT_OPEN', `${file} is not open`);
  switch (request.kind) {
    case 'batch':
      return apply(open, request.batch);
    case 'retain': {
      const { removed, more } = retainStep(open.db, dataDir, request.limits, request.now);
      for (const table of TABLES) open.rows[table] -= removed[table] ?? 0;
      return { more };
    }
    case 'checkpoint':
      open.db.pragma('wal_checkpoint(TRUNCATE)');
      return {};
  }
}

function openFile(): OpenReport {
  const { db, migratedFrom, recovery } = withReserve(dataDir, () => openStore(dataDir, Date.now()));
  endOpenObservations(db);
  reconcileSnapshots(db, dataDir);
  const count = (table: Table): number => db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0;
  const rows = Object.fromEntries(TABLES.map((table) => [table, count(table)])) as Record<Table, number>;
  open = { db, write: prepareWriters(db), rows };
  return {
    version: SCHEMA_VERSION,
    migratedFrom,
    lastEventId: lastEventId(db),
    ...(recovery === undefined ? {} : { recovery }),
  };
}

/** Copies the log back, so that the file alone is whole, and closes. */
function closeFile(): Record<string, never> {
  open?.db.close();
  open = undefined;
  return {};
}

function prepareWriters(db: Connection) {
  return {
    events: eventWriter(db),
    observations: observationWriter(db),
    snapshots: snapshotWriter(db, dataDir),
    measurements: measurementWriter(db),
    state: stateWriter(db),
    tokens: tokenWriter(db),
    jobs: jobWriter(db),
    audit: auditWriter(db),
    experience: experienceWriter(db),
    federation: federationWriter(db),
    healing: healingWriter(db),
  };
}

/** Rows that tables have more; `count`: what whoever waits is told instead of their sum. */
type Added = Partial<Record<Table, number>> & { count?: number };

function acknowledged(write: Open['write'], item: AcknowledgedWrite): Added {
  switch (item.table) {
    case 'state':
      return { state: write.state(item.key, item.json) };
    case 'tokens':
      return { tokens: write.tokens(item.token) };
    case 'jobs':
      return write.jobs(item.change);
    case 'audit':
      return { audit: write.audit(item.rows) };
    case 'experience':
      return write.experience(item.change);
    case 'federation':
      return write.federation(item.change);
    case 'healing':
      return write.healing(item.change);
  }
}

/** One transaction. A row that SQLite refuses is left out and told; any other error leaves the file as it was. */
function apply({ db, write, rows }: Open, batch: Batch): BatchOutcome {
  const refused: BatchOutcome['refused'] = [];
  const added = new Map<Table, number>();
  const count = (rows: Added): number => {
    let sum = 0;
    for (const table of TABLES) {
      const more = rows[table];
      if (more === undefined) continue;
      added.set(table, (added.get(table) ?? 0) + more);
      sum += more;
    }
    return rows.count ?? sum;
  };
  const addedBy: number[] = [];
  const put = (run: () => Added, index?: number): void => {
    try {
      const sum = count(run());
      if (index !== undefined) addedBy[index] = sum;
    } catch (error) {
      if (faultOf(error) !== 'refused') throw error;
      refused.push({ write: index, error: plain(storeError(error, file)) });
      if (index !== undefined) addedBy[index] = 0;
    }
  };
  // Without a sync the commit survives the end of the process, but not a power cut.
  db.pragma(`synchronous = ${batch.synced ? 'FULL' : 'NORMAL'}`);
  db.transaction(() => {
    for (const [index, item] of batch.writes.entries()) put(() => acknowledged(write, item), index);
    for (const event of batch.events) put(() => ({ events: write.events(event) }));
    for (const observation of batch.observations) put(() => ({ observations: write.observations(observation) }));
    for (const row of batch.measurements) put(() => ({ measurements: write.measurements(row) }));
    for (const snapshot of batch.snapshots) put(() => ({ snapshots: write.snapshots(snapshot) }));
  }).immediate();
  for (const [table, more] of added) rows[table] += more;
  return { refused, added: addedBy };
}

function figures(): Figures | undefined {
  if (open === undefined) return undefined;
  return { bytes: sizeOf(file) + sizeOf(`${file}-wal`), writtenBytes: bytesWritten(), rows: { ...open.rows } };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Bytes that this thread has passed to write calls, as the kernel counts them; 0 where it does not. */
function bytesWritten(): number {
  try {
    return Number(/^wchar: (\d+)/m.exec(readFileSync('/proc/thread-self/io', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function plain({ code, message, hint }: ParlmeshError): PlainError {
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}
