// The observations table: one row per tracked object, from its start to its end.

import type { ObservationView } from '../view/schema.ts';
import type { ObservationQuery } from '../view/view.ts';
import type { Connection } from './database.ts';
import { parseStrings } from './json.ts';

const MOST_LISTED = 1000;
const USUALLY_LISTED = 100;

/** A row as `OBSERVATION_COLUMNS` reads it. */
export interface ObservationRow {
  id: string;
  camera: string;
  phase: ObservationView['phase'];
  label: string;
  confidence: number;
  x: number;
  y: number;
  width: number;
  height: number;
  zones: string;
  startedAt: number;
  updatedAt: number;
  endedAt: number | null;
  snapshot: string | null;
}

export const OBSERVATION_COLUMNS = `id, camera, phase, label, confidence, x, y, width, height, zones,
  started_at AS startedAt, updated_at AS updatedAt, ended_at AS endedAt, snapshot`;

type Values = [
  ...[camera: string, phase: string, label: string, confidence: number],
  ...[x: number, y: number, width: number, height: number, zones: string],
  ...[startedAt: number, updatedAt: number, endedAt: number | null, snapshot: string | null],
  id: string,
];

/** Returns a function that keeps the newest form of an observation and says how many rows that added. */
export function observationWriter(db: Connection): (observation: ObservationView) => number {
  const update = db.prepare<Values>(
    `UPDATE observations SET camera = ?, phase = ?, label = ?, confidence = ?, x = ?, y = ?, width = ?, height = ?,
       zones = ?, started_at = ?, updated_at = ?, ended_at = ?, snapshot = ? WHERE id = ?`,
  );
  const insert = db.prepare<Values>(
    `INSERT INTO observations (camera, phase, label, confidence, x, y, width, height, zones, started_at, updated_at,
       ended_at, snapshot, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (observation) => {
    const values = toValues(observation);
    return update.run(...values).changes > 0 ? 0 : insert.run(...values).changes;
  };
}

/** Ends what was in view when the node went down: its tracker is gone, so nobody else will. */
export function endOpenObservations(db: Connection): void {
  db.prepare("UPDATE observations SET phase = 'end', ended_at = updated_at WHERE ended_at IS NULL").run();
}

/**
 * Newest start first. At most 1000, 100 unless `limit` says.
 * @param waiting newest forms that may not be in the file yet
 */
export function listObservations(
  db: Connection | undefined,
  waiting: readonly ObservationView[],
  query: ObservationQuery,
): ObservationView[] {
  const limit = Math.min(MOST_LISTED, Math.max(0, query.limit ?? USUALLY_LISTED));
  const found = new Map<string, ObservationView>();
  // A waiting form may hide a stored one that no longer matches, so that many more are asked for.
  const stored = db === undefined ? [] : select(db, query, limit + waiting.length);
  for (const observation of [...stored, ...waiting]) found.set(observation.id, observation);
  return [...found.values()]
    .filter((observation) => matches(observation, query))
    .sort((a, b) => b.startedAt - a.startedAt)
    .slice(0, limit);
}

function matches(observation: ObservationView, query: ObservationQuery): boolean {
  return (
    (query.camera === undefined || observation.camera === query.camera) &&
    (query.label === undefined || observation.label === query.label) &&
    (query.since === undefined || observation.startedAt >= query.since) &&
    (query.until === undefined || observation.startedAt <= query.until)
  );
}

function select(db: Connection, query: ObservationQuery, most: number): ObservationView[] {
  const conditions = ['TRUE'];
  const values: (string | number)[] = [];
  const and = (condition: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  and('camera = ?', query.camera);
  and('label = ?', query.label);
  and('started_at >= ?', query.since);
  and('started_at <= ?', query.until);
  return db
    .prepare<(string | number)[], ObservationRow>(
      `SELECT ${OBSERVATION_COLUMNS} FROM observations WHERE ${conditions.join(' AND ')} ORDER BY started_at DESC LIMIT ?`,
    )
    .all(...values, most)
    .map(observationOf);
}

export function observationOf({
  x,
  y,
  width,
  height,
  zones,
  endedAt,
  snapshot,
  ...row
}: ObservationRow): ObservationView {
  return {
    ...row,
    box: { x, y, width, height },
    zones: parseStrings(zones),
    ...(endedAt === null ? {} : { endedAt }),
    ...(snapshot === null ? {} : { snapshot }),
  };
}

function toValues(observation: ObservationView): Values {
  const { id, camera, phase, label, confidence, box, zones, startedAt, updatedAt, endedAt, snapshot } = observation;
  return [
    ...([camera, phase, label, confidence, box.x, box.y, box.width, box.height, JSON.stringify(zones)] as const),
    Math.round(startedAt),
    Math.round(updatedAt),
    endedAt === undefined ? null : Math.round(endedAt),
    snapshot ?? null,
    id,
  ];
}
