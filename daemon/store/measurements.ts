// The measurements table: one row per minute with the mean of every series. Written rarely and together: a commit
// wears at least one 4 kB page, however small the row.

import type { Connection } from './database.ts';

export interface MeasurementRow {
  /** Minutes since 1970 at which the mean begins. */
  minute: number;
  /** Mean by series. */
  means: Record<string, number>;
}

export const MINUTE = 60_000;
const MOST_POINTS = 5000;

/** Returns a function that puts a minute's row, joined with what the file has of it, and says how many rows it added. */
export function measurementWriter(db: Connection): (row: MeasurementRow) => number {
  // After a restart within one minute the row exists: the later means win, the others stay.
  const update = db.prepare('UPDATE measurements SET data = json_patch(data, ?) WHERE minute = ?');
  const insert = db.prepare('INSERT INTO measurements (data, minute) VALUES (?, ?)');
  return ({ minute, means }) => {
    const json = JSON.stringify(means);
    return update.run(json, minute).changes > 0 ? 0 : insert.run(json, minute).changes;
  };
}

/** `[at, value][]` of one series from `since` to before `until` (milliseconds since 1970), oldest first, newest 5000. */
export function readSeries(db: Connection, series: string, since: number, until: number): [number, number][] {
  return db
    .prepare<[string, string, number, number, number], { minute: number; value: number }>(
      `SELECT minute, value FROM (
         SELECT minute, json_extract(data, '$.' || json_quote(?)) AS value FROM measurements
         WHERE json_type(data, '$.' || json_quote(?)) IN ('real', 'integer') AND minute >= ? AND minute < ?
         ORDER BY minute DESC LIMIT ?
       ) ORDER BY minute`,
    )
    .all(series, series, Math.ceil(since / MINUTE), Math.ceil(until / MINUTE), MOST_POINTS)
    .map(({ minute, value }) => [minute * MINUTE, value]);
}
