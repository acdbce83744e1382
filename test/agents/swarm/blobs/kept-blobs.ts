// What the tests of blobs share: a store in a folder that goes away, bytes that are the same each time.

import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { BlobStore, type BlobStoreParts } from '../../../../agents/swarm/blobs/blob-store.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import type { JournalEntry } from '../../../../core/journal.ts';

export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'parlmesh-blobs-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

export interface OpenedBlobs {
  store: BlobStore;
  dataDir: string;
  clock: VirtualClock;
  said: JournalEntry[];
}

export async function openBlobs(parts: Partial<BlobStoreParts> & { clock?: VirtualClock } = {}): Promise<OpenedBlobs> {
  const dataDir = parts.dataDir ?? (await folder());
  const clock = parts.clock ?? new VirtualClock({ start: 1 });
  const said: JournalEntry[] = [];
  const journal = { record: (entry: JournalEntry): void => void said.push(entry) };
  const store = new BlobStore({ mostBytes: 1e9, journal, freeBytes: async () => 1e12, ...parts, dataDir, clock });
  await store.start();
  return { store, dataDir, clock, said };
}

/** Bytes that no other seed gives. */
export function bytesOf(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
