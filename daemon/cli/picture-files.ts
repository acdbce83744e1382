// The pictures that a command is given: files as they are named, and what of a folder is a picture.

import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { MOST_BYTES } from '../../vision/picture/decode.ts';
import { formatOf } from '../../vision/picture/format.ts';

export interface PictureFile {
  /** As named, or relative to the folder that was. */
  file: string;
  path: string;
}

const LOOKS_LIKE_PICTURE = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i;

/** In the order of the paths, a folder's files by name, those of its folders too. Throws `PICTURE_NOT_FOUND`. */
export async function picturesIn(paths: readonly string[]): Promise<PictureFile[]> {
  const found: PictureFile[] = [];
  for (const path of paths) {
    const about = await stat(path).catch((cause: unknown) => {
      throw new ParlmeshError('PICTURE_NOT_FOUND', `${path} cannot be read: ${messageOf(cause)}`, { cause });
    });
    if (!about.isDirectory()) {
      found.push({ file: path, path });
      continue;
    }
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    for (const each of files.sort()) {
      // A damaged picture is named as one; what neither looks nor is called like one is something else.
      if (LOOKS_LIKE_PICTURE.test(each) || (await isPicture(each)))
        found.push({ file: relative(path, each), path: each });
    }
  }
  return found;
}

/** The file's bytes. Throws `PICTURE_TOO_LARGE` before reading one that is. */
export async function readPicture(path: string): Promise<Uint8Array> {
  const about = await stat(path);
  if (!about.isFile()) throw new ParlmeshError('PICTURE_UNREADABLE', `${path} is no file`);
  if (about.size > MOST_BYTES) {
    throw new ParlmeshError('PICTURE_TOO_LARGE', `${about.size} bytes are over the limit of ${MOST_BYTES}`);
  }
  return readFile(path);
}

async function isPicture(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    return formatOf(buffer.subarray(0, bytesRead)) !== undefined;
  } finally {
    await file.close();
  }
}
