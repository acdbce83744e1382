// Rows out of a damaged file, as many as can be read, table by table and around the pages that cannot.

import { closeSync, copyFileSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { type Connection, faultOf } from './database.ts';
import { migrate, TABLES, type Table } from './migrations.ts';
import { mendWal } from './wal.ts';

export interface SalvagedTable {
  /** Rows read and put into the store. */
  rows: number;
  /**
   * Ranges of row ids that could not be read; not every id in them need have existed. An infinite end means: all
   * after it.
   */
  unreadable: [from: number, to: number][];
}

export type SalvageReport = Record<Table, SalvagedTable>;

const PAGE = 4096;
/** Type of a page that holds rows of a table and no more pages. */
const LEAF = 13;
/** No row id of ours comes near; a greater one is damage. */
const GREATEST_KEY = 2 ** 31;
/** Where rows come by the thousand a second, they do in some days. */
const GREATEST_KEY_OF: Partial<Record<Table, number>> = { job_entries: 2 ** 45, receipts: 2 ** 45 };

/**
 * Copies what can be read of `damaged` into `db`, over what is there: the damaged file is newer than any backup.
 * Works on a mended copy (`scratch`), which it removes; the damaged file stays as evidence.
 */
export function salvage(db: Connection, damaged: string, scratch: string): SalvageReport {
  let source: Connection | undefined;
  try {
    source = openMended(damaged, scratch);
    const tables = source;
    const rescue = (table: Table): SalvagedTable =>
      tables === undefined ? nothing() : db.transaction(() => salvageTable(db, tables, table))();
    return Object.fromEntries(TABLES.map((table) => [table, rescue(table)])) as SalvageReport;
  } finally {
    source?.close();
    removeDatabase(scratch);
  }
}

function nothing(): SalvagedTable {
  return { rows: 0, unreadable: [[0, Number.POSITIVE_INFINITY]] };
}

function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
}

/** A copy whose log is mended and, where the first page is beyond reading, has one that names the same tables. */
function openMended(damaged: string, scratch: string): Connection | undefined {
  for (const newFirstPage of [false, true]) {
    removeDatabase(scratch);
    copyFileSync(damaged, scratch);
    const log = mendWal(`${damaged}-wal`, PAGE);
    if (log !== undefined) writeFileSync(`${scratch}-wal`, log);
    if (newFirstPage) putFirstPage(scratch);
    try {
      const db = new Database(scratch);
      if (columnsOf(db, 'events').length > 0) return db;
      db.close();
    } catch (error) {
      if (faultOf(error) !== 'corrupt') throw error;
    }
  }
  return undefined;
}

/**
 * Writes a first page (header and schema) over that of `file`. Sound because the file is made with auto_vacuum: SQLite
 * then keeps the tables' root pages at the file's front, in the order of their creation.
 */
function putFirstPage(file: string): void {
  const page = bareFirstPage();
  page[18] = 2; // Written and read
  page[19] = 2; // through a log.
  page.writeUInt32BE(Math.ceil(statSync(file).size / PAGE), 28);
  page.copy(page, 92, 24, 28); // The page count holds: it was written with this change counter.
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, page, 0, PAGE, 0);
  closeSync(descriptor);
}

/** Says where each table of a new store begins and what its columns are called, no more: all of it must fit the page. */
function bareFirstPage(): Buffer {
  const model = new Database(':memory:');
  const bare = new Database(':memory:');
  try {
    for (const db of [model, bare]) db.pragma('auto_vacuum = INCREMENTAL');
    migrate(model);
    const tables = model.prepare<[], { name: string; rootpage: number }>(
      "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    );
    bare.unsafeMode();
    bare.pragma('writable_schema = ON');
    const insert = bare.prepare(
      'INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)',
    );
    for (const { name, rootpage } of tables.all()) {
      const [key, ...others] = columnsOf(model, name);
      insert.run('table', name, name, rootpage, `CREATE TABLE ${name}(${[`${key} INTEGER PRIMARY KEY`, ...others]})`);
    }
    const image = bare.serialize();
    if (image.readUInt8(100) !== LEAF) throw new Error('the names of all tables and columns do not fit one page');
    return Buffer.from(image.subarray(0, PAGE));
  } finally {
    model.close();
    bare.close();
  }
}

function salvageTable(db: Connection, source: Connection, table: Table): SalvagedTable {
  const wanted = new Set(columnsOf(db, table));
  const columns = columnsOf(source, table).filter((column) => wanted.has(column));
  const key = columns[0];
  if (key === undefined) return { rows: 0, unreadable: [] };
  const put = db.prepare<unknown[]>(
    `INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const rows = source
    .prepare<[number], unknown[]>(
      `SELECT ${columns.join(', ')} FROM ${table} NOT INDEXED WHERE ${key} >= ? ORDER BY ${key}`,
    )
    .raw();
  const found: SalvagedTable = { rows: 0, unreadable: [] };
  const greatest = GREATEST_KEY_OF[table] ?? GREATEST_KEY;
  for (let next = 0; ; ) {
    try {
      for (const row of rows.iterate(next)) {
        const id = row[0];
        if (typeof id !== 'number' || id < next || id > greatest) continue;
        next = id + 1;
        if (accepts(() => put.run(...row))) found.rows += 1;
        else found.unreadable.push([id, id]);
      }
      return found;
    } catch (error) {
      if (faultOf(error) !== 'corrupt') throw error;
      const resume = nextReadable(source, table, key, next, greatest);
      found.unreadable.push([next, resume === undefined ? Number.POSITIVE_INFINITY : resume - 1]);
      if (resume === undefined) return found;
      next = resume;
    }
  }
}

function accepts(put: () => void): boolean {
  try {
    put();
    return true;
  } catch (error) {
    if (faultOf(error) === 'refused') return false;
    throw error;
  }
}

/** The smallest id found from which on reading works again: strides that double, then halves. */
function nextReadable(
  source: Connection,
  table: Table,
  key: string,
  from: number,
  greatest: number,
): number | undefined {
  const probe = source.prepare<[number]>(
    `SELECT * FROM ${table} NOT INDEXED WHERE ${key} >= ? ORDER BY ${key} LIMIT 1`,
  );
  const reads = (id: number): boolean => {
    try {
      probe.get(id);
      return true;
    } catch (error) {
      if (faultOf(error) === 'corrupt') return false;
      throw error;
    }
  };
  let bad = from;
  let good: number | undefined;
  for (let stride = 1; from + stride <= greatest && good === undefined; stride *= 2) {
    if (reads(from + stride)) good = from + stride;
    else bad = from + stride;
  }
  if (good === undefined) return undefined;
  while (good - bad > 1) {
    const middle: number = Math.floor((good + bad) / 2);
    if (reads(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

function columnsOf(db: Connection, table: string): string[] {
  return db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table);
}
