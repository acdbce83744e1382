// The tables of experience: rows of decisions, and marks of how far each node's rows have come here (no receiver) and to
// others. Bounded with every put: what others have goes first, then what is worth least.

import type { OutgoingExperience } from '../../agents/federation/shipping/outgoing.ts';
import { EXPERIENCE_WINDOW } from '../../agents/federation/storage.ts';
import {
  type ExperienceRow,
  type ExperienceStorage,
  flawOfExperience,
  type StoredExperienceRow,
} from '../../agents/parl/experience-storage.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { requireShort, type StoreAccess } from './access.ts';
import type { Connection } from './database.ts';

export interface ExperienceBounds {
  rows: number;
  bytes: number;
}

export type ExperienceChange =
  | { kind: 'put'; rows: ExperienceRow[]; most: ExperienceBounds }
  | { kind: 'priorities'; priorities: { id: number; priority: number }[] }
  /** Without a receiver: rows of `node` up to `sequence` are not waited for. */
  | { kind: 'mark'; receiver: string; node: string; sequence: number };

const MOST_NODE = 128;
const MOST_READ_ROWS = 1000;
const MOST_READ_BYTES = 32_000_000;
/** Of what is read to be sent: a few batches. */
const MOST_OUTGOING_BYTES = 1_000_000;
/** What is left of the bounds once they are passed: removing costs a look at all rows, so it is done rarely. */
const LEFT = 0.95;
/** Rows of one put or one change of priorities. */
const MOST_AT_ONCE = 4096;
/** The receiver of what came here. */
const HERE = '';
const COLUMNS = 'id, node, sequence, at, version, priority, decisions, data';

interface Change {
  /** Rows that the table has more. */
  experience: number;
  experience_marks: number;
  /** Rows that were new. */
  count: number;
}

/** Returns a function that carries a change out, whole or not at all. */
export function experienceWriter(db: Connection): (change: ExperienceChange) => Change {
  const marks = markWriter(db);
  const insert = db.prepare(
    `INSERT INTO experience (node, sequence, at, version, priority, decisions, bytes, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (node, sequence) DO NOTHING`,
  );
  const follows = db
    .prepare<[string, number], number>('SELECT 1 FROM experience WHERE node = ? AND sequence = ?')
    .pluck();
  const prioritise = db.prepare('UPDATE experience SET priority = ? WHERE id = ?');
  const bound = experienceBound(db);

  /** Moves the mark of what came from a node over all rows that follow without a gap. */
  const advance = (node: string, from: number): number => {
    let to = from;
    while (follows.get(node, to + 1) !== undefined) to += 1;
    return marks.raise(HERE, node, to);
  };
  const put = (rows: readonly ExperienceRow[], most: ExperienceBounds): Change => {
    const received = new Map<string, number>();
    let count = 0;
    let newMarks = 0;
    for (const { node, sequence, at, version, priority, decisions, data } of rows) {
      const known = received.get(node) ?? marks.get(HERE, node);
      received.set(node, known);
      if (sequence <= known || sequence > known + EXPERIENCE_WINDOW) continue;
      const values = [node, sequence, at, version, priority, decisions, data.byteLength, data];
      count += insert.run(...values).changes;
      if (sequence !== known + 1) continue;
      newMarks += advance(node, known);
      received.set(node, marks.get(HERE, node));
    }
    return { experience: count - bound(most), experience_marks: newMarks, count };
  };
  return db.transaction((change: ExperienceChange): Change => {
    switch (change.kind) {
      case 'put':
        return put(change.rows, change.most);
      case 'priorities':
        for (const { id, priority } of change.priorities) prioritise.run(priority, id);
        return { experience: 0, experience_marks: 0, count: 0 };
      case 'mark': {
        const { receiver, node, sequence } = change;
        let added = marks.raise(receiver, node, sequence);
        if (receiver === HERE) added += advance(node, marks.get(HERE, node));
        return { experience: 0, experience_marks: added, count: 0 };
      }
    }
  });
}

function markWriter(db: Connection) {
  const get = db
    .prepare<[string, string], number>('SELECT sequence FROM experience_marks WHERE receiver = ? AND node = ?')
    .pluck();
  const insert = db.prepare(
    'INSERT INTO experience_marks (receiver, node, sequence) VALUES (?, ?, ?) ON CONFLICT (node, receiver) DO NOTHING',
  );
  const update = db.prepare(
    'UPDATE experience_marks SET sequence = ? WHERE receiver = ? AND node = ? AND sequence < ?',
  );
  return {
    get: (receiver: string, node: string): number => get.get(receiver, node) ?? 0,
    /** Never lowers one; returns how many rows that added. */
    raise: (receiver: string, node: string, sequence: number): number => {
      const added = insert.run(receiver, node, sequence).changes;
      if (added === 0) update.run(sequence, receiver, node, sequence);
      return added;
    },
  };
}

/** Returns a function that makes room once there is more than `most`, and says how many rows it removed. */
function experienceBound(db: Connection): (most: ExperienceBounds) => number {
  const size = db.prepare<[], ExperienceBounds>(
    'SELECT count(*) AS rows, coalesce(sum(bytes), 0) AS bytes FROM experience',
  );
  const upTo = (condition: string): string =>
    `(SELECT max(sequence) FROM experience_marks AS m WHERE m.node = e.node AND m.receiver ${condition} '')`;
  const orders = [
    // What somebody else has.
    `e.sequence <= ${upTo('<>')} ORDER BY e.id`,
    // What is worth least of what is known to have come: put again, it would not count as new.
    `e.sequence <= ${upTo('=')} ORDER BY e.priority, e.id`,
    // What came before its turn: it will be sent again.
    'TRUE ORDER BY e.sequence DESC',
  ].map((order) =>
    // The newest row stays: the next one's id follows from it.
    db.prepare<[number], { id: number; bytes: number }>(
      `SELECT e.id, e.bytes FROM experience AS e
       WHERE e.id <> (SELECT max(id) FROM experience) AND ${order} LIMIT ?`,
    ),
  );
  const remove = db.prepare('DELETE FROM experience WHERE id = ?');
  return (most) => {
    const kept = size.get() ?? { rows: 0, bytes: 0 };
    let removed = 0;
    if (kept.rows <= most.rows && kept.bytes <= most.bytes) return removed;
    const isOver = (): boolean => kept.rows > LEFT * most.rows || kept.bytes > LEFT * most.bytes;
    for (const order of orders) {
      while (isOver()) {
        const victims = order.all(64);
        if (victims.length === 0) break;
        for (const { id, bytes } of victims) {
          if (!isOver()) break;
          remove.run(id);
          kept.rows -= 1;
          kept.bytes -= bytes;
          removed += 1;
        }
      }
    }
    return removed;
  };
}

/** What the learner, and whoever ships experience to the coordinator, ask of the store. */
export class StoredExperience implements ExperienceStorage, OutgoingExperience {
  readonly #access: StoreAccess;
  readonly #most: ExperienceBounds;

  constructor(access: StoreAccess, most: ExperienceBounds) {
    this.#access = access;
    this.#most = most;
  }

  put(rows: readonly ExperienceRow[]): Promise<number> {
    requireFew(rows.length);
    for (const row of rows) requireRow(row);
    // Copied, not transferred to the writer's thread: a batch that failed is written once more.
    const copies = rows.map((row) => ({ ...row, data: new Uint8Array(row.data) }));
    return this.#access.write({ table: 'experience', change: { kind: 'put', rows: copies, most: this.#most } });
  }

  received(node: string): number {
    return this.acknowledged(HERE, node);
  }

  async skipTo(node: string, next: number): Promise<void> {
    await this.#mark(HERE, node, next - 1);
  }

  after(id: number, limit: number, node?: string): StoredExperienceRow[] {
    const condition = node === undefined ? '' : 'AND node = ?';
    const values = node === undefined ? [id] : [id, node];
    return this.#list(`WHERE id > ? ${condition} ORDER BY id`, values, limit);
  }

  following(node: string, sequence: number, limit: number): StoredExperienceRow[] {
    const clause = 'WHERE node = ? AND sequence > ? ORDER BY sequence';
    return this.#list(clause, [node, sequence], limit, MOST_OUTGOING_BYTES);
  }

  highestPriority(limit: number): StoredExperienceRow[] {
    return this.#list('ORDER BY priority DESC, id', [], limit);
  }

  async setPriorities(priorities: readonly { id: number; priority: number }[]): Promise<void> {
    requireFew(priorities.length);
    const bad = priorities.find(({ priority }) => !Number.isFinite(priority));
    if (bad !== undefined) throw refused(`The priority of row ${bad.id} is ${bad.priority}`);
    const copies = priorities.map(({ id, priority }) => ({ id, priority }));
    await this.#access.write({ table: 'experience', change: { kind: 'priorities', priorities: copies } });
  }

  async acknowledge(receiver: string, node: string, sequence: number): Promise<void> {
    if (receiver === HERE) throw refused('A receiver needs a name');
    await this.#mark(receiver, node, sequence);
  }

  acknowledged(receiver: string, node: string): number {
    return this.#access.read(
      (db) =>
        db
          .prepare<[string, string], number>('SELECT sequence FROM experience_marks WHERE receiver = ? AND node = ?')
          .pluck()
          .get(receiver, node) ?? 0,
    );
  }

  size(): { rows: number; bytes: number } {
    return this.#access.read(
      (db) =>
        db
          .prepare<[], ExperienceBounds>('SELECT count(*) AS rows, coalesce(sum(bytes), 0) AS bytes FROM experience')
          .get() ?? { rows: 0, bytes: 0 },
    );
  }

  #list(
    clause: string,
    values: (string | number)[],
    limit: number,
    mostBytes = MOST_READ_BYTES,
  ): StoredExperienceRow[] {
    return this.#access.read((db) => {
      const found: StoredExperienceRow[] = [];
      let bytes = 0;
      const rows = db
        .prepare<(string | number)[], StoredExperienceRow>(`SELECT ${COLUMNS} FROM experience ${clause} LIMIT ?`)
        .iterate(...values, Math.min(MOST_READ_ROWS, Math.max(0, limit)));
      for (const row of rows) {
        bytes += row.data.byteLength;
        if (bytes > mostBytes) break;
        found.push(row);
      }
      return found;
    });
  }

  async #mark(receiver: string, node: string, sequence: number): Promise<void> {
    requireShort('The id of a node', node, MOST_NODE);
    requireShort('The id of a receiver', receiver, MOST_NODE);
    if (!Number.isSafeInteger(sequence) || sequence < 0) throw refused(`${sequence} is not a number of a row`);
    await this.#access.write({ table: 'experience', change: { kind: 'mark', receiver, node, sequence } });
  }
}

function requireRow(row: ExperienceRow): void {
  requireShort('The id of a node', row.node, MOST_NODE);
  const flaw = flawOfExperience(row);
  if (flaw !== undefined) throw refused(flaw);
}

function requireFew(count: number): void {
  if (count > MOST_AT_ONCE) throw refused(`${count} rows of experience at once; at most ${MOST_AT_ONCE} are taken`);
}

function refused(message: string): ParlmeshError {
  return new ParlmeshError('STORE_REFUSED', message);
}
