import { once } from 'node:events';
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { sceneSvg } from '../../vision/camera/rendered-scenes.ts';
import { PACKAGED_MODELS } from '../../vision/detection/model-file.ts';
import { jpegPart, serve } from './support/camera.ts';
import { cocoFolder, temporaryFolder } from './support/journal.ts';
import { cameraConfig, makeProcessor, startProcessor } from './support/processor.ts';

const wait = { timeout: 20_000, interval: 20 };

describe('VisionProcessor', () => {
  it('observes things in the rendered street, with pictures, and ends them when it stops', async () => {
    const { processor, observations, snapshots } = await startProcessor([cameraConfig('north', 'rendered:')], {
      detector: 'mb3-centernet-512',
    });
    const labels = () => new Set(processor.cameras()[0]!.objects.map(({ label }) => label));
    await vi.waitFor(() => expect([...labels()]).toEqual(expect.arrayContaining(['stop sign', 'clock'])), wait);
    await vi.waitFor(() => expect(snapshots.length).toBeGreaterThanOrEqual(2), wait);
    const [camera] = processor.cameras();
    expect(camera).toMatchObject({
      id: 'north',
      source: 'rendered',
      state: 'live',
      width: 960,
      height: 540,
      detector: 'mb3-centernet-512',
      counts: { 'stop sign': 1, clock: 1 },
    });
    const picture = await processor.picture('north');
    expect(await sharp(picture!.picture).metadata()).toMatchObject({ format: 'jpeg', width: 960 });
    await processor.stop();
    const started = observations.filter(({ phase }) => phase === 'start').map(({ id }) => id);
    const ended = observations.filter(({ phase }) => phase === 'end').map(({ id }) => id);
    expect(ended.sort()).toEqual(started.sort());
    expect(new Set(ended).size).toBe(ended.length);
    expect(snapshots.every(({ observation }) => started.includes(observation))).toBe(true);
  });

  it('observes a photo within two seconds of its drop, and another photo ends what the first showed', async (test) => {
    const coco = cocoFolder();
    if (coco === undefined) return test.skip('no test pictures; set PARLMESH_TEST_DATA');
    const folder = await temporaryFolder();
    const { processor, observations } = await startProcessor([cameraConfig('door', `folder:${folder}`)]);
    await vi.waitFor(() => expect(processor.cameras()[0]).toMatchObject({ state: 'waiting' }), wait);
    await once(processor, 'detector');
    const people = join(coco, 'images/000000002685.jpg');
    await copyFile(people, join(folder, 'first.jpg'));
    await vi.waitFor(() => expect(observations.some(({ label }) => label === 'person')).toBe(true), wait);
    const first = observations.filter(({ phase }) => phase === 'start').map(({ id }) => id);
    await sharp({ create: { width: 640, height: 480, channels: 3, background: '#456' } })
      .png()
      .toFile(join(folder, '.x.png'));
    await rename(join(folder, '.x.png'), join(folder, 'second.png'));
    await vi.waitFor(() => expect(processor.cameras()[0]!.objects).toEqual([]), wait);
    expect(observations.filter(({ phase }) => phase === 'end').map(({ id }) => id)).toEqual(
      expect.arrayContaining(first),
    );
  });

  it('has nothing to show without a camera', async () => {
    const { processor } = await startProcessor([]);
    expect(processor.cameras()).toEqual([]);
    expect(await processor.picture('none')).toBeUndefined();
  });

  it('goes on with the other cameras when one cannot start', async () => {
    const { processor } = await startProcessor([
      cameraConfig('nonsense', 'gopher://host/'),
      cameraConfig('gone', 'folder:/does/not/exist'),
      cameraConfig('good', 'rendered:?scene=desk', { detect: false }),
    ]);
    await vi.waitFor(
      () => expect(processor.cameras().map(({ state }) => state)).toEqual(['lost', 'lost', 'live']),
      wait,
    );
    expect(processor.cameras().map(({ cause }) => cause)).toEqual([
      expect.stringContaining('no kind of camera source'),
      expect.stringContaining('/does/not/exist'),
      undefined,
    ]);
  });

  it('shows cameras without detection while the model is missing, says so once, and detects when it is there', async () => {
    const folder = join(await temporaryFolder(), 'models');
    await mkdir(folder);
    await copyFile(join(PACKAGED_MODELS, 'manifest.json'), join(folder, 'manifest.json'));
    const { processor, journal } = await startProcessor([cameraConfig('north', 'rendered:')], {
      modelsDirs: [folder],
      detector: 'mb3-centernet-512',
    });
    const failures = () => journal.kinds().filter((kind) => kind === 'vision.detector-failed');
    await vi.waitFor(() => expect(failures()).toHaveLength(1), wait);
    const before = processor.cameras()[0]!.framesTotal;
    await vi.waitFor(() => expect(processor.cameras()[0]!.framesTotal).toBeGreaterThan(before + 2), wait);
    expect(failures()).toHaveLength(1);
    expect((await processor.models()).map(({ state }) => state)).toEqual(['missing', 'missing']);
    await copyFile(join(PACKAGED_MODELS, 'mb3-centernet.onnx'), join(folder, 'mb3-centernet.onnx'));
    await vi.waitFor(() => expect(processor.cameras()[0]!.objects).not.toEqual([]), wait);
    expect(journal.kinds()).toContain('vision.detector-ready');
  });

  it('detects when a model that nobody knew is there, or its manifest is put right', async () => {
    const folder = join(await temporaryFolder(), 'models');
    await mkdir(folder);
    const { processor } = await startProcessor([cameraConfig('north', 'rendered:')], { modelsDirs: [folder] });
    expect(processor.detectorState()).toMatchObject({
      kind: 'failed',
      code: 'MODEL_UNKNOWN',
      cause: expect.stringContaining('No model is called "mb3-centernet-320"'),
    });
    const manifest = await readFile(join(PACKAGED_MODELS, 'manifest.json'), 'utf8');
    await copyFile(join(PACKAGED_MODELS, 'mb3-centernet.onnx'), join(folder, 'mb3-centernet.onnx'));
    const other = manifest.replace(/"sha256": "[0-9a-f]{64}"/g, `"sha256": "${'0'.repeat(64)}"`);
    await writeFile(join(folder, 'manifest.json'), other);
    await vi.waitFor(() => expect(processor.detectorState()).toMatchObject({ code: 'MODEL_BROKEN' }), wait);
    await writeFile(join(folder, 'manifest.json'), manifest);
    await vi.waitFor(() => expect(processor.detectorState().kind).toBe('ready'), wait);
    expect(processor.cameras()[0]!.detector).toBe('mb3-centernet-320');
    await processor.stop();
    expect(processor.detectorState()).toEqual({ kind: 'closed' });
  });

  it('tells of frames without detection, at most once a second', async () => {
    const { processor } = await startProcessor([cameraConfig('north', 'rendered:', { detect: false })], {
      framesPerSecond: 10,
    });
    const began = performance.now();
    const seen: (number | undefined)[] = [];
    processor.on('camera', ({ lastFrameAt }) => seen.push(lastFrameAt));
    await vi.waitFor(() => expect(new Set(seen).size).toBeGreaterThan(3), wait);
    // Besides one for each second: it began, its first frame, it is live.
    expect(seen.length).toBeLessThanOrEqual((performance.now() - began) / 1000 + 3);
  });

  it('changes its cameras after a change that failed', async () => {
    const { processor } = await startProcessor([]);
    processor.once('camera', () => {
      throw new Error('a listener failed');
    });
    const camera = (name: string) => cameraConfig(name, 'rendered:', { detect: false });
    await expect(processor.setCameras([camera('one')])).rejects.toThrow('a listener failed');
    await processor.setCameras([camera('two')]);
    expect(processor.cameras().map(({ id }) => id)).toEqual(['two']);
  });

  it('journals a loss that repeats itself once until the camera was live', async () => {
    let good: Buffer | undefined;
    const url = await serve((_request, response) => {
      if (good === undefined) return response.end('no picture');
      response.end(good);
      good = undefined;
    });
    const flapping = cameraConfig('door', url.href, { detect: false, framesPerSecond: 30 });
    const { processor, journal } = await startProcessor([flapping]);
    const camera = processor.camera('door')!;
    const told = () => journal.kinds().filter((kind) => kind === 'camera.waiting').length;
    await vi.waitFor(() => expect(told()).toBe(1), wait);
    for (let i = 0; i < 2; i++) {
      await camera.stop();
      await camera.start(new AbortController().signal);
    }
    expect(told()).toBe(1);
    good = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .jpeg()
      .toBuffer();
    await vi.waitFor(() => expect(journal.kinds()).toContain('camera.live'), wait);
    await camera.stop();
    await camera.start(new AbortController().signal);
    await vi.waitFor(() => expect(told()).toBe(2), wait);
  });

  it('ends what was in view when its camera stays lost', async () => {
    const picture = await sharp(Buffer.from(sceneSvg('street', 1, 'north', { elapsed: 4, wall: 0 })))
      .jpeg()
      .toBuffer();
    let reachable = true;
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' });
      const send = setInterval(() => (reachable ? response.write(jpegPart(picture)) : response.destroy()), 50);
      response.on('close', () => clearInterval(send));
    });
    const { processor } = await startProcessor([cameraConfig('north', `mjpeg+${url.href}`)], {
      detector: 'mb3-centernet-512',
    });
    await vi.waitFor(() => expect(processor.cameras()[0]!.objects).not.toEqual([]), wait);
    reachable = false;
    await vi.waitFor(() => expect(processor.cameras()[0]).toMatchObject({ state: 'lost', objects: [] }), wait);
  });

  it('opens, closes and keeps cameras when the list changes', async () => {
    const north = cameraConfig('north', 'rendered:', { detect: false });
    const { processor } = await startProcessor([north, cameraConfig('old', 'rendered:', { detect: false })]);
    const kept = processor.camera('north');
    await processor.setCameras([north, cameraConfig('new', 'rendered:', { detect: false })]);
    expect(processor.cameras().map(({ id }) => id)).toEqual(['north', 'new']);
    expect(processor.camera('north')).toBe(kept);
  });

  it('gives a supervisor a camera to start, stop and listen to', async () => {
    const { processor } = await startProcessor([cameraConfig('north', 'rendered:', { detect: false })]);
    const camera = processor.camera('north')!;
    await camera.stop();
    expect(camera.snapshot().state).toBe('stopped');
    const frames: number[] = [];
    const forget = camera.onFrame(() => frames.push(1));
    const states: string[] = [];
    camera.onStatus(({ state }) => states.push(state));
    await camera.start(new AbortController().signal);
    await vi.waitFor(() => expect(frames.length).toBeGreaterThan(1), wait);
    expect(states.slice(0, 2)).toEqual(['starting', 'live']);
    forget();
  });

  it('counts and tells broken pictures without losing the camera', async () => {
    const folder = await temporaryFolder();
    const { processor, journal } = await startProcessor([cameraConfig('door', `folder:${folder}`, { detect: false })]);
    await writeFile(
      join(folder, 'bad.jpg'),
      Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(900, 7), Buffer.from([0xff, 0xd9])]),
    );
    await vi.waitFor(() => expect(processor.cameras()[0]!.framesBroken).toBe(1), wait);
    expect(journal.kinds()).toContain('camera.picture-broken');
    await sharp({ create: { width: 64, height: 48, channels: 3, background: 'red' } })
      .jpeg()
      .toFile(join(folder, 'good.jpg'));
    await vi.waitFor(
      () => expect(processor.cameras()[0]).toMatchObject({ state: 'live', width: 64, height: 48 }),
      wait,
    );
  });

  it('opens no camera where vision is switched off', async () => {
    const { processor } = makeProcessor([cameraConfig('north', 'rendered:')], { config: { enabled: false } });
    await processor.start(new AbortController().signal);
    expect(processor.cameras()).toEqual([]);
  });
});
