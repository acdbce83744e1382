// Where blobs lie under their folder, and what is found there at a start.

import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface BlobFile {
  sha256: string;
  bytes: number;
  /** Milliseconds since 1970. */
  at: number;
}

/** Damaged files that are kept as evidence. */
const SET_ASIDE_KEPT = 3;

export function blobFile(folder: string, sha256: string): string {
  return join(folder, sha256.slice(0, 2), sha256.slice(2));
}

/** Blobs that are being written; whatever is there at a start was left by a crash. */
export function partFolder(folder: string): string {
  return join(folder, 'part');
}

function asideFolder(folder: string): string {
  return join(folder, 'corrupt');
}

/** Makes the folders, removes what a crash left half written, and lists the rest. */
export async function openFolder(folder: string): Promise<BlobFile[]> {
  await rm(partFolder(folder), { recursive: true, force: true });
  for (const path of [folder, partFolder(folder)]) await mkdir(path, { recursive: true, mode: 0o700 });
  const found: BlobFile[] = [];
  for (const prefix of await readdir(folder)) {
    if (!/^[0-9a-f]{2}$/.test(prefix)) continue;
    for (const rest of await readdir(join(folder, prefix))) {
      if (!/^[0-9a-f]{62}$/.test(rest)) continue;
      const { size, mtimeMs } = await stat(join(folder, prefix, rest));
      found.push({ sha256: prefix + rest, bytes: size, at: mtimeMs });
    }
  }
  return found.sort((a, b) => a.at - b.at);
}

/** Gives a synced file its place, for good. */
export async function putInPlace(folder: string, part: string, sha256: string): Promise<void> {
  const file = blobFile(folder, sha256);
  const parent = join(file, '..');
  const made = await mkdir(parent, { recursive: true, mode: 0o700 });
  await rename(part, file);
  await Promise.all([sync(parent), made === undefined ? undefined : sync(folder)]);
}

/** Moves a damaged file out of the way; returns its new name. */
export async function setAside(folder: string, sha256: string): Promise<string> {
  const aside = asideFolder(folder);
  await mkdir(aside, { recursive: true, mode: 0o700 });
  const names = await readdir(aside);
  const stats = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(aside, name))).mtimeMs })));
  stats.sort((a, b) => b.at - a.at);
  for (const { name } of stats.slice(SET_ASIDE_KEPT - 1)) await rm(join(aside, name), { force: true });
  const file = join(aside, sha256);
  await rename(blobFile(folder, sha256), file);
  return file;
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
