// What the store's tests share: a folder and a store that go away, an observation.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Store, StoreOptions } from '../../../daemon/store/store.ts';
import type { ObservationView } from '../../../daemon/view/schema.ts';
import { newStore } from './new-store.ts';

/** An empty folder, removed when the test has finished. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'parlmesh-store-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A started store, stopped when the test has finished. */
export async function openStore(dataDir: string, options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = newStore(dataDir, options);
  await store.start(new AbortController().signal);
  onTestFinished(() => store.stop());
  return store;
}

export function observation(id: string, changes: Partial<ObservationView> = {}): ObservationView {
  return {
    id,
    camera: 'north',
    phase: 'start',
    label: 'person',
    confidence: 0.9,
    box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 },
    zones: ['door'],
    startedAt: 1_000,
    updatedAt: 1_000,
    ...changes,
  };
}
