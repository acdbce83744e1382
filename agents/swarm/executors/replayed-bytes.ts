// What a replayed task hands on: as many bytes as were recorded, the same for every attempt and different for every task.

import { type Clock, delay } from '../../../core/clock.ts';
import type { BlobRef } from '../blob-ref.ts';
import type { TaskContext } from '../task-executor.ts';

/** Bytes that are filled at a time: a millisecond's work. */
const SLICE = 4_000_000;
/** So much goes by value, as the results of other kinds do: a blob would cost more than it carries. */
const MOST_BY_VALUE = 8_000;

/** `count` bytes as text where they are few, else the reference to a blob of them; undefined for none. */
export async function replayedBytes(
  count: number,
  clock: Clock,
  context: TaskContext,
): Promise<BlobRef | string | undefined> {
  if (count <= 0) return undefined;
  if (count <= MOST_BY_VALUE) return Buffer.alloc(count, context.key).toString('latin1');
  const bytes = Buffer.allocUnsafe(count);
  for (let at = 0; at < count; at += SLICE) {
    if (at > 0) await delay(clock, 0, context.signal);
    bytes.fill(context.key, at, Math.min(count, at + SLICE));
  }
  return context.writeBlob(bytes);
}
