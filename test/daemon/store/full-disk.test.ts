import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../../daemon/store/store.ts';
import { smallDisk } from '../../small-disk.ts';
import { newStore } from './new-store.ts';
import { observation } from './open-store.ts';

const disk = smallDisk(24);

afterAll(() => {
  if ('path' in disk) disk.remove();
});

/** Takes all space that is left; returns a function that gives it back. */
function fillUp(path: string): () => void {
  const filler = join(path, 'filler');
  for (let size = 1_000_000; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // This much no longer fits.
    }
  }
  return () => rmSync(filler, { force: true });
}

function say(store: Store, message: string, severity: 'info' | 'error' = 'info'): void {
  store.journal.record({ severity, kind: 'test.said', subject: 'node', message: message.padEnd(1500, '.') });
}

describe('path' in disk ? 'a full disk' : `a full disk (skipped: ${disk.reason})`, () => {
  let dataDir = '';
  beforeEach((context) => {
    if (!('path' in disk)) return context.skip(disk.reason);
    dataDir = join(disk.path, context.task.id);
  });

  async function open(): Promise<Store> {
    const store = newStore(dataDir);
    await store.start(new AbortController().signal);
    onTestFinished(async () => {
      await store.stop();
      rmSync(dataDir, { recursive: true, force: true });
    });
    return store;
  }

  it('refuses acknowledged writes, keeps events, sheds the rest, and recovers by itself', async () => {
    const store = await open();
    await store.putState('before', 1);
    const giveBack = fillUp(join(dataDir, '..'));
    onTestFinished(giveBack);

    // The log has no room to reuse, so soon nothing more fits.
    let put = 0;
    const fail = async (): Promise<unknown> => {
      for (; ; put++) await store.putState(`key ${put}`, 'x'.repeat(5_000));
    };
    await expect(fail()).rejects.toMatchObject({ code: 'STORE_FULL', hint: expect.stringContaining('Free space') });
    expect(store.status()).toMatchObject({ state: 'full', cause: expect.stringContaining('full') });
    await expect(store.putState('during', 1)).rejects.toMatchObject({ code: 'STORE_FULL' });

    say(store, 'while full', 'error');
    store.recordObservation(observation('o1'));
    store.saveSnapshot('o1', new Uint8Array(1000), 1);
    expect(store.events({ kind: 'test.said' })).toHaveLength(1);
    expect(store.events({ kind: 'store.full' })).toHaveLength(1);
    expect(store.state('before')).toBe(1);
    for (let key = 0; key < put; key++) expect(store.state(`key ${key}`)).toHaveLength(5_000);

    // The next try finds no space either and gives up what can be missed.
    await expect.poll(() => store.status().shed, { timeout: 10_000 }).toBe(2);
    expect(store.observations({})).toEqual([]);

    giveBack();
    await expect.poll(() => store.status().state, { timeout: 15_000 }).toBe('ok');
    await store.putState('after', 2);
    expect(store.status().queued).toBe(0);
    await store.stop();

    const again = await open();
    expect(again.state('after')).toBe(2);
    expect(again.state('during')).toBeUndefined();
    expect(again.events({}).map(({ kind }) => kind)).toEqual(['store.recovered', 'test.said', 'store.full']);
  });

  it('stops a backup without leaving half of one', async () => {
    const store = await open();
    for (let i = 0; i < 300; i++) say(store, `${i}`);
    await store.checkpoint();
    const giveBack = fillUp(join(dataDir, '..'));
    await expect(store.backup()).rejects.toMatchObject({ code: 'STORE_FULL' });
    giveBack();
    const { file } = await store.backup();
    expect(file).toContain('backups');
  });

  it('of a new node is told, and the next start works', async () => {
    const giveBack = fillUp(join(dataDir, '..'));
    const store = newStore(dataDir);
    await expect(store.start(new AbortController().signal)).rejects.toMatchObject({ code: 'STORE_FULL' });
    giveBack();
    await store.start(new AbortController().signal);
    await store.putState('key', 1);
    await store.stop();
    rmSync(dataDir, { recursive: true });
  });

  it('does not keep a node down that has run before: it has a reserve', async () => {
    const first = await open();
    await first.putState('key', 1);
    await first.stop();
    const giveBack = fillUp(join(dataDir, '..'));
    onTestFinished(giveBack);
    const store = await open();
    expect(store.state('key')).toBe(1);
    await store.putState('key', 2);
  });
});
