// What a replayed task hands on: as many bytes as were recorded, the same for every attempt and different for every task.

import { type Clock, delay } from '../../../core/clock.ts';
import type { BlobRef } from '../blob-ref.ts';
import type { TaskContext } from '../task-executor.ts';

/** Bytes that are filled at a time: a millisecond's work. */
const SLICE = 4_000_000;

/** The reference to a blob of `count` bytes; undefined for none. */
export async function replayedBytes(count: number, clock: Clock, context: TaskContext): Promise<BlobRef | undefined> {
  if (count <= 0) return undefined;
  const bytes = Buffer.allocUnsafe(count);
  for (let at = 0; at < count; at += SLICE) {
    if (at > 0) await delay(clock, 0, context.signal);
    bytes.fill(context.key, at, Math.min(count, at + SLICE));
  }
  return context.writeBlob(bytes);
}
