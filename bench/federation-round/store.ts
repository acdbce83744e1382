// A coordinator's store on the disk, as a daemon opens it.

import { silentLogger } from '../../core/logger.ts';
import { systemClock } from '../../daemon/clock.ts';
import { Store } from '../../daemon/store/store.ts';

export async function openStore(dataDir: string): Promise<Store> {
  const store = new Store({
    config: {
      ...{ maxBytes: 500_000_000, keepDays: 30, auditDays: 365, experienceBytes: 50_000_000 },
      ...{ backupInterval: 86_400, backupsKept: 3, writeBudgetPerHour: 1e9 },
    },
    ...{ dataDir, flushInterval: 0.02, cacheBytes: 8_000_000, clock: systemClock, logger: silentLogger },
    snapshots: { keepDays: 7, maxBytes: 1_000_000 },
  });
  await store.start(new AbortController().signal);
  return store;
}
