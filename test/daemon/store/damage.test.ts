import {
  copyFileSync,
  cpSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkStore } from '../../../daemon/store/offline.ts';
import type { Store } from '../../../daemon/store/store.ts';
import { mendWal, walDamage } from '../../../daemon/store/wal.ts';
import { newStore } from './new-store.ts';
import { folder, observation, openStore } from './open-store.ts';

const PAGE = 4096;

/** Records events `from` to `to`, with an observation for each tenth, and waits until they are on the disk. */
async function fill(store: Store, from: number, to: number): Promise<void> {
  for (let i = from; i <= to; i++) {
    const message = `event ${i} ${'.'.repeat(200)}`;
    store.journal.record({ severity: 'info', kind: 'test.filled', subject: 'node', message });
    if (i % 10 === 0) store.recordObservation(observation(`o${i}`, { startedAt: i, updatedAt: i }));
    if (i % 500 === 0) await store.putState('sequence', i);
  }
  await store.putState('sequence', to);
}

/**
 * A stopped store with 3000 events; one whose first 1500 are in a backup too; one with 400 events, of which 100 commits
 * are in the log alone. Tests damage copies of them.
 */
let models: { plain: string; withBackup: string; crashed: string };

beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), 'parlmesh-store-'));
  models = { plain: join(root, 'plain'), withBackup: join(root, 'with-backup'), crashed: join(root, 'crashed') };
  const store = newStore(models.withBackup);
  await store.start(new AbortController().signal);
  await fill(store, 1, 1500);
  await store.backup();
  await fill(store, 1501, 3000);
  await store.stop();
  cpSync(models.withBackup, models.plain, { recursive: true });
  rmSync(join(models.plain, 'backups'), { recursive: true });

  const running = newStore(join(root, 'running'));
  await running.start(new AbortController().signal);
  await fill(running, 1, 300);
  await running.checkpoint();
  for (let i = 301; i <= 400; i++) await fill(running, i, i);
  cpSync(join(root, 'running'), models.crashed, { recursive: true, filter: (file) => !file.endsWith('-shm') });
  await running.stop();
  return () => rmSync(root, { recursive: true });
});

/** A copy of a model in a folder of its own. */
async function filled(options: { backup: boolean }): Promise<{ dataDir: string; file: string }> {
  const dataDir = await folder();
  cpSync(options.backup ? models.withBackup : models.plain, dataDir, { recursive: true });
  return { dataDir, file: join(dataDir, 'parlmesh.db') };
}

function flip(file: string, at: number, bytes: number): void {
  const content = readFileSync(file);
  for (let i = at; i < at + bytes; i++) content[i] = content[i]! ^ 0xff;
  writeFileSync(file, content);
}

/** The root page of a table, and a leaf page in its middle. */
function pagesOf(file: string, table: string): { root: number; leaf: number } {
  const db = new Database(file, { readonly: true });
  const pages = db
    .prepare<[string], { pageno: number; pagetype: string }>(
      'SELECT pageno, pagetype FROM dbstat WHERE name = ? ORDER BY path',
    )
    .all(table);
  db.close();
  const leaves = pages.filter(({ pagetype }) => pagetype === 'leaf');
  return { root: pages[0]!.pageno, leaf: leaves[Math.floor(leaves.length / 2)]!.pageno };
}

function numbers(store: Store): Set<number> {
  const found = new Set<number>();
  for (let after = 0; ; ) {
    const page = store.events({ after, kind: 'test.filled', limit: 1000 });
    if (page.length === 0) return found;
    for (const { message } of page) found.add(Number(/^event (\d+)/.exec(message)?.[1]));
    after = page.at(-1)!.id;
  }
}

/** Opens the damaged store; returns it with the event that tells of the repair. */
async function repaired(dataDir: string) {
  const store = await openStore(dataDir);
  const [told] = store.events({ kind: 'store.repaired' });
  expect(told).toMatchObject({ severity: 'error' });
  expect(store.status().state).toBe('ok');
  const aside = readdirSync(dataDir).filter((name) => /^parlmesh\.db\.corrupt-[0-9TZ.]+$/.test(name));
  expect(aside).toHaveLength(1);
  expect(readdirSync(dataDir).filter((name) => name.includes('salvage') || name.endsWith('.part'))).toEqual([]);
  await store.checkpoint();
  expect(checkStore(dataDir)).toEqual({ ok: true, problems: [] });
  return { store, told: told! };
}

describe('a file with flipped bytes', () => {
  for (const backup of [true, false]) {
    const which = backup ? 'with a backup' : 'without a backup';

    it(`in its header loses nothing, ${which}`, async () => {
      const { dataDir, file } = await filled({ backup });
      flip(file, 0, 100);
      const { store, told } = await repaired(dataDir);
      expect(numbers(store).size).toBe(3000);
      expect(store.state('sequence')).toBe(3000);
      expect(store.observations({ limit: 1000 })).toHaveLength(300);
      expect(told.data).toMatchObject({ lost: {}, salvaged: { events: 3000, observations: 300, state: 1 } });
    });

    it(`in its schema loses nothing, ${which}`, async () => {
      const { dataDir, file } = await filled({ backup });
      flip(file, 100, PAGE - 100);
      const { store } = await repaired(dataDir);
      expect(numbers(store).size).toBe(3000);
    });

    it(`in a leaf page loses at most that page's rows, and names them, ${which}`, async () => {
      const { dataDir, file } = await filled({ backup });
      const { leaf } = pagesOf(file, 'events');
      flip(file, (leaf - 1) * PAGE, 64);
      const { store, told } = await repaired(dataDir);
      const found = numbers(store);
      expect(found.size).toBeGreaterThan(2970);
      expect(told.message).toContain(
        backup && found.size === 3000 ? 'nothing lost' : `${3000 - found.size} events lost`,
      );
      expect(store.state('sequence')).toBe(3000);
    });
  }

  it.each([
    ['version', 60],
    ['mark', 68],
  ])("in its header's %s is not taken for another program's or a newer version's", async (_field, at) => {
    const { dataDir, file } = await filled({ backup: false });
    flip(file, at, 4);
    const { store } = await repaired(dataDir);
    expect(numbers(store).size).toBe(3000);
  });

  it("in a table's root page keeps what the backup has of it, and all other tables", async () => {
    const { dataDir, file } = await filled({ backup: true });
    flip(file, (pagesOf(file, 'events').root - 1) * PAGE, 32);
    const { store, told } = await repaired(dataDir);
    expect([...numbers(store)]).toEqual(Array.from({ length: 1500 }, (_, i) => i + 1));
    expect(store.observations({ limit: 1000 })).toHaveLength(300);
    expect(store.state('sequence')).toBe(3000);
    expect(told.message).toContain('an unknown number of events lost');
    expect(told.id).toBeGreaterThan(3000 - 1000);
  });

  it('in half of its pages still opens, with what is left', async () => {
    const { dataDir, file } = await filled({ backup: false });
    const pages = statSync(file).size / PAGE;
    for (let page = 3; page < pages; page += 2) flip(file, page * PAGE, 200);
    const { store } = await repaired(dataDir);
    store.journal.record({ severity: 'info', kind: 'test.after', subject: 'node', message: 'goes on' });
    expect(store.events({ kind: 'test.after' })).toHaveLength(1);
  });

  it('cut off in the middle keeps the first half, and the rest from the backup', async () => {
    const { dataDir, file } = await filled({ backup: true });
    const content = readFileSync(file);
    writeFileSync(file, content.subarray(0, Math.floor(content.length / 2 / PAGE) * PAGE + 100));
    const { store } = await repaired(dataDir);
    const found = numbers(store);
    for (let i = 1; i <= 1500; i++) expect(found).toContain(i);
  });

  it('that is no database at all is replaced by the backup', async () => {
    const { dataDir, file } = await filled({ backup: true });
    writeFileSync(file, 'This was a database.\n'.repeat(1000));
    const { store } = await repaired(dataDir);
    expect(numbers(store).size).toBe(1500);
  });

  it('and a damaged newest backup is repaired from the older one', async () => {
    const { dataDir, file } = await filled({ backup: true });
    const [good] = readdirSync(join(dataDir, 'backups'));
    const newer = join(dataDir, 'backups', 'parlmesh-20990101T000000.000Z.db');
    copyFileSync(join(dataDir, 'backups', good!), newer);
    flip(newer, 0, 4 * PAGE);
    writeFileSync(file, 'gone');
    const { told } = await repaired(dataDir);
    expect(told.data).toMatchObject({ backup: { file: join(dataDir, 'backups', good!) } });
  });
});

describe('a log with flipped bytes', () => {
  /** A copy of the file and its log as a crash leaves them: nothing copied back, many commits in the log. */
  async function crashed(): Promise<{ dataDir: string; log: string }> {
    const dataDir = await folder();
    cpSync(models.crashed, dataDir, { recursive: true });
    return { dataDir, log: join(dataDir, 'parlmesh.db-wal') };
  }

  it('is sound as a crash leaves it, also with a torn end', async () => {
    const { dataDir, log } = await crashed();
    expect(walDamage(log)).toBeUndefined();
    const content = readFileSync(log);
    writeFileSync(log, content.subarray(0, content.length - 1000));
    expect(walDamage(log)).toBeUndefined();
    const store = await openStore(dataDir);
    expect(store.events({ kind: 'store.repaired' })).toEqual([]);
    expect(numbers(store).size).toBeGreaterThanOrEqual(398);
  });

  it.each([
    ['its header', 8, 4],
    ['the salt of its header', 16, 8],
    ["a frame's checksum", 32 + 60 * (24 + PAGE) + 16, 8],
    ["a frame's salt", 32 + 60 * (24 + PAGE) + 8, 8],
  ])('in %s loses nothing', async (_where, at, bytes) => {
    const { dataDir, log } = await crashed();
    flip(log, at, bytes);
    expect(walDamage(log)).toBeDefined();
    const { store } = await repaired(dataDir);
    expect(numbers(store).size).toBe(400);
    expect(store.state('sequence')).toBe(400);
  });

  it("in a frame's page loses at most rows of that page", async () => {
    const { dataDir, log } = await crashed();
    flip(log, 32 + 61 * (24 + PAGE) + 24, 100);
    const { store } = await repaired(dataDir);
    expect(numbers(store).size).toBeGreaterThan(380);
    expect(store.state('sequence')).toBe(400);
  });

  it('that needs no mending is mended to itself', async () => {
    const { log } = await crashed();
    const content = readFileSync(log);
    const mended = mendWal(log, PAGE)!;
    expect(mended.equals(content.subarray(0, mended.length))).toBe(true);
    expect(mended.length).toBeGreaterThan(100 * PAGE);
  });
});

describe('while the store runs', () => {
  it('damage that a read meets is repaired, and the store goes on', async () => {
    const { dataDir, file } = await filled({ backup: true });
    const { leaf } = pagesOf(file, 'events');
    const store = newStore(dataDir);
    await store.start(new AbortController().signal);
    try {
      const descriptor = openSync(file, 'r+');
      writeSync(descriptor, Buffer.alloc(PAGE, 0xa5), 0, PAGE, (leaf - 1) * PAGE);
      numbers(store);
      await expect.poll(() => store.events({ kind: 'store.repaired' }), { timeout: 10_000 }).toHaveLength(1);
      await expect.poll(() => store.status().state, { timeout: 10_000 }).toBe('ok');
      await store.putState('after', true);
      expect(numbers(store).size).toBeGreaterThan(2970);
      expect(existsSync(file)).toBe(true);
    } finally {
      await store.stop();
    }
  });
});
