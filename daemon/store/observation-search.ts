// Search of observations, newest start first, a page at a time. A request reads a bounded number of rows: where few of
// many match, its page is short and says where to go on.

import { ParlmeshError } from '../../core/errors.ts';
import type { ObservationPage } from '../view/camera-schema.ts';
import type { ObservationView } from '../view/schema.ts';
import type { ObservationSearch } from '../view/view.ts';
import type { Connection } from './database.ts';
import { OBSERVATION_COLUMNS, type ObservationRow, observationOf } from './observations.ts';

const MOST_LISTED = 200;
const USUALLY_LISTED = 50;
/** Rows that one request reads: some 50 ms on a small board. */
const MOST_READ = 20_000;

interface Place {
  startedAt: number;
  id: string;
}

/** @param waiting newest forms that may not be in the file yet */
export function searchObservations(
  db: Connection | undefined,
  waiting: readonly ObservationView[],
  query: ObservationSearch,
): ObservationPage {
  const limit = Math.min(MOST_LISTED, Math.max(1, query.limit ?? USUALLY_LISTED));
  const after = query.cursor === undefined ? undefined : placeOf(query.cursor);
  const newest = new Map(waiting.map((observation) => [observation.id, observation]));
  const found = waiting.filter((observation) => matches(observation, query) && isBeyond(observation, after));
  let read = 0;
  let last: Place | undefined;
  if (db !== undefined) {
    for (const row of rowsBeyond(db, query, after)) {
      read += 1;
      last = row;
      const observation = newest.has(row.id) ? undefined : observationOf(row);
      if (observation !== undefined && matches(observation, query)) found.push(observation);
      // One more than asked for tells that there is more; waiting rows may stand before any of them.
      if (found.length > limit + waiting.length) break;
    }
  }
  const sorted = found.sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
  const observations = sorted.slice(0, limit);
  const end = sorted.length > limit ? observations.at(-1) : read === MOST_READ ? last : undefined;
  return { observations, ...(end && { next: cursorOf(end) }) };
}

/** What indexes answer is asked of SQLite; zones and text are looked at here, row by row. */
function rowsBeyond(db: Connection, { camera, label, from, to }: ObservationSearch, after: Place | undefined) {
  const conditions = ['TRUE'];
  const values: (string | number)[] = [];
  const and = (condition: string, ...given: (string | number | undefined)[]): void => {
    const known = given.filter((value) => value !== undefined);
    if (known.length < given.length) return;
    conditions.push(condition);
    values.push(...known);
  };
  and('camera = ?', camera);
  and('label = ?', label);
  and('started_at >= ?', from);
  and('started_at <= ?', to);
  and('(started_at, id) < (?, ?)', after?.startedAt, after?.id);
  return db
    .prepare<(string | number)[], ObservationRow>(
      `SELECT ${OBSERVATION_COLUMNS} FROM observations WHERE ${conditions.join(' AND ')}
       ORDER BY started_at DESC, id DESC LIMIT ${MOST_READ}`,
    )
    .iterate(...values);
}

function matches(observation: ObservationView, { camera, label, zone, text, from, to }: ObservationSearch): boolean {
  const { startedAt, zones } = observation;
  const wanted = text?.toLowerCase();
  return (
    (camera === undefined || observation.camera === camera) &&
    (label === undefined || observation.label === label) &&
    (from === undefined || startedAt >= from) &&
    (to === undefined || startedAt <= to) &&
    (zone === undefined || zones.includes(zone)) &&
    (wanted === undefined ||
      [observation.label, observation.camera, ...zones].some((word) => word.toLowerCase().includes(wanted)))
  );
}

const isBeyond = ({ startedAt, id }: Place, after: Place | undefined): boolean =>
  after === undefined || startedAt < after.startedAt || (startedAt === after.startedAt && id < after.id);

const cursorOf = ({ startedAt, id }: Place): string => `${Math.round(startedAt)}.${id}`;

function placeOf(cursor: string): Place {
  const [, startedAt, id] = /^(\d{1,16})\.(.{1,200})$/.exec(cursor) ?? [];
  if (startedAt !== undefined && id !== undefined) return { startedAt: Number(startedAt), id };
  throw new ParlmeshError('CURSOR_INVALID', 'The cursor is not one that an earlier answer gave as "next"');
}
