// `parlmesh model` and `parlmesh vision detect` on real files and models, without a daemon.

import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyYolox, writeTiny } from '../../vision/detection/tiny-models.ts';
import { cocoFolder } from '../../vision/support/journal.ts';
import { type Outcome, start } from './stage.ts';

let folder: string;
let dataDir: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parlmesh-models-'));
  dataDir = join(folder, 'data');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<Outcome> => start([...args, '--data-dir', dataDir]).done;

/** A folder with a model that sees one car, as large as the picture, in every picture. */
async function carModel(name: string, values = [0.5, 0.5, 0, 0, 0.9, 0, 1]): Promise<string> {
  const made = join(folder, name);
  await mkdir(made);
  await writeTiny(made, tinyYolox(values));
  return made;
}

async function picture(name: string): Promise<string> {
  const { default: sharp } = await import('sharp');
  const path = join(folder, name);
  await sharp({ create: { width: 64, height: 48, channels: 3, background: '#777' } })
    .jpeg()
    .toFile(path);
  return path;
}

it('adds a model, lets it look at pictures, and takes it out again', async () => {
  const added = await run('model', 'add', await carModel('car'));
  expect(added).toMatchObject({ code: 0, stderr: '' });
  expect(added.stdout).toContain('Installed tiny: ');
  const yard = await picture('yard.jpg');
  const seen = await run('vision', 'detect', yard, '--model', 'tiny', '-o', 'json');
  expect(seen).toMatchObject({ code: 0, stderr: '' });
  const objects = [{ label: 'car', confidence: 0.9, box: [0, 0, 64, 48] }];
  expect(JSON.parse(seen.stdout)).toEqual([{ file: yard, width: 64, height: 48, objects }]);
  expect((await run('vision', 'detect', yard, '--model', 'tiny')).stdout).toMatch(/yard\.jpg +car +90 % +64x48\+0\+0/);
  expect((await run('model', 'remove', 'tiny')).stdout).toBe('Removed tiny (Tiny).\n');
  expect(await run('vision', 'detect', yard, '--model', 'tiny')).toMatchObject({ code: 1 });
});

it('prints COCO’s results, and names pictures that it cannot read or number', async () => {
  await run('model', 'add', await carModel('again'), '--id', 'car');
  const pictures = join(folder, 'pictures');
  await mkdir(pictures);
  await copyFile(await picture('a.jpg'), join(pictures, '000000000285.jpg'));
  await copyFile(join(folder, 'a.jpg'), join(pictures, 'no-number.jpg'));
  await writeFile(join(pictures, '7.jpg'), 'no picture');
  const seen = await run('vision', 'detect', pictures, '--model', 'car', '-o', 'coco');
  expect(JSON.parse(seen.stdout)).toEqual([{ image_id: 285, category_id: 3, bbox: [0, 0, 64, 48], score: 0.9 }]);
  expect(seen.code).toBe(1);
  expect(seen.stderr).toMatch(/^7\.jpg: .*no JPEG.*\nno-number\.jpg: it has no number/);
  const annotations = join(folder, 'annotations.json');
  const images = [{ id: 1, file_name: 'no-number.jpg' }];
  await writeFile(annotations, JSON.stringify({ images, categories: [{ id: 2, name: 'car' }] }));
  const named = await run('vision', 'detect', pictures, '--model', 'car', '-o', 'coco', '--annotations', annotations);
  expect(JSON.parse(named.stdout)).toMatchObject([{ image_id: 1, category_id: 2 }]);
});

it('installs nothing of a model that does not run', async () => {
  const before = await readFile(join(dataDir, 'models/manifest.json'), 'utf8');
  const added = await run('model', 'add', await carModel('broken', [0, 0, 0, 0, Number.NaN, 0, 0]), '--id', 'broken');
  expect(added.code).toBe(1);
  expect(added.stderr).toContain('no numbers');
  expect(await readFile(join(dataDir, 'models/manifest.json'), 'utf8')).toBe(before);
});

it('verifies all models, and names one whose file was changed', async () => {
  await run('model', 'add', await carModel('third'), '--id', 'car');
  expect((await run('model', 'verify', 'car')).code).toBe(0);
  await writeFile(join(dataDir, 'models/tiny.onnx'), 'changed');
  const { code, stdout } = await run('model', 'verify');
  expect(code).toBe(1);
  expect(stdout).toMatch(/car +no .*damaged or another file/);
  expect(stdout).toMatch(/mb3-centernet-512 +yes/);
});

it('measures frames beside the session alone', async () => {
  const { code, stdout } = await run(
    'model',
    'bench',
    'mb3-centernet-320',
    '--frames',
    '2',
    '--threads',
    '1',
    '-o',
    'json',
  );
  expect(code).toBe(0);
  const [row] = JSON.parse(stdout);
  expect(row).toMatchObject({ id: 'mb3-centernet-320', threads: 1, frames: 2 });
  expect(Math.min(row.frameP50, row.bareP50, row.ratio)).toBeGreaterThan(0);
});

describe('published models', () => {
  const models = resolve(process.env.PARLMESH_TEST_MODELS ?? '../shared/models');

  it.for(['picodet_s_416_clean.onnx', 'yolox_nano_416.onnx'])(
    '%s is recognised and finds things',
    async (file, test) => {
      const path = join(models, file);
      const coco = cocoFolder();
      if (!existsSync(path)) return test.skip(`no ${path}; set PARLMESH_TEST_MODELS`);
      if (coco === undefined) return test.skip('no test pictures; set PARLMESH_TEST_DATA');
      await run('model', 'add', path, '--id', 'other');
      const seen = await run(
        'vision',
        'detect',
        join(coco, 'images/000000000285.jpg'),
        '--model',
        'other',
        '-o',
        'json',
      );
      const [first] = JSON.parse(seen.stdout)[0].objects;
      expect(first.label).toBe('bear');
      expect(first.confidence).toBeGreaterThan(0.6);
      await run('model', 'remove', 'other');
    },
  );
});
