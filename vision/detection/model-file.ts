// Finds models in folders and checks that a file is the one its manifest names, before anything runs it.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { type ModelManifest, readManifest } from './manifest.ts';

/** Bytes of a model file at most: boards have no memory for more. */
const MOST_BYTES = 500_000_000;

/** The models that come with parlmesh. */
export const PACKAGED_MODELS = fileURLToPath(new URL('../models', import.meta.url));

export interface Model {
  manifest: ModelManifest;
  folder: string;
  path: string;
}

/** Whether a model may be run. */
export type ModelState = { kind: 'ok' } | { kind: 'missing'; cause: string } | { kind: 'broken'; cause: string };

/** The models of all folders; of two with one id the earlier folder's counts. */
export async function listModels(folders: readonly string[]): Promise<Model[]> {
  const models = new Map<string, Model>();
  for (const folder of folders) {
    for (const manifest of await readManifest(folder)) {
      if (!models.has(manifest.id)) models.set(manifest.id, { manifest, folder, path: join(folder, manifest.file) });
    }
  }
  return [...models.values()];
}

export async function findModel(folders: readonly string[], id: string): Promise<Model> {
  const models = await listModels(folders);
  const model = models.find(({ manifest }) => manifest.id === id);
  if (model !== undefined) return model;
  const known = models.map(({ manifest }) => manifest.id).join(', ') || 'none';
  throw new ParlmeshError('MODEL_UNKNOWN', `No model is called "${id}"; there are: ${known}`, {
    hint: 'parlmesh model list prints the models of this node',
  });
}

/** A model for people, and whether its file is the one that it should be. */
export interface ModelSnapshot {
  id: string;
  title: string;
  file: string;
  sha256: string;
  licence: string;
  source: string;
  task: string;
  /** Width and height in pixels. */
  inputSize: number[];
  classes: number;
  state: ModelState['kind'];
  cause?: string;
  /** Cameras use it where they name no other. */
  isDefault: boolean;
}

/** Reads the file. @param detector id of the model that is used by default */
export async function describeModel(model: Model, detector: string): Promise<ModelSnapshot> {
  const { id, title, sha256, licence, source, task, input, classes } = model.manifest;
  const state = await checkModelFile(model);
  return {
    ...{ id, title, file: model.path, sha256, licence, source, task },
    inputSize: [input.width, input.height],
    classes: classes.length,
    state: state.kind,
    ...(state.kind !== 'ok' && { cause: state.cause }),
    isDefault: id === detector,
  };
}

/** Reads the file once, a piece at a time, and compares its SHA-256 with the manifest's. */
export async function checkModelFile(model: Model): Promise<ModelState> {
  try {
    return compare(model, await hashOf(model.path));
  } catch (error) {
    return unreadable(model, error);
  }
}

/** A file's SHA-256. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest('hex');
}

/** The file's bytes, checked like `checkModelFile` does: what was hashed is what is run. */
export async function readModelFile(model: Model): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    const { size } = await stat(model.path);
    if (size > MOST_BYTES) throw new Error(`${size} bytes are over the limit of ${MOST_BYTES}`);
    bytes = await readFile(model.path);
  } catch (error) {
    throw refusal(unreadable(model, error));
  }
  const state = compare(model, createHash('sha256').update(bytes).digest('hex'));
  if (state.kind !== 'ok') throw refusal(state);
  return bytes;
}

type Unusable = Exclude<ModelState, { kind: 'ok' }>;

function refusal({ kind, cause }: Unusable): ParlmeshError {
  return new ParlmeshError(kind === 'missing' ? 'MODEL_MISSING' : 'MODEL_BROKEN', cause);
}

function compare({ path, manifest }: Model, sha256: string): ModelState {
  if (sha256 === manifest.sha256) return { kind: 'ok' };
  const [is, should] = [sha256, manifest.sha256].map((sum) => `${sum.slice(0, 12)}…`);
  return {
    kind: 'broken',
    cause: `${path} is damaged or another file: its SHA-256 is ${is}, the manifest says ${should}`,
  };
}

function unreadable({ path }: Model, error: unknown): Unusable {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    return { kind: 'missing', cause: `${path} does not exist` };
  }
  return { kind: 'broken', cause: `${path} cannot be read: ${messageOf(error)}` };
}
