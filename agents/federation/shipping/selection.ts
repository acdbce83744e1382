// What goes next: the oldest rows that are worth their bytes. When more waits than can be sent in time, what is worth least
// is left out; the batch says so, since it names all rows that will ever come of the numbers it spans.

import type { StoredExperienceRow } from '../../parl/experience-storage.ts';
import { EXPERIENCE_WINDOW } from '../storage.ts';
import { MOST_BATCH_BYTES, MOST_BATCH_ROWS, schemaOf } from './messages.ts';

/** Rows that are looked at together. */
export const LOOK_AHEAD = 64;

export interface Choice {
  /** Number up to which the coordinator has all. */
  received: number;
  /** The newest number there is. */
  latest: number;
  /** The first rows after `received` and up to `latest`, in the order of their numbers: all that are kept up to the last. */
  rows: readonly StoredExperienceRow[];
  /** Bytes that can be sent in time. */
  capacity: number;
  /** Whether a row can be sent at all. */
  isWanted: (row: StoredExperienceRow) => boolean;
}

/** A batch that is sent until it is received. A single row that is longer than a batch goes in pieces. */
export interface Plan {
  after: number;
  until: number;
  schema: string;
  rows: readonly StoredExperienceRow[];
  /** Rows that are kept here and will not be sent. */
  left: number;
  bytes: number;
  inPieces: boolean;
}

/** The next batch; it may have no rows, and say only that none will come. Undefined when there is nothing to say. */
export function choose(choice: Choice): Plan | undefined {
  const { received, latest, rows } = choice;
  if (received >= latest) return undefined;
  const kept = worthSending(choice);
  const first = kept[0];
  // Nobody has looked beyond the last row.
  const horizon = rows.at(-1)?.sequence ?? latest;
  const schema = first === undefined ? '' : schemaOf(first.data);
  const batch: StoredExperienceRow[] = [];
  let bytes = 0;
  for (const row of kept) {
    const isTooMuch = bytes + row.data.length > MOST_BATCH_BYTES || batch.length >= MOST_BATCH_ROWS;
    if (batch.length > 0 && isTooMuch) break;
    if (row.sequence - first!.sequence >= EXPERIENCE_WINDOW || schemaOf(row.data) !== schema) break;
    batch.push(row);
    bytes += row.data.length;
    if (bytes > MOST_BATCH_BYTES) break;
  }
  const next = kept[batch.length];
  const until = next === undefined ? horizon : next.sequence - 1;
  const spanned = rows.filter(({ sequence }) => sequence <= until).length;
  return {
    ...{ after: received, until, schema, rows: batch, left: spanned - batch.length, bytes },
    inPieces: bytes > MOST_BATCH_BYTES,
  };
}

/** Greatest priority first, until the share of the bytes is reached that can be sent; then in their order again. */
function worthSending({ received, latest, rows, capacity, isWanted }: Choice): StoredExperienceRow[] {
  const wanted = rows.filter(isWanted);
  const bytes = wanted.reduce((sum, { data }) => sum + data.length, 0);
  if (bytes === 0) return wanted;
  const span = Math.max(1, (rows.at(-1)?.sequence ?? latest) - received);
  const waiting = (bytes * (latest - received)) / span;
  if (waiting <= capacity) return wanted;
  const most = (bytes * capacity) / waiting;
  const kept = new Set<StoredExperienceRow>();
  let sum = 0;
  for (const row of [...wanted].sort((a, b) => b.priority - a.priority || a.sequence - b.sequence)) {
    if (kept.size > 0 && sum + row.data.length > most) continue;
    kept.add(row);
    sum += row.data.length;
  }
  return wanted.filter((row) => kept.has(row));
}
