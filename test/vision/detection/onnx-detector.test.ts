import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { checkModelFile, findModel, listModels, PACKAGED_MODELS } from '../../../vision/detection/model-file.ts';
import { type DetectorState, OnnxDetector } from '../../../vision/detection/onnx-detector.ts';
import { temporaryFolder } from '../support/journal.ts';

const SMALL = 'mb3-centernet-320';

async function openDetector(folder: string, options: { deadline?: number; loadDeadline?: number } = {}) {
  const states: DetectorState[] = [];
  const detector = new OnnxDetector({
    model: await findModel([folder], SMALL),
    threads: 1,
    clock: systemClock,
    random: seededRandom(1),
    onState: (state) => states.push(state),
    ...options,
  });
  onTestFinished(() => detector.close());
  detector.open();
  return { detector, states };
}

const grey = () => ({ width: 320, height: 320, pixels: new Uint8Array(320 * 320 * 3).fill(90) });

async function modelFolder(): Promise<{ folder: string; file: string }> {
  const folder = join(await temporaryFolder(), 'models');
  await mkdir(folder);
  for (const name of ['manifest.json', 'mb3-centernet.onnx'])
    await copyFile(join(PACKAGED_MODELS, name), join(folder, name));
  return { folder, file: join(folder, 'mb3-centernet.onnx') };
}

describe('packaged models', () => {
  it('are the files that their manifest names', async () => {
    const models = await listModels([PACKAGED_MODELS]);
    expect(models.map(({ manifest }) => manifest.id)).toEqual(['mb3-centernet-512', 'mb3-centernet-320']);
    for (const model of models) expect(await checkModelFile(model)).toEqual({ kind: 'ok' });
  });

  it('are named when an unknown one is asked for', async () => {
    await expect(findModel([PACKAGED_MODELS], 'yolo')).rejects.toThrow(
      'there are: mb3-centernet-512, mb3-centernet-320',
    );
  });
});

describe('OnnxDetector', () => {
  it('finds nothing in an empty picture, from a request made while it loads', async () => {
    const { detector, states } = await openDetector(PACKAGED_MODELS);
    const { detections, seconds } = await detector.detect(grey(), 0.4);
    expect(detections).toEqual([]);
    expect(seconds).toBeGreaterThan(0);
    expect(states.map(({ kind }) => kind)).toEqual(['loading', 'ready']);
  });

  it('serves several cameras in the order of their requests', async () => {
    const { detector } = await openDetector(PACKAGED_MODELS);
    const order: string[] = [];
    await Promise.all(['a', 'b', 'c'].map((camera) => detector.detect(grey(), 0.4).then(() => order.push(camera))));
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('leaves the event loop free while it works', async () => {
    const { detector } = await openDetector(PACKAGED_MODELS);
    await detector.detect(grey(), 0.4);
    let turns = 0;
    let pending = true;
    const turn = (): void => {
      turns++;
      if (pending) setImmediate(turn);
    };
    setImmediate(turn);
    await detector.detect(grey(), 0.4);
    pending = false;
    // Hundreds in fact; a loop that is blocked by the inference turns once or twice.
    expect(turns).toBeGreaterThan(20);
  });

  it('keeps telemetry off', async () => {
    delete process.env.ORT_DISABLE_TELEMETRY;
    const { detector } = await openDetector(PACKAGED_MODELS);
    await detector.detect(grey(), 0.4);
    expect(process.env.ORT_DISABLE_TELEMETRY).toBe('1');
  });

  it('refuses a picture that is not of its size and goes on', async () => {
    const { detector } = await openDetector(PACKAGED_MODELS);
    await expect(detector.detect({ width: 8, height: 8, pixels: new Uint8Array(192) }, 0.4)).rejects.toMatchObject({
      code: 'DETECTION_FAILED',
    });
    await expect(detector.detect(grey(), 0.4)).resolves.toBeDefined();
  });

  it('replaces a thread that takes longer than the deadline', async () => {
    const { detector, states } = await openDetector(PACKAGED_MODELS, { deadline: 1 });
    await expect(detector.detect(grey(), 0.4)).rejects.toMatchObject({ code: 'DETECTOR_UNAVAILABLE' });
    expect(states.at(-1)).toMatchObject({ kind: 'failed', code: 'DETECTOR_HUNG' });
    await vi.waitFor(() => expect(detector.state.kind).toBe('ready'), 20_000);
  });

  it('gives up after two threads that hang, and tries again when one ends', { timeout: 30_000 }, async () => {
    const { folder, file } = await modelFolderWithout();
    execFileSync('mkfifo', [file]);
    const { states } = await openDetector(folder, { loadDeadline: 2_000 });
    const cause = 'inference hangs; restart the node';
    await vi.waitFor(() => expect(states.at(-1)).toEqual({ kind: 'failed', code: 'DETECTOR_HUNG', cause }), 20_000);
    expect(states.filter(({ kind }) => kind === 'loading')).toHaveLength(2);
    await writeFile(file, 'no model');
    await rm(file);
    await vi.waitFor(() => expect(states.at(-1)).toMatchObject({ code: 'MODEL_MISSING' }), 20_000);
  });

  it.each([
    ['missing', 'MODEL_MISSING', 'does not exist', () => modelFolderWithout()],
    ['truncated', 'MODEL_BROKEN', 'damaged', () => modelFolderTruncated()],
    ['with a flipped byte', 'MODEL_BROKEN', 'damaged', () => modelFolderFlipped()],
  ])(
    'says why it cannot run a file that is %s, and runs when the file is put right',
    async (_what, code, cause, make) => {
      const { folder, file } = await make();
      const { detector, states } = await openDetector(folder);
      await expect(detector.detect(grey(), 0.4)).rejects.toThrow(cause);
      expect(states.at(-1)).toMatchObject({ kind: 'failed', code });
      await copyFile(join(PACKAGED_MODELS, 'mb3-centernet.onnx'), file);
      await vi.waitFor(() => expect(detector.state.kind).toBe('ready'), 20_000);
      await expect(detector.detect(grey(), 0.4)).resolves.toBeDefined();
    },
  );
});

describe('a manifest', () => {
  it.each([
    ['does not fit the model', (text: string) => text.replaceAll('"person",', ''), 'MODEL_MISFIT'],
    [
      'names an output that is not there',
      (text: string) => text.replaceAll('"sides": "sides"', '"sides": "wh"'),
      'MODEL_MISFIT',
    ],
  ])('that %s keeps the model from running', async (_what, change, code) => {
    const { folder } = await modelFolder();
    const path = join(folder, 'manifest.json');
    await writeFile(path, change(await readFile(path, 'utf8')));
    const { detector, states } = await openDetector(folder);
    await expect(detector.detect(grey(), 0.4)).rejects.toMatchObject({ code: 'DETECTOR_UNAVAILABLE' });
    expect(states.at(-1)).toMatchObject({ kind: 'failed', code });
  });

  it.each([
    ['is no JSON', '{', 'is not JSON'],
    ['lacks a field', '{"models":[{"id":"x"}]}', '/models/0'],
  ])('that %s is refused with the place', async (_what, text, message) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'manifest.json'), text);
    await expect(listModels([folder])).rejects.toThrow(message);
  });

  it('is not needed in every folder', async () => {
    expect(await listModels([await temporaryFolder()])).toEqual([]);
  });
});

async function modelFolderWithout() {
  const made = await modelFolder();
  await rm(made.file);
  return made;
}

async function modelFolderTruncated() {
  const made = await modelFolder();
  await truncate(made.file, 1_000_000);
  return made;
}

async function modelFolderFlipped() {
  const made = await modelFolder();
  const bytes = await readFile(made.file);
  bytes[2_000_000]! ^= 1;
  await writeFile(made.file, bytes);
  return made;
}
