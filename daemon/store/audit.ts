// The audit table: decisions of the oracle, each chained to the one before. What the hashes mean is the oracle's
// business; here rows keep the order in which they came, and retention cuts the log only before a signed checkpoint.

import type { AuditQuery, AuditRow, AuditStorage } from '../../agents/oracle/audit-storage.ts';
import type { StoreAccess } from './access.ts';
import type { Connection } from './database.ts';

const MOST_LISTED = 1000;
const PAGE = 256;
const COLUMNS = 'sequence, at, kind, actor, subject, detail, previous_hash AS previousHash, hash';

/** Returns a function that appends rows, each once, and says how many that added. */
export function auditWriter(db: Connection): (rows: readonly AuditRow[]) => number {
  const insert = db.prepare(
    `INSERT INTO audit (sequence, at, kind, actor, subject, detail, previous_hash, hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sequence) DO NOTHING`,
  );
  return db.transaction((rows: readonly AuditRow[]): number => {
    let added = 0;
    for (const { sequence, at, kind, actor, subject, detail, previousHash, hash } of rows) {
      added += insert.run(sequence, at, kind, actor, subject, detail, previousHash, hash).changes;
    }
    return added;
  });
}

/**
 * Removes the oldest rows, at most `most`, as long as they lie before the newest checkpoint that is older than `before`
 * (milliseconds since 1970). That checkpoint stays and is the first row then: its signature stands for all that is gone.
 */
export function removeOldAudit(db: Connection, before: number, most: number): number {
  const newest = db
    .prepare<[number], number | null>("SELECT max(id) FROM audit WHERE kind = 'checkpoint' AND at < ?")
    .pluck()
    .get(before);
  if (newest === undefined || newest === null) return 0;
  return db
    .prepare('DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < ? ORDER BY id LIMIT ?)')
    .run(newest, most).changes;
}

/** All rows in the order in which they lie in the file, which is that of their writing unless somebody changed it. */
export function* iterateAudit(page: <T>(query: (db: Connection) => T) => T): Generator<AuditRow> {
  for (let last = 0; ; ) {
    const from = last;
    const rows = page((db) =>
      db
        .prepare<[number], AuditRow & { id: number }>(
          `SELECT id, ${COLUMNS} FROM audit WHERE id > ? ORDER BY id LIMIT ${PAGE}`,
        )
        .all(from),
    );
    for (const { id, ...row } of rows) {
      last = id;
      yield row;
    }
    if (rows.length < PAGE) return;
  }
}

/** What the oracle asks of the store. */
export class StoredAudit implements AuditStorage {
  readonly #access: StoreAccess;

  constructor(access: StoreAccess) {
    this.#access = access;
  }

  async append(rows: readonly AuditRow[]): Promise<void> {
    if (rows.length > 0) await this.#access.write({ table: 'audit', rows: [...rows] });
  }

  last(): AuditRow | undefined {
    const waiting = this.#access.waiting().findLast((write) => write.table === 'audit');
    if (waiting?.table === 'audit') return waiting.rows.at(-1);
    return this.#access.read((db) =>
      db.prepare<[], AuditRow>(`SELECT ${COLUMNS} FROM audit ORDER BY sequence DESC LIMIT 1`).get(),
    );
  }

  read({ after, before, kind, actor, limit }: AuditQuery): AuditRow[] {
    const conditions = ['TRUE'];
    const values: (string | number)[] = [];
    const and = (condition: string, value: string | number | undefined): void => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    and('sequence > ?', after);
    and('sequence < ?', before);
    and('kind = ?', kind);
    and('actor = ?', actor);
    return this.#access.read((db) =>
      db
        .prepare<(string | number)[], AuditRow>(
          `SELECT ${COLUMNS} FROM audit WHERE ${conditions.join(' AND ')}
           ORDER BY sequence ${after === undefined ? 'DESC' : 'ASC'} LIMIT ?`,
        )
        .all(...values, Math.min(MOST_LISTED, Math.max(0, limit))),
    );
  }

  iterate(): Iterable<AuditRow> {
    return iterateAudit((query) => this.#access.read(query));
  }
}
