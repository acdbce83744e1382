// Models that are not what their manifest says are refused by name; good ones of each family run.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import type { ModelManifest } from '../../../vision/detection/manifest.ts';
import { listModels } from '../../../vision/detection/model-file.ts';
import { openSession } from '../../../vision/detection/model-session.ts';
import { type DetectorState, OnnxDetector } from '../../../vision/detection/onnx-detector.ts';
import { temporaryFolder } from '../support/journal.ts';
import { tinyYolox, writeTiny } from './tiny-models.ts';

beforeAll(() => {
  process.env.ORT_DISABLE_TELEMETRY = '1';
});

const SEES_A_CAR = [0.5, 0.5, 0, 0, 0.9, 0, 1];

async function openTiny(bytes: Uint8Array, more: Partial<ModelManifest> = {}) {
  const folder = await temporaryFolder();
  await writeTiny(folder, bytes, more);
  const [model] = await listModels([folder]);
  const session = await openSession(model!, 1);
  onTestFinished(() => session.release());
  await session.warmUp();
  return session;
}

it.each([
  ['that fits', false],
  ['that computes with bytes inside', true],
])('runs a model %s', async (_what, quantised) => {
  const session = await openTiny(tinyYolox(SEES_A_CAR, 'float', { quantised }));
  const found = await session.detect(new Uint8Array(32 * 32 * 3), 0.5);
  expect(found).toEqual([{ label: 'car', confidence: expect.closeTo(0.9), box: { x: 0, y: 0, width: 1, height: 1 } }]);
});

it('refuses a model that fails on a picture', async () => {
  const folder = await temporaryFolder();
  await writeTiny(folder, tinyYolox(SEES_A_CAR, 'float', { blackIsNaN: true }));
  const [model] = await listModels([folder]);
  const states: DetectorState[] = [];
  const onState = (state: DetectorState): void => void states.push(state);
  const detector = new OnnxDetector({
    model: model!,
    threads: 1,
    clock: systemClock,
    random: seededRandom(1),
    onState,
  });
  onTestFinished(() => detector.close());
  detector.open();
  const grey = { width: 32, height: 32, pixels: new Uint8Array(32 * 32 * 3).fill(90) };
  expect((await detector.detect(grey, 0.5)).detections).toHaveLength(1);
  const black = { ...grey, pixels: new Uint8Array(32 * 32 * 3) };
  await expect(detector.detect(black, 0.5)).rejects.toMatchObject({ code: 'DETECTOR_UNAVAILABLE' });
  expect(states.at(-1)).toMatchObject({ kind: 'failed', code: 'MODEL_MISFIT' });
});

describe('a model is refused by name', () => {
  const broken = Uint8Array.from('this is no model', (letter) => letter.charCodeAt(0));
  const input = {
    name: 'images',
    width: 32,
    height: 32,
    layout: 'nchw',
    type: 'float32',
    order: 'bgr',
    fit: 'letterbox',
  } as const;

  it.each<[string, Uint8Array, Partial<ModelManifest>, string, string]>([
    ['that is no ONNX file', broken, {}, 'MODEL_BROKEN', 'no model that can be loaded'],
    ['that ends too early', tinyYolox(SEES_A_CAR).subarray(0, 200), {}, 'MODEL_BROKEN', 'no model that can be loaded'],
    ['with another hash', tinyYolox(SEES_A_CAR), { sha256: '0'.repeat(64) }, 'MODEL_BROKEN', 'damaged or another file'],
    [
      'with another number of classes',
      tinyYolox(SEES_A_CAR),
      { classes: ['a'] },
      'MODEL_MISFIT',
      'its output output is float32 [1, 1, 7], not float32 [1, 1, 6]',
    ],
    [
      'with other outputs',
      tinyYolox(SEES_A_CAR),
      { output: { decoding: 'yolox', output: 'boxes', strides: [32] } },
      'MODEL_MISFIT',
      'no output boxes, only output',
    ],
    [
      'with another input',
      tinyYolox(SEES_A_CAR),
      { input: { ...input, name: 'image' } },
      'MODEL_MISFIT',
      'its inputs are images, not image',
    ],
    [
      'with an input of another type',
      tinyYolox(SEES_A_CAR, 'uint8'),
      {},
      'MODEL_MISFIT',
      'cannot be run as its manifest says',
    ],
    [
      'with an input of another size',
      tinyYolox(SEES_A_CAR),
      { input: { ...input, width: 64 } },
      'MODEL_MISFIT',
      'cannot be run as its manifest says',
    ],
    [
      'whose outputs are no numbers',
      tinyYolox([0, 0, 0, 0, Number.NaN, 0, 0]),
      {},
      'MODEL_MISFIT',
      'its output hold values that are no numbers',
    ],
  ])('%s', async (_what, bytes, more, code, message) => {
    await expect(openTiny(bytes, more)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

describe('a manifest is refused with the place', () => {
  it.each<[string, Partial<Record<keyof ModelManifest, unknown>>, string]>([
    [
      'an unknown decoding',
      { output: { decoding: 'yolov8', output: 'x' } },
      '/models/0/output/decoding: must be one of centernet, picodet, nanodet, yolox',
    ],
    ['no decoding', { output: {} }, '/models/0/output/decoding: must be one of'],
    [
      'a field of another family',
      { output: { decoding: 'yolox', output: 'x', strides: [8], bins: 8 } },
      '/models/0/output',
    ],
    ['a stride of 0', { output: { decoding: 'yolox', output: 'x', strides: [0] } }, '/models/0/output/strides/0'],
    ['a size without bounds', { input: { name: 'x', width: 65536, height: 32 } }, '/models/0/input'],
    [
      'a mean for bytes',
      {
        input: {
          name: 'x',
          width: 32,
          height: 32,
          layout: 'nhwc',
          type: 'uint8',
          order: 'rgb',
          fit: 'stretch',
          mean: [1, 2, 3],
        },
      },
      'float32 only',
    ],
    ['a file outside of the folder', { file: '../evil.onnx' }, '/models/0/file'],
  ])('%s', async (_what, more, message) => {
    const folder = await temporaryFolder();
    await writeTiny(folder, new Uint8Array(1));
    const path = join(folder, 'manifest.json');
    const content: { models: object[] } = JSON.parse(await readFile(path, 'utf8'));
    Object.assign(content.models[0]!, more);
    await writeFile(path, JSON.stringify(content));
    await expect(listModels([folder])).rejects.toMatchObject({
      code: 'MODEL_MANIFEST_INVALID',
      message: expect.stringContaining(message),
    });
  });
});
