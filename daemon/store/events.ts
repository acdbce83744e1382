// The events table: the journal's entries, numbered.

import type { JournalEntry, Severity } from '../../core/journal.ts';
import type { EventView } from '../view/schema.ts';
import type { EventQuery } from '../view/view.ts';
import type { Connection } from './database.ts';
import { parseObject } from './json.ts';

const MOST_LISTED = 1000;
const USUALLY_LISTED = 100;
const MOST_MESSAGE = 2000;
const MOST_NAME = 200;
const MOST_DATA = 4096;

interface Row {
  id: number;
  at: number;
  severity: Severity;
  kind: string;
  subject: string;
  message: string;
  data: string | null;
}

/** The entry as it will be read back: numbered, its texts bounded, its data gone through JSON. Never throws. */
export function toEvent(entry: JournalEntry, id: number, at: number): EventView {
  return {
    id,
    at: Math.round(at),
    severity: entry.severity,
    kind: entry.kind.slice(0, MOST_NAME).toWellFormed(),
    subject: entry.subject.slice(0, MOST_NAME).toWellFormed(),
    message: entry.message.slice(0, MOST_MESSAGE).toWellFormed(),
    ...(entry.data === undefined ? {} : { data: throughJson(entry.data) }),
  };
}

function throughJson(data: Record<string, unknown>): Record<string, unknown> {
  try {
    const text = JSON.stringify(data);
    if (text.length > MOST_DATA) return { tooLarge: text.length };
    return parseObject(text) ?? {};
  } catch {
    return { notJson: true };
  }
}

/** Returns a function that inserts an event (once, however often it is called) and says how many rows that added. */
export function eventWriter(db: Connection): (event: EventView) => number {
  const insert = db.prepare(
    `INSERT INTO events (id, at, severity, kind, subject, message, data) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
  );
  return ({ id, at, severity, kind, subject, message, data }) =>
    insert.run(id, at, severity, kind, subject, message, data === undefined ? null : JSON.stringify(data)).changes;
}

/** The greatest id in the file, 0 in an empty one. */
export function lastEventId(db: Connection): number {
  return db.prepare<[], number | null>('SELECT max(id) FROM events').pluck().get() ?? 0;
}

/**
 * Newest first; with `after`, oldest first, so that a follower can page on. At most 1000, 100 unless `limit` says.
 * @param db undefined while the file cannot be read: what waits is listed alone
 * @param waiting events that may not be in the file yet, ascending by id
 */
export function listEvents(db: Connection | undefined, waiting: readonly EventView[], query: EventQuery): EventView[] {
  const limit = Math.min(MOST_LISTED, Math.max(0, query.limit ?? USUALLY_LISTED));
  const matching = waiting.filter((event) => matches(event, query));
  const stored = (most: number): EventView[] =>
    db === undefined || most <= 0 ? [] : select(db, query, waiting[0]?.id ?? Number.MAX_SAFE_INTEGER, most);
  if (query.after !== undefined) return [...stored(limit), ...matching].slice(0, limit);
  const newest = matching.reverse().slice(0, limit);
  return [...newest, ...stored(limit - newest.length)];
}

function matches(event: EventView, query: EventQuery): boolean {
  return (
    (query.after === undefined || event.id > query.after) &&
    (query.before === undefined || event.id < query.before) &&
    (query.severity === undefined || event.severity === query.severity) &&
    (query.kind === undefined || event.kind.startsWith(query.kind)) &&
    (query.subject === undefined || event.subject === query.subject)
  );
}

function select(db: Connection, query: EventQuery, firstWaiting: number, most: number): EventView[] {
  const conditions = ['id < ?'];
  const values: (string | number)[] = [Math.min(query.before ?? firstWaiting, firstWaiting)];
  const and = (condition: string, value: string | number): void => {
    conditions.push(condition);
    values.push(value);
  };
  if (query.after !== undefined) and('id > ?', query.after);
  if (query.severity !== undefined) and('severity = ?', query.severity);
  // Lets SQLite see that the index of what is severe serves.
  if (query.severity !== undefined && query.severity !== 'info') conditions.push("severity <> 'info'");
  if (query.kind !== undefined) and('kind >= ?', query.kind);
  if (query.kind !== undefined) and('kind < ?', `${query.kind}\u{10ffff}`);
  if (query.subject !== undefined) and('subject = ?', query.subject);
  const order = query.after === undefined ? 'DESC' : 'ASC';
  return db
    .prepare<(string | number)[], Row>(
      `SELECT id, at, severity, kind, subject, message, data FROM events
       WHERE ${conditions.join(' AND ')} ORDER BY id ${order} LIMIT ?`,
    )
    .all(...values, most)
    .map(toView);
}

function toView({ data, ...row }: Row): EventView {
  const parsed = data === null ? undefined : parseObject(data);
  return parsed === undefined ? row : { ...row, data: parsed };
}
