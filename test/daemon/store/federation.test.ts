import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FederationStorage } from '../../../agents/federation/storage.ts';
import type { StoreAccess } from '../../../daemon/store/access.ts';
import { experienceWriter, StoredExperience } from '../../../daemon/store/experience.ts';
import { federationWriter, StoredFederation } from '../../../daemon/store/federation.ts';
import { migrate } from '../../../daemon/store/migrations.ts';
import type { Store } from '../../../daemon/store/store.ts';
import { describeFederationStorage, row } from '../../agents/federation/storage-compliance.ts';
import { smallDisk } from '../../small-disk.ts';
import { newStore } from './new-store.ts';
import { folder, openStore } from './open-store.ts';

/** The tables alone, with bounds of their own: what the writer's thread does, without the thread. */
function bare(most: { rows: number; bytes: number }): FederationStorage {
  const db = new Database(':memory:');
  onTestFinished(() => void db.close());
  migrate(db);
  const [experience, federation] = [experienceWriter(db), federationWriter(db)];
  const access: StoreAccess = {
    write: async (item) => {
      if (item.table === 'experience') return experience(item.change).count;
      return item.table === 'federation' ? federation(item.change).count : 0;
    },
    waiting: () => [],
    read: (query) => query(db),
  };
  return new StoredFederation(access, new StoredExperience(access, most));
}

const opened = new Map<FederationStorage, { store: Store; dataDir: string }>();

async function open(dataDir: string): Promise<FederationStorage> {
  const store = await openStore(dataDir);
  opened.set(store.federation, { store, dataDir });
  return store.federation;
}

describeFederationStorage('SQLite', {
  open: async (bounds) => (bounds === undefined ? open(await folder()) : bare(bounds)),
  reopen: async (storage) => {
    const { store, dataDir } = opened.get(storage)!;
    await store.stop();
    return open(dataDir);
  },
});

describe('a coordinator in the node’s store', () => {
  it('is in its backups and counted with its tables', async () => {
    const store = await openStore(await folder());
    const { federation } = store;
    await federation.putRound({ learner: 'l', number: 1, state: '{}', ended: false });
    await federation.putUpdate({ learner: 'l', round: 1, node: 'n', header: '{}', data: new Uint8Array(10) });
    await federation.putModel({ learner: 'l', version: 'v', lineage: '{}', parameters: new Uint8Array(8) });
    await federation.putDocument('d', '1');
    const counted = { federation_rounds: 1, federation_updates: 1, federation_models: 1, federation_documents: 1 };
    expect(store.status().rows).toMatchObject(counted);
    const { file } = await store.backup();
    await federation.putDocument('d', '2');
    await federation.dropUpdates('l', 2);
    await federation.dropModels('l', 0, []);
    expect(store.status().rows).toMatchObject({ ...counted, federation_updates: 0, federation_models: 0 });
    await store.restore(file);
    expect(await federation.document('d')).toBe('1');
    expect(await federation.updates('l', 1)).toHaveLength(1);
  });

  it('is salvaged from a damaged file', async () => {
    const dataDir = await folder();
    const store = newStore(dataDir);
    await store.start(new AbortController().signal);
    for (let round = 1; round <= 40; round++) {
      await store.federation.putRound({ learner: 'l', number: round, state: `"${'x'.repeat(3000)}"`, ended: false });
    }
    await store.federation.putDocument('lease', '7');
    await store.federation.putExperience([row('north', 1)]);
    await store.stop();
    const file = join(dataDir, 'parlmesh.db');
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 0, 4096);
    writeFileSync(file, bytes);
    const again = await openStore(dataDir);
    expect(await again.federation.rounds('l', 100)).toHaveLength(40);
    expect(await again.federation.document('lease')).toBe('7');
    expect(await again.federation.received('north')).toBe(1);
  });

  it('says by the federation’s own name that it cannot keep anything, and why', async () => {
    const store = await openStore(await folder());
    await store.stop();
    const failed = { code: 'FEDERATION_STORE_FAILED', message: expect.stringContaining('closed') };
    await expect(store.federation.putDocument('d', '1')).rejects.toMatchObject(failed);
    await expect(store.federation.putExperience([row('north', 1)])).rejects.toMatchObject(failed);
    await expect(store.federation.received('north')).rejects.toMatchObject({ code: 'FEDERATION_STORE_FAILED' });
  });
});

describe('a coordinator whose disk is full', () => {
  it('acknowledges nothing that it cannot keep, loses nothing that it has, and goes on once there is room', async (context) => {
    const disk = smallDisk(24);
    if ('reason' in disk) return context.skip(disk.reason);
    const store = newStore(join(disk.path, 'data'));
    onTestFinished(async () => {
      await store.stop();
      disk.remove();
    });
    await store.start(new AbortController().signal);
    const { federation } = store;
    let acknowledged = 0;
    const fill = async (): Promise<void> => {
      for (;;) {
        const data = new Uint8Array(200_000).fill(acknowledged + 1);
        await federation.putExperience([row('north', acknowledged + 1, { data })]);
        acknowledged += 1;
      }
    };
    await expect(fill()).rejects.toMatchObject({
      ...{ code: 'FEDERATION_STORE_FAILED', hint: expect.stringContaining('Free space') },
    });
    expect(acknowledged).toBeGreaterThan(20);
    await expect(federation.putDocument('lease', '1')).rejects.toMatchObject({ code: 'FEDERATION_STORE_FAILED' });
    expect(await federation.received('north')).toBe(acknowledged);
    disk.resize(60);
    await expect.poll(() => store.status().state, { timeout: 15_000 }).toBe('ok');
    // Sent again, the row that was refused counts as new, unless it was on the disk after all: it is there once.
    await federation.putExperience([row('north', acknowledged + 1)]);
    expect(await federation.received('north')).toBe(acknowledged + 1);
    expect((await federation.size()).experienceRows).toBe(acknowledged + 1);
  });
});
