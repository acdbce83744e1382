// The state table: small JSON values under a key that must survive anything, such as sequence numbers.

import type { Connection } from './database.ts';
import { parseJson } from './json.ts';

/** Returns a function that puts a value (JSON text) under a key and says how many rows that added. */
export function stateWriter(db: Connection): (key: string, json: string) => number {
  const update = db.prepare('UPDATE state SET value = ? WHERE key = ?');
  const insert = db.prepare('INSERT INTO state (value, key) VALUES (?, ?)');
  return (key, json) => (update.run(json, key).changes > 0 ? 0 : insert.run(json, key).changes);
}

/** The value under a key, undefined if there is none. */
export function readState(db: Connection, key: string): unknown {
  const text = db.prepare<[string], string>('SELECT value FROM state WHERE key = ?').pluck().get(key);
  return text === undefined ? undefined : parseJson(text);
}
