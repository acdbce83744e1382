// The models that a file, a folder or a manifest brings: what `parlmesh model add` may install.

import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { type ModelManifest, parseManifest, readManifest } from './manifest.ts';
import { hashOf, type Model } from './model-file.ts';
import { type ModelForm, recognise } from './recognise.ts';

/** What a file without a manifest does not say itself. */
export interface Details {
  id?: string | undefined;
  licence?: string | undefined;
  source?: string | undefined;
}

/**
 * Models with their manifest: from the manifest that is named or lies beside, else, for a family that is known, made
 * from the file itself. Rejects with `MODEL_UNRECOGNISED`, `MODEL_BROKEN`, `MODEL_NOT_FOUND` or what is wrong with the
 * manifest.
 * @param formOf reads a file's inputs and outputs
 */
export async function candidatesAt(
  path: string,
  details: Details,
  formOf: (path: string) => Promise<ModelForm>,
): Promise<Model[]> {
  const about = await stat(path).catch((cause: unknown) => {
    throw new ParlmeshError('MODEL_NOT_FOUND', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
  if (about.isDirectory()) return inFolder(path, details, formOf);
  if (path.endsWith('.json')) {
    const folder = dirname(path);
    return withDetails(parseManifest(await readFile(path, 'utf8'), path), details).map((manifest) =>
      placed(folder, manifest),
    );
  }
  const folder = dirname(path);
  const listed = (await readManifest(folder)).filter(({ file }) => file === basename(path));
  if (listed.length > 0) return withDetails(listed, details).map((manifest) => placed(folder, manifest));
  return [await recognised(path, details, formOf)];
}

async function inFolder(
  folder: string,
  details: Details,
  formOf: (path: string) => Promise<ModelForm>,
): Promise<Model[]> {
  const listed = await readManifest(folder);
  if (listed.length > 0) return withDetails(listed, details).map((manifest) => placed(folder, manifest));
  const files = (await readdir(folder)).filter((name) => name.endsWith('.onnx')).sort();
  if (files.length === 0) {
    throw new ParlmeshError('MODEL_NOT_FOUND', `There is no manifest.json and no .onnx file in ${folder}`);
  }
  onlyOneId(files.length, details);
  const models: Model[] = [];
  for (const file of files) models.push(await recognised(join(folder, file), details, formOf));
  return models;
}

const placed = (folder: string, manifest: ModelManifest): Model => ({
  manifest,
  folder,
  path: join(folder, manifest.file),
});

function withDetails(manifests: readonly ModelManifest[], { id, licence, source }: Details): ModelManifest[] {
  onlyOneId(manifests.length, { id });
  return manifests.map((manifest) => ({
    ...manifest,
    ...(id !== undefined && { id }),
    ...(licence !== undefined && { licence }),
    ...(source !== undefined && { source }),
  }));
}

function onlyOneId(models: number, { id }: Details): void {
  if (id === undefined || models === 1) return;
  throw new ParlmeshError('MODEL_AMBIGUOUS', `There are ${models} models, which cannot all be called ${id}`, {
    hint: 'Name one of the files',
  });
}

async function recognised(
  path: string,
  details: Details,
  formOf: (path: string) => Promise<ModelForm>,
): Promise<Model> {
  const form = await formOf(path);
  const found = recognise(form);
  if (found === undefined) {
    const [inputs, outputs] = [form.inputs, form.outputs].map((tensors) =>
      tensors.map(({ name, type, shape }) => `${name} ${type} [${shape.join(', ')}]`).join(', '),
    );
    throw new ParlmeshError(
      'MODEL_UNRECOGNISED',
      `${path} is of no family that is known by its form: it takes ${inputs} and gives ${outputs}`,
      {
        hint: 'Write a manifest.json beside it (docs/models.md describes every field)',
      },
    );
  }
  const { family, ...rest } = found;
  const name = basename(path, '.onnx');
  const manifest: ModelManifest = {
    id: details.id ?? idFrom(name),
    title: `${family}, ${rest.input.width} × ${rest.input.height} (${name})`.slice(0, 200),
    file: fileFrom(name),
    sha256: await hashOf(path),
    licence: details.licence ?? 'not told',
    source: details.source ?? `not told (added as ${basename(path)})`.slice(0, 500),
    task: 'detect',
    ...rest,
  };
  return { manifest, folder: dirname(path), path };
}

/** What a manifest takes as an id. */
function idFrom(name: string): string {
  const id = name
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/[^a-z0-9.-]/g, '')
    .replace(/^[.-]+/, '');
  return id.slice(0, 64) || 'model';
}

function fileFrom(name: string): string {
  const file = name.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[._-]+/, '');
  return `${file.slice(0, 120) || 'model'}.onnx`;
}
