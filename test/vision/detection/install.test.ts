import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { candidatesAt } from '../../../vision/detection/candidates.ts';
import { installModels, removeModel } from '../../../vision/detection/install.ts';
import { checkModelFile, listModels, type Model } from '../../../vision/detection/model-file.ts';
import type { ModelForm } from '../../../vision/detection/recognise.ts';
import { temporaryFolder } from '../support/journal.ts';
import { tinyManifest, writeTiny } from './tiny-models.ts';

const WALL = Date.UTC(2026, 0, 1);
const KEEP = { replace: false, wall: WALL };
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A model `id` in a folder of its own; its file holds the text. */
async function modelOf(id: string, text: string, file = 'tiny.onnx'): Promise<Model> {
  const folder = await temporaryFolder();
  const manifest = tinyManifest(bytesOf(text), { id, file });
  await writeFile(join(folder, file), text);
  return { manifest, folder, path: join(folder, file) };
}

const contents = async (folder: string): Promise<string[]> => (await readdir(folder)).sort();

it('installs a model with its file, which is then the one of its manifest', async () => {
  const folder = join(await temporaryFolder(), 'models');
  const installed = await installModels(folder, [await modelOf('a', 'one')], KEEP);
  expect(installed).toEqual([{ id: 'a', path: join(folder, 'tiny.onnx'), replaced: false }]);
  const [model] = await listModels([folder]);
  expect(await checkModelFile(model!)).toEqual({ kind: 'ok' });
  expect(await contents(folder)).toEqual(['manifest.json', 'tiny.onnx']);
});

it('gives the second of two files with one name another name, and shares a file that two models have', async () => {
  const folder = await temporaryFolder();
  await installModels(folder, [await modelOf('a', 'one'), await modelOf('b', 'two'), await modelOf('c', 'two')], KEEP);
  const models = await listModels([folder]);
  expect(await Promise.all(models.map((model) => readFile(model.path, 'utf8')))).toEqual(['one', 'two', 'two']);
  expect(models[1]!.path).toBe(models[2]!.path);
  await removeModel(folder, 'b', WALL);
  expect(await readFile(models[2]!.path, 'utf8')).toBe('two');
  await removeModel(folder, 'c', WALL);
  expect(await contents(folder)).toEqual(['manifest.json', 'tiny.onnx']);
});

it('replaces a model of that id only when told to, and then deletes the file before', async () => {
  const folder = await temporaryFolder();
  await installModels(folder, [await modelOf('a', 'one')], KEEP);
  const other = await modelOf('a', 'two');
  await expect(installModels(folder, [other], KEEP)).rejects.toMatchObject({ code: 'MODEL_EXISTS' });
  const [replaced] = await installModels(folder, [other], { ...KEEP, replace: true });
  expect(replaced).toMatchObject({ id: 'a', replaced: true });
  expect(await contents(folder)).toEqual(['manifest.json', replaced!.path.slice(folder.length + 1)].sort());
  expect(await readFile(replaced!.path, 'utf8')).toBe('two');
});

it('leaves a folder as it was when a file is not the one of its manifest', async () => {
  const folder = await temporaryFolder();
  await installModels(folder, [await modelOf('a', 'one')], KEEP);
  const changed = await modelOf('b', 'two', 'b.onnx');
  await writeFile(changed.path, 'changed meanwhile');
  await expect(installModels(folder, [changed], KEEP)).rejects.toMatchObject({ code: 'MODEL_BROKEN' });
  expect(await contents(folder)).toEqual(['manifest.json', 'tiny.onnx']);
  expect((await listModels([folder])).map(({ manifest }) => manifest.id)).toEqual(['a']);
});

it('waits for no other command, but not for ever for one that was cut off', async () => {
  const folder = await temporaryFolder();
  const left = join(folder, 'manifest.json.next');
  await writeFile(left, '');
  const seconds = WALL / 1000;
  await utimes(left, seconds - 60, seconds - 60);
  const model = await modelOf('a', 'one');
  await expect(installModels(folder, [model], KEEP)).rejects.toMatchObject({ code: 'MODEL_FOLDER_BUSY' });
  await utimes(left, seconds - 3600, seconds - 3600);
  await installModels(folder, [model], KEEP);
  expect(await contents(folder)).toEqual(['manifest.json', 'tiny.onnx']);
});

it('names the models that there are when one is to be removed that is not', async () => {
  const folder = await temporaryFolder();
  await installModels(folder, [await modelOf('a', 'one')], KEEP);
  await expect(removeModel(folder, 'b', WALL)).rejects.toThrow('there are: a');
  expect(await contents(folder)).toEqual(['manifest.json', 'tiny.onnx']);
});

const YOLOX_FORM: ModelForm = {
  inputs: [{ name: 'images', type: 'float32', shape: [1, 3, 416, 416] }],
  outputs: [{ name: 'output', type: 'float32', shape: [1, 3549, 85] }],
};
const formOf = async (): Promise<ModelForm> => YOLOX_FORM;

it('takes what a manifest says, named itself, by its folder or by its file', async () => {
  const folder = await temporaryFolder();
  await writeTiny(folder, bytesOf('one'));
  for (const path of [folder, join(folder, 'manifest.json'), join(folder, 'tiny.onnx')]) {
    const [model, ...more] = await candidatesAt(path, { licence: 'BSD' }, formOf);
    expect(model).toMatchObject({ manifest: { id: 'tiny', licence: 'BSD' }, path: join(folder, 'tiny.onnx') });
    expect(more).toEqual([]);
  }
});

it('writes the manifest of a file whose form is known', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'My_YOLOX (nano).onnx'), 'one');
  const [model] = await candidatesAt(folder, { licence: 'Apache-2.0' }, formOf);
  expect(model?.manifest).toMatchObject({
    ...{ id: 'my-yoloxnano', file: 'My_YOLOX--nano-.onnx', licence: 'Apache-2.0', task: 'detect' },
    output: { decoding: 'yolox' },
  });
  await installModels(join(folder, 'models'), [model!], KEEP);
  expect(await listModels([join(folder, 'models')])).toHaveLength(1);
});

it.each<[string, (folder: string) => Promise<unknown>, string]>([
  ['a path that is not there', (folder) => candidatesAt(join(folder, 'none.onnx'), {}, formOf), 'MODEL_NOT_FOUND'],
  ['an empty folder', (folder) => candidatesAt(folder, {}, formOf), 'MODEL_NOT_FOUND'],
  [
    'a form that is not known',
    async (folder) => {
      await writeFile(join(folder, 'x.onnx'), '');
      return candidatesAt(folder, {}, async () => ({ inputs: [], outputs: [] }));
    },
    'MODEL_UNRECOGNISED',
  ],
  [
    'two models that are to have one name',
    async (folder) => {
      await writeFile(join(folder, 'x.onnx'), '');
      await writeFile(join(folder, 'y.onnx'), '');
      return candidatesAt(folder, { id: 'z' }, formOf);
    },
    'MODEL_AMBIGUOUS',
  ],
])('refuses %s', async (_what, act, code) => {
  await expect(act(await temporaryFolder())).rejects.toMatchObject({ code });
});
