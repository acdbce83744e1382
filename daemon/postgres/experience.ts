// Experience of the nodes in PostgreSQL: each row counted once, whatever several connections put at the same time, and
// bounded with every put.

import type { ClientBase } from 'pg';
import { advanced, arrivals } from '../../agents/federation/shipping/arrivals.ts';
import { EXPERIENCE_WINDOW } from '../../agents/federation/storage.ts';
import type { ExperienceRow } from '../../agents/parl/experience-storage.ts';

export interface ExperienceBounds {
  rows: number;
  bytes: number;
}

/** What is left of the bounds once they are passed: so removing is rare. */
const LEFT = 0.95;
/** Rows that are removed with one put at most; more go with the next one. */
const MOST_REMOVED = 10_000;

/** Within a transaction. Returns how many rows were new. */
export async function putExperience(
  client: ClientBase,
  rows: readonly ExperienceRow[],
  most: ExperienceBounds,
): Promise<number> {
  let count = 0;
  let bytes = 0;
  // In one order, so that two who put rows of the same nodes wait for each other and not in a circle.
  const byNode = [...Map.groupBy(rows, ({ node }) => node)].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [node, list] of byNode) {
    const known = await lockMark(client, node);
    const there = await following(client, node, known);
    const { taken, mark } = arrivals(known, (sequence) => there.has(sequence), list);
    if (taken.length > 0) await insert(client, node, taken, mark);
    count += taken.length;
    bytes += taken.reduce((sum, { data }) => sum + data.byteLength, 0);
  }
  if (count > 0) await bound(client, { rows: count, bytes }, most);
  return count;
}

/** Within a transaction. */
export async function skipTo(client: ClientBase, node: string, next: number): Promise<void> {
  const known = await lockMark(client, node);
  if (next - 1 <= known) return;
  const there = await following(client, node, next - 1);
  await setMark(
    client,
    node,
    advanced(next - 1, (sequence) => there.has(sequence)),
  );
}

/** The mark of a node, locked until the transaction ends: an update that changes nothing locks and reads at once. */
async function lockMark(client: ClientBase, node: string): Promise<number> {
  const { rows } = await client.query<{ sequence: number }>(
    `INSERT INTO parlmesh_marks AS m VALUES ($1, 0) ON CONFLICT (node) DO UPDATE SET sequence = m.sequence
     RETURNING sequence`,
    [node],
  );
  return rows[0]?.sequence ?? 0;
}

async function setMark(client: ClientBase, node: string, sequence: number): Promise<void> {
  await client.query('UPDATE parlmesh_marks SET sequence = $2 WHERE node = $1', [node, sequence]);
}

/** Numbers after a mark that are there: no more than the window, since nothing beyond it is taken. */
async function following(client: ClientBase, node: string, mark: number): Promise<Set<number>> {
  const { rows } = await client.query<{ sequence: number }>(
    'SELECT sequence FROM parlmesh_experience WHERE node = $1 AND sequence > $2 ORDER BY sequence LIMIT $3',
    [node, mark, 2 * EXPERIENCE_WINDOW],
  );
  return new Set(rows.map(({ sequence }) => sequence));
}

async function insert(client: ClientBase, node: string, rows: readonly ExperienceRow[], mark: number): Promise<void> {
  await client.query(
    `WITH marked AS (UPDATE parlmesh_marks SET sequence = $8 WHERE node = $1)
     INSERT INTO parlmesh_experience (node, sequence, at, version, priority, decisions, data)
     SELECT $1, * FROM unnest($2::bigint[], $3::double precision[], $4::bigint[], $5::double precision[],
       $6::bigint[], $7::bytea[])`,
    [
      node,
      rows.map(({ sequence }) => sequence),
      rows.map(({ at }) => at),
      rows.map(({ version }) => version),
      rows.map(({ priority }) => priority),
      rows.map(({ decisions }) => decisions),
      rows.map(({ data }) => bufferOf(data)),
      mark,
    ],
  );
}

/** Counts what was added and makes room where there is more than `most`: what is worth least goes, oldest first. */
async function bound(client: ClientBase, added: ExperienceBounds, most: ExperienceBounds): Promise<void> {
  const { rows } = await client.query<ExperienceBounds>(
    'UPDATE parlmesh_totals SET rows = rows + $1, bytes = bytes + $2 RETURNING rows, bytes',
    [added.rows, added.bytes],
  );
  const kept = rows[0];
  if (kept === undefined || (kept.rows <= most.rows && kept.bytes <= most.bytes)) return;
  const surplus = {
    rows: Math.max(0, kept.rows - Math.floor(LEFT * most.rows)),
    bytes: Math.max(0, kept.bytes - Math.floor(LEFT * most.bytes)),
  };
  // Only what is known to have come: put again, another row would count as new.
  await client.query(
    `WITH candidates AS (
       SELECT e.id, length(e.data) AS bytes, e.priority FROM parlmesh_experience AS e
       JOIN parlmesh_marks AS m ON m.node = e.node AND e.sequence <= m.sequence
       ORDER BY e.priority, e.id LIMIT $3
     ), ordered AS (
       SELECT id, bytes, row_number() OVER (ORDER BY priority, id) AS place,
         sum(bytes) OVER (ORDER BY priority, id) - bytes AS before FROM candidates
     ), gone AS (
       DELETE FROM parlmesh_experience WHERE id IN (SELECT id FROM ordered WHERE place <= $1 OR before < $2)
       RETURNING length(data) AS bytes
     )
     UPDATE parlmesh_totals SET rows = rows - (SELECT count(*) FROM gone),
       bytes = bytes - (SELECT coalesce(sum(bytes), 0) FROM gone)`,
    [surplus.rows, surplus.bytes, MOST_REMOVED],
  );
}

/** As `pg` takes bytes; not copied. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
