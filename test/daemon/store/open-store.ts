// What the store's tests share: a folder that goes away, and a store on the system's clock in it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { silentLogger } from '../../../core/logger.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { Store, type StoreOptions } from '../../../daemon/store/store.ts';
import type { ObservationView } from '../../../daemon/view/schema.ts';

export const storeConfig: StoreOptions['config'] = {
  maxBytes: 500_000_000,
  keepDays: 30,
  backupInterval: 86_400,
  backupsKept: 3,
  writeBudgetPerHour: 5_000_000,
};

/** An empty folder, removed when the test has finished. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'parlmesh-store-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

export function newStore(dataDir: string, options: Partial<StoreOptions> = {}): Store {
  return new Store({
    dataDir,
    config: storeConfig,
    flushInterval: 0.02,
    snapshots: { keepDays: 7, maxBytes: 200_000_000 },
    clock: systemClock,
    logger: silentLogger,
    ...options,
  });
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
