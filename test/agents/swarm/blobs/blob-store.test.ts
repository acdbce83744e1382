import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BlobRef } from '../../../../agents/swarm/blob-ref.ts';
import { BlobStore } from '../../../../agents/swarm/blobs/blob-store.ts';
import { smallDisk } from '../../../small-disk.ts';
import { bytesOf, folder, inPieces, openBlobs, sha256 } from './kept-blobs.ts';

const HOUR = 3_600_000;

async function readStream(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read);
}

function fileOf(dataDir: string, hash: string): string {
  return join(dataDir, 'blobs', hash.slice(0, 2), hash.slice(2));
}

const parts = (dataDir: string): string[] => readdirSync(join(dataDir, 'blobs', 'part'));

describe('blobs kept on a node', () => {
  it('are named by the hash of their bytes, and read back after a restart', async () => {
    const { store, dataDir } = await openBlobs();
    const bytes = bytesOf(1, 200_000);
    const ref = await store.write(bytes, 'image/jpeg');
    expect(ref).toEqual({ $blob: sha256(bytes), bytes: 200_000, mediaType: 'image/jpeg' });
    expect(readFileSync(fileOf(dataDir, ref.$blob)).equals(bytes)).toBe(true);
    expect(await store.write(inPieces(bytes, 777))).toEqual({ $blob: ref.$blob, bytes: 200_000 });
    expect(store.status()).toMatchObject({ blobs: 1, bytes: 200_000 });
    const empty = await store.write(new Uint8Array(0));
    const again = (await openBlobs({ dataDir })).store;
    expect(bytes.equals(await again.read(ref))).toBe(true);
    expect(await again.read(empty)).toHaveLength(0);
    expect(again.status()).toMatchObject({ blobs: 2, bytes: 200_000 });
  });

  it('are the same whatever pieces they come in, and from any place on', async () => {
    const { store } = await openBlobs();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(600_000).map((length) => bytesOf(length, length)),
        fc.integer({ min: 100, max: 700_000 }),
        fc.nat(610_000),
        async (bytes, size, offset) => {
          const { $blob } = await store.write(inPieces(bytes, size));
          expect($blob).toBe(sha256(bytes));
          expect((await readStream(store.stream($blob, offset))).equals(bytes.subarray(offset))).toBe(true);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('that a crash left half written are removed at the next start', async () => {
    const dataDir = await folder();
    mkdirSync(join(dataDir, 'blobs', 'part'), { recursive: true });
    writeFileSync(join(dataDir, 'blobs', 'part', '1'), 'half');
    const { store } = await openBlobs({ dataDir });
    expect(parts(dataDir)).toEqual([]);
    await store.write(bytesOf(1, 10));
    expect(store.status().blobs).toBe(1);
  });

  it('leave nothing behind when their bytes stop coming', async () => {
    const { store, dataDir } = await openBlobs({ mostBytes: 5_000_000 });
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytesOf(1, 3_000_000);
      throw new Error('the client went away');
    }
    for (let i = 0; i < 3; i++) await expect(store.write(broken())).rejects.toThrow('the client went away');
    expect(parts(dataDir)).toEqual([]);
    expect(store.status()).toMatchObject({ blobs: 0, bytes: 0 });
    // Nor is room still set aside for them.
    await store.write(bytesOf(2, 4_000_000));
  });

  it('that are damaged are told before their last bytes are handed out, set aside, and taken anew', async () => {
    const { store, dataDir, said } = await openBlobs();
    const bytes = bytesOf(1, 300_000);
    const { $blob } = await store.write(bytes);
    const damaged = Buffer.from(bytes);
    damaged[150_000] = damaged[150_000]! ^ 1;
    writeFileSync(fileOf(dataDir, $blob), damaged);
    let read = 0;
    const reading = async (): Promise<void> => {
      for await (const chunk of store.stream($blob)) read += chunk.length;
    };
    await expect(reading()).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    expect(read).toBeLessThan(300_000);
    expect(said).toEqual([expect.objectContaining({ kind: 'blob.corrupt', severity: 'error' })]);
    expect(readFileSync(join(dataDir, 'blobs', 'corrupt', $blob)).equals(damaged)).toBe(true);
    expect(store.size($blob)).toBeUndefined();
    expect(store.status()).toMatchObject({ blobs: 0, bytes: 0, corrupt: 1 });
    await expect(store.read({ $blob })).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    await store.write(bytes);
    expect(bytes.equals(await store.read({ $blob }))).toBe(true);
  });

  it('whose file is gone or cut short are not kept any more', async () => {
    const { store, dataDir } = await openBlobs();
    const [gone, short] = [await store.write(bytesOf(1, 100)), await store.write(bytesOf(2, 100))];
    rmSync(fileOf(dataDir, gone.$blob));
    writeFileSync(fileOf(dataDir, short.$blob), bytesOf(2, 50));
    await expect(store.read(gone)).rejects.toMatchObject({ code: 'BLOB_FAILED' });
    await expect(store.read(short)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    expect(store.status()).toMatchObject({ blobs: 0, bytes: 0 });
  });
});

describe('the bound', () => {
  it('lets go what was used least recently, but nothing that a job needs', async () => {
    const { store, clock } = await openBlobs({ mostBytes: 5_000 });
    const refs: BlobRef[] = [];
    for (let i = 0; i < 5; i++) refs.push(await store.write(bytesOf(i, 1_000)));
    const kept = (): boolean[] => refs.map(({ $blob }) => store.size($blob) !== undefined);
    store.hold('job', [refs[0]!.$blob]);
    clock.advance(HOUR);
    await store.read(refs[1]!);
    await store.write(bytesOf(10, 1_500));
    expect(kept()).toEqual([true, true, false, false, true]);
    store.release('job');
    clock.advance(HOUR);
    await store.write(bytesOf(11, 1_000));
    expect(kept()).toEqual([false, true, false, false, true]);
    expect(store.status().bytes).toBeLessThanOrEqual(5_000);
  });

  it('refuses a blob when all others are needed or in use, and says so', async () => {
    const { store, clock } = await openBlobs({ mostBytes: 5_000 });
    const needed = await store.write(bytesOf(1, 2_000));
    store.hold('job', [needed.$blob]);
    await store.write(bytesOf(2, 2_000));
    // A task may be about to use what has just come.
    await expect(store.write(bytesOf(3, 2_000))).rejects.toMatchObject({ code: 'BLOB_LIMIT' });
    clock.advance(HOUR);
    await store.write(bytesOf(3, 2_000));
    expect(store.status()).toMatchObject({ blobs: 2, needed: 1, bytes: 4_000 });
    await expect(store.write(bytesOf(4, 3_001))).rejects.toMatchObject({
      code: 'BLOB_LIMIT',
      hint: expect.stringContaining('swarm.blobs.mostBytes'),
    });
  });

  it('does not give two that come at once the same room', async () => {
    const { store } = await openBlobs({ mostBytes: 5_000 });
    const outcomes = await Promise.allSettled([1, 2, 3].map((seed) => store.write(bytesOf(seed, 2_000))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(store.status().bytes).toBe(4_000);
  });

  it('is a tenth of what is free, at most a gigabyte, unless it is set', async () => {
    const small = await openBlobs({ mostBytes: undefined, freeBytes: async () => 2_000_000_000 });
    expect(small.store.status().mostBytes).toBe(200_000_000);
    const large = await openBlobs({ mostBytes: undefined, freeBytes: async () => 2e12 });
    expect(large.store.status().mostBytes).toBe(1e9);
  });

  it('is told of one blob too, before its bytes come', async () => {
    const { store } = await openBlobs({ mostBytes: 1e12 });
    await expect(store.writer(1_000_000_001)).rejects.toMatchObject({ code: 'BLOB_LIMIT' });
  });
});

describe('a disk that is nearly full', () => {
  it('is left its last fifty megabytes', async () => {
    let free = 60_000_000;
    const { store, dataDir, clock } = await openBlobs({ freeBytes: async () => free });
    const old = await store.write(bytesOf(1, 5_000_000));
    free = 51_000_000;
    await expect(store.write(bytesOf(2, 2_000_000))).rejects.toMatchObject({ code: 'BLOB_DISK_FULL' });
    expect(parts(dataDir)).toEqual([]);
    clock.advance(HOUR);
    await store.write(bytesOf(2, 2_000_000));
    expect(store.size(old.$blob)).toBeUndefined();
  });

  it('keeps nothing of a blob that did not fit (needs to mount a tmpfs)', async (context) => {
    const disk = smallDisk(4);
    if ('reason' in disk) return context.skip(disk.reason);
    onTestFinished(() => disk.remove());
    const { path } = disk;
    const { store } = await openBlobs({ dataDir: path });
    const first = await store.write(bytesOf(1, 2_000_000));
    const second = store.write(inPieces(bytesOf(2, 3_000_000), 64_000));
    await expect(second).rejects.toMatchObject({ code: 'BLOB_DISK_FULL', hint: expect.stringContaining('Free space') });
    expect(parts(path)).toEqual([]);
    expect((await store.read(first)).length).toBe(2_000_000);
    await store.write(bytesOf(3, 1_500_000));
  });
});

it('a hundred megabytes pass through without being held in memory', { timeout: 120_000 }, async () => {
  const { store } = await openBlobs();
  const hash = createHash('sha256');
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const look = (): void => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  };
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 100; i++) {
      const piece = bytesOf(i, 10_000);
      for (let n = 0; n < 100; n++) {
        hash.update(piece);
        yield piece;
      }
      look();
    }
  }
  const { $blob } = await store.write(bytes());
  expect($blob).toBe(hash.digest('hex'));
  let read = 0;
  for await (const chunk of store.stream($blob)) {
    read += chunk.length;
    look();
  }
  expect(read).toBe(100_000_000);
  expect(most).toBeLessThan(40_000_000);
  await expect(store.read({ $blob })).rejects.toMatchObject({ code: 'BLOB_LIMIT' });
});

it('cannot be kept where the folder cannot be made', async () => {
  const dataDir = await folder();
  writeFileSync(join(dataDir, 'blobs'), 'a file');
  const journal = { record: () => {} };
  const { clock } = await openBlobs();
  await expect(new BlobStore({ dataDir, clock, journal }).start()).rejects.toThrow();
  expect(existsSync(join(dataDir, 'blobs'))).toBe(true);
});
