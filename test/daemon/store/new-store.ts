// A store on the system's clock, for tests and for the processes they start.

import { silentLogger } from '../../../core/logger.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { Store, type StoreOptions } from '../../../daemon/store/store.ts';

export const storeConfig: StoreOptions['config'] = {
  maxBytes: 500_000_000,
  keepDays: 30,
  auditDays: 365,
  experienceBytes: 50_000_000,
  backupInterval: 86_400,
  backupsKept: 3,
  writeBudgetPerHour: 5_000_000,
};

export function newStore(dataDir: string, options: Partial<StoreOptions> = {}): Store {
  return new Store({
    dataDir,
    config: storeConfig,
    flushInterval: 0.02,
    snapshots: { keepDays: 7, maxBytes: 200_000_000 },
    cacheBytes: 2_000_000,
    clock: systemClock,
    logger: silentLogger,
    ...options,
  });
}
