// Puts a row in the place of the one with its key, and says whether it is a new one: SQLite's own upsert counts both alike.

import type { Connection } from './database.ts';

type Values = (string | number | Uint8Array)[];

/** Returns a function that takes the values of the key and the others; it returns how many rows that added. */
export function upsert(
  db: Connection,
  table: string,
  key: readonly string[],
  others: readonly string[],
): (keys: Values, values: Values) => number {
  const columns = [...key, ...others];
  const insert = db.prepare(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
     ON CONFLICT (${key.join(', ')}) DO NOTHING`,
  );
  const update = db.prepare(
    `UPDATE ${table} SET ${others.map((name) => `${name} = ?`).join(', ')}
     WHERE ${key.map((name) => `${name} = ?`).join(' AND ')}`,
  );
  return (keys, values) => {
    const added = insert.run(...keys, ...values).changes;
    if (added === 0) update.run(...values, ...keys);
    return added;
  };
}
