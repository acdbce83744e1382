// The disk of the data folder full, and the store damaged. Nobody's disk is filled but one that is small because it was made for
// it: a partition or a tmpfs of its own.

import { closeSync, existsSync, openSync, readSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ParlmeshError } from '../../../core/errors.ts';
import { databaseFile, fileTime } from '../../store/paths.ts';
import type { Store } from '../../store/store.ts';
import type { InjectionKind } from '../injection.ts';
import type { Traces } from '../traces.ts';

export interface StoreFaultsParts {
  dataDir: string;
  store: Pick<Store, 'backup' | 'checkpoint' | 'restore' | 'status' | 'events'>;
  traces: Traces;
  now: () => number;
}

/** Larger disks are left alone. */
const LARGEST_DISK = 512 * 1024 ** 2;
/** Share of the disk that is left free, below what the loop takes for full. */
const LEFT_FREE = 0.02;
const PIECE = 1024 ** 2;
/** Pages of the journal whose bytes are turned over. */
const MOST_PAGES = 8;
const PAGE = 4096;

export function storeFaults({ dataDir, store, traces, now }: StoreFaultsParts): InjectionKind[] {
  return [
    {
      ...{ name: 'disk-full', fault: 'disk-full', lasts: 30_000 },
      targets: () => (sizeOf(dataDir) <= LARGEST_DISK ? ['disk'] : []),
      why: () =>
        `the disk of the data folder has ${Math.round(sizeOf(dataDir) / 1024 ** 2)} MB; only one of ${LARGEST_DISK / 1024 ** 2} MB or less, of its own, is filled`,
      does: `fills the small disk that the data folder lies on until ${LEFT_FREE * 100} % of it are free, with a file as a repair of the store leaves it`,
      at: (target, lasts) => {
        const file = `parlmesh.db.corrupt-${fileTime(now())}`;
        return {
          ...{ fault: 'disk-full', subject: 'node', target, lasts, traces: [{ kind: 'file', path: file }] },
          harms: () => existsSync(join(dataDir, file)),
          inject: async () => {
            const undo = (): void => traces.deleteFile(file);
            try {
              fillDisk(dataDir, join(dataDir, file));
            } catch (cause) {
              undo();
              throw new ParlmeshError('CHAOS_FAILED', 'the disk could not be filled', { cause });
            }
            return undo;
          },
        };
      },
    },
    {
      ...{ name: 'store-corrupt', fault: 'store-corrupt', lasts: 20_000, targets: () => ['store'] },
      does: 'makes a backup of the store, then turns bytes of its journal over in the file, and reads it',
      at: (target, lasts) => ({
        ...{ fault: 'store-corrupt', subject: 'service/store', target, lasts },
        harms: () => store.status().state !== 'ok',
        inject: async () => {
          const { file: backup } = await store.backup();
          await store.checkpoint();
          damage(databaseFile(dataDir));
          // As whoever opens the page does: damage is met by reading.
          store.events({ limit: 1000 });
          return async () => {
            // It repairs itself from the backup; where it did not by now, the backup is put in its place.
            if (store.status().state !== 'ok') await store.restore(backup);
          };
        },
      }),
    },
  ];
}

function sizeOf(folder: string): number {
  const { blocks, bsize } = statfsSync(folder);
  return blocks * bsize;
}

function fillDisk(folder: string, file: string): void {
  for (;;) {
    const { bavail, blocks, bsize } = statfsSync(folder);
    const surplus = (bavail - LEFT_FREE * blocks) * bsize;
    if (surplus < bsize) return;
    writeFileSync(file, Buffer.alloc(Math.min(PIECE, Math.floor(surplus)), 1), { flag: 'a' });
  }
}

/** Leaves of the journal's table, from the middle on: the backup has them. */
function damage(file: string): void {
  const db = new Database(file, { readonly: true });
  let leaves: number[];
  try {
    leaves = db
      .prepare<[], number>("SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path")
      .pluck()
      .all();
  } finally {
    db.close();
  }
  const handle = openSync(file, 'r+');
  try {
    const bytes = Buffer.alloc(PAGE / 2);
    for (const page of leaves.slice(-MOST_PAGES)) {
      const at = (page - 1) * PAGE;
      readSync(handle, bytes, 0, bytes.length, at);
      for (const [index, value] of bytes.entries()) bytes[index] = value ^ 0xff;
      writeSync(handle, bytes, 0, bytes.length, at);
    }
  } finally {
    closeSync(handle);
  }
}
