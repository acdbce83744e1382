// The whole path beside the bare session: rounds of both in turn, so that a busy machine slows both alike.

import { readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentLogger } from '../../core/logger.ts';
import { seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';
import { CameraPipeline } from '../../vision/camera-pipeline.ts';
import { cameraOf } from '../../vision/config.ts';
import { openBareSession } from '../../vision/detection/bare-session.ts';
import type { Model } from '../../vision/detection/model-file.ts';
import { OnnxDetector } from '../../vision/detection/onnx-detector.ts';
import { Annotator } from '../../vision/picture/draw.ts';
import { preparePicture } from '../../vision/picture/prepare.ts';
import { SnapshotBudget } from '../../vision/snapshot-budget.ts';
import { Turns } from '../../vision/turns.ts';
import { ViewWatch } from '../../vision/view-watch.ts';
import { ZoneText } from '../../vision/zone-text.ts';

export interface Speed {
  /** Seconds per picture, from JPEG bytes to observations. */
  path: number;
  /** Seconds per run of the session alone. */
  bare: number;
  /** Longest time the event loop was late while the path ran, in seconds; a busy machine shows in it. */
  worstDelay: number;
  /** Median over rounds of the longest time. */
  usualDelay: number;
  /** The same of a loop that only waits for the bare session. */
  idleDelay: number;
}

/** Short rounds, so that whatever else the machine does falls on both sides. */
const ROUNDS = 20;
const PICTURES_A_ROUND = 6;

/** Medians over rounds; the pictures in turn. */
export async function measureSpeed(model: Model, threads: number, pictures: readonly string[]): Promise<Speed> {
  const frames = await Promise.all(pictures.map((path) => readFile(path)));
  const detector = new OnnxDetector({ model, threads, clock: systemClock, random: seededRandom(1) });
  detector.open();
  const pipeline = pipelineOf(detector, model);
  const { input } = await preparePicture(frames[0]!, detector.inputSize, model.manifest.input.fit);
  const bare = await openBareSession({ model, threads, pixels: input.pixels });
  const runBare = async (): Promise<number> => mean(await bare.run(PICTURES_A_ROUND));
  await runPath(pipeline, frames.slice(0, PICTURES_A_ROUND));
  await runBare();
  const times: { path: number[]; bare: number[] } = { path: [], bare: [] };
  const delays: { path: number[]; bare: number[] } = { path: [], bare: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const from = (round * PICTURES_A_ROUND) % (frames.length - PICTURES_A_ROUND + 1);
    delays.bare.push(await worstDelay(async () => times.bare.push(await runBare())));
    const pictures = frames.slice(from, from + PICTURES_A_ROUND);
    delays.path.push(await worstDelay(async () => times.path.push(await runPath(pipeline, pictures))));
  }
  bare.close();
  await pipeline.close();
  await detector.close();
  return {
    path: median(times.path),
    bare: median(times.bare),
    worstDelay: Math.max(...delays.path),
    usualDelay: median(delays.path),
    idleDelay: median(delays.bare),
  };
}

function pipelineOf(detector: OnnxDetector, model: Model): CameraPipeline {
  let ids = 0;
  const config = cameraOf({ name: 'bench', source: 'bench' });
  const logger = silentLogger;
  return new CameraPipeline({
    config,
    text: new ZoneText({
      ...{ config, readText: undefined, clock: systemClock, logger },
      ...{ journal: { record: () => {} }, onChange: () => {} },
    }),
    pace: 'stills',
    period: 50,
    detector: () => ({ detector, fit: model.manifest.input.fit }),
    view: new ViewWatch({
      ...{ camera: 'bench', pace: 'stills', tamper: false, unusual: false, clock: systemClock },
      ...{ journal: { record: () => {} }, onChange: () => {} },
    }),
    turns: new Turns({ atOnce: 2 }),
    pressure: () => 0,
    remote: () => undefined,
    onZone: () => {},
    clock: systemClock,
    logger,
    annotator: new Annotator(),
    budget: new SnapshotBudget(systemClock, { bytesPerHour: 0 }),
    newId: () => `observation-${ids++}`,
    onObservation: () => {},
    saveSnapshot: async () => '',
  });
}

/** Seconds by which the event loop was late at worst while `work` ran. */
async function worstDelay(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  return Math.max(0, delay.max / 1e9 - 0.001);
}

/** Seconds per picture. */
async function runPath(pipeline: CameraPipeline, frames: readonly Uint8Array[]): Promise<number> {
  const from = performance.now();
  for (const bytes of frames) await pipeline.look({ bytes, at: Date.now() });
  return (performance.now() - from) / 1000 / frames.length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
