// A plan as it travels.

import type { Millis } from '../../../core/clock.ts';
import { frameOf } from '../messages.ts';
import { type Batch, MOST_BATCH_BYTES, SHIPPING_FORMAT } from './messages.ts';
import type { Plan } from './selection.ts';

/** @param offset where the piece of a long row begins */
export function frameOfPlan(
  { rows, after, until, schema, inPieces }: Plan,
  { sentAt, more, offset }: { sentAt: Millis; more: boolean; offset: number },
): Uint8Array {
  const header: Batch = {
    ...{ format: SHIPPING_FORMAT, sentAt, schema, after, until, more },
    rows: rows.map(({ sequence, at, version, priority, decisions, data }) => ({
      ...{ sequence, at, version, priority, decisions, bytes: data.length },
    })),
    ...(inPieces && { offset }),
  };
  const bytes = Buffer.concat(rows.map(({ data }) => data));
  return frameOf(header, inPieces ? bytes.subarray(offset, offset + MOST_BATCH_BYTES) : bytes);
}
