// A megabyte kept back for the day when the disk is full at the start: without it, not even the log could be opened
// and the node would stay down.

import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { faultOf } from './database.ts';
import { reserveFile } from './paths.ts';

const RESERVE_BYTES = 1_000_000;
/** The reserve is laid in only where it is a small part of what is free. */
const PLENTY_BYTES = 16 * RESERVE_BYTES;

/** Opens the store, giving the reserve up if the disk is full; lays it in again when there is space. */
export function withReserve<T>(dataDir: string, open: () => T): T {
  const reserve = reserveFile(dataDir);
  let opened: T;
  try {
    opened = open();
  } catch (error) {
    if (faultOf(error) !== 'full' || !isThere(reserve)) throw error;
    rmSync(reserve);
    opened = open();
  }
  const { bavail, bsize } = statfsSync(dataDir);
  if (!isThere(reserve) && bavail * bsize > PLENTY_BYTES) {
    writeFileSync(reserve, Buffer.alloc(RESERVE_BYTES, 'parlmesh keeps this space for a full disk\n'));
  }
  return opened;
}

function isThere(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
