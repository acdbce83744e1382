// Puts models into a folder and takes them out again. At any moment the folder's manifest names whole files only: a
// file comes before its entry and goes after it, and both are put in place by renaming.

import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { MOST_MODELS, type ModelManifest, readManifest } from './manifest.ts';
import { hashOf, type Model } from './model-file.ts';

/** The next manifest while it is made; nobody else changes the folder meanwhile. */
const NEXT = 'manifest.json.next';
/** Milliseconds after which one that was left behind counts no more. */
const LEFT_BEHIND = 600_000;

export interface Installed {
  id: string;
  /** Where the file is now. */
  path: string;
  /** Whether there was another of that id. */
  replaced: boolean;
}

/**
 * Copies files and adds their entries. Rejects with `MODEL_EXISTS` where an id is taken by another model, unless
 * `replace`, and with `MODEL_BROKEN` for a file that changed meanwhile; the folder is then as before.
 */
export async function installModels(
  folder: string,
  models: readonly Model[],
  options: { replace: boolean; wall: number },
): Promise<Installed[]> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  return changing(folder, options.wall, async (entries) => {
    const installed: Installed[] = [];
    for (const model of models) {
      const present = entries.find(({ id }) => id === model.manifest.id);
      const manifest = { ...model.manifest, file: nameFor(model.manifest, entries) };
      const replaced = present !== undefined && present.sha256 !== manifest.sha256;
      if (replaced && !options.replace) throw exists(manifest.id, folder);
      await copyWhole(model, join(folder, manifest.file));
      entries = [...entries.filter(({ id }) => id !== manifest.id), manifest];
      installed.push({ id: manifest.id, path: join(folder, manifest.file), replaced });
    }
    return { entries, result: installed };
  });
}

/** Rejects with `MODEL_UNKNOWN` where the folder has no such model. */
export async function removeModel(folder: string, id: string, wall: number): Promise<ModelManifest> {
  return changing(folder, wall, async (entries) => {
    const removed = entries.find((entry) => entry.id === id);
    if (removed === undefined) {
      const known = entries.map((entry) => entry.id).join(', ') || 'none';
      throw new ParlmeshError('MODEL_UNKNOWN', `No model in ${folder} is called "${id}"; there are: ${known}`, {
        hint: 'The models that come with parlmesh cannot be removed',
      });
    }
    return { entries: entries.filter((entry) => entry !== removed), result: removed };
  });
}

/** Files that no entry names any more go last. */
async function changing<T>(
  folder: string,
  wall: number,
  change: (entries: ModelManifest[]) => Promise<{ entries: ModelManifest[]; result: T }>,
): Promise<T> {
  const before = await readManifest(folder);
  const next = join(folder, NEXT);
  const file = await openNext(next, wall);
  try {
    const { entries, result } = await change(before);
    if (entries.length > MOST_MODELS) {
      throw new ParlmeshError('MODEL_TOO_MANY', `${folder} has room for ${MOST_MODELS} models`, {
        hint: 'parlmesh model remove ID makes room',
      });
    }
    await file.writeFile(`${JSON.stringify({ models: entries }, undefined, 2)}\n`);
    await file.sync();
    await rename(next, join(folder, 'manifest.json'));
    await syncFolder(folder);
    const used = new Set(entries.map((entry) => entry.file));
    for (const entry of before) if (!used.has(entry.file)) await rm(join(folder, entry.file), { force: true });
    return result;
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function openNext(next: string, wall: number) {
  const left = await stat(next).catch(() => undefined);
  if (left !== undefined && wall - left.mtimeMs > LEFT_BEHIND) await rm(next, { force: true });
  try {
    return await open(next, 'wx', 0o644);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new ParlmeshError('MODEL_FOLDER_BUSY', 'Another command is changing the models', {
        hint: `If none is, delete ${next}`,
      });
    }
    throw new ParlmeshError('MODEL_FOLDER_UNUSABLE', `The models cannot be changed: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The model's own file name, unless another model's file has it. */
function nameFor({ file, sha256 }: ModelManifest, entries: readonly ModelManifest[]): string {
  const same = entries.find((entry) => entry.sha256 === sha256);
  if (same !== undefined) return same.file;
  return entries.some((entry) => entry.file === file) ? `${sha256.slice(0, 12)}-${file}`.slice(-128) : file;
}

/** The copy is what is compared with the manifest: the original may change at any time. */
async function copyWhole({ path, manifest }: Model, to: string): Promise<void> {
  if ((await hashOf(to).catch(() => undefined)) === manifest.sha256) return;
  const temporary = `${to}.next`;
  try {
    await copyFile(path, temporary, constants.COPYFILE_FICLONE);
    if ((await hashOf(temporary)) !== manifest.sha256) {
      throw new ParlmeshError('MODEL_BROKEN', `${path} is damaged or not the file that its manifest names`);
    }
    const file = await open(temporary, 'r+');
    try {
      await file.chmod(0o644);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, to);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function exists(id: string, folder: string): ParlmeshError {
  return new ParlmeshError('MODEL_EXISTS', `Another model in ${folder} is called "${id}"`, {
    hint: '--replace puts this one in its place; --id gives it another name',
  });
}
