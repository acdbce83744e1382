// Runs in a process of its own, without network and with an empty home folder: one whole vision pipeline on a picture.
// Prints what a parent asks about as one line of JSON.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { cameraOf } from '../../../vision/config.ts';
import { PACKAGED_MODELS } from '../../../vision/detection/model-file.ts';
import { VisionProcessor } from '../../../vision/processor.ts';

const libraries = (): string[] => {
  const report = process.report.getReport() as { sharedObjects?: string[] };
  return (report.sharedObjects ?? []).filter((path) => /onnxruntime/.test(path));
};

const folder = await mkdtemp(join(tmpdir(), 'parlmesh-telemetry-'));
const processor = new VisionProcessor({
  cameras: [],
  config: { enabled: true, snapshots: { keepDays: 1, maxBytes: 1, bytesPerHour: 1 } },
  defaults: { detector: 'mb3-centernet-320', threads: 1, framesPerSecond: 1 },
  modelsDirs: [PACKAGED_MODELS],
  sink: { recordObservation: () => {}, saveSnapshot: async () => '' },
  clock: systemClock,
  random: seededRandom(1),
  logger: silentLogger,
  journal: { record: () => {} },
});
await processor.start(new AbortController().signal);
const loadedWithoutCamera = libraries();
await sharp({ create: { width: 320, height: 240, channels: 3, background: '#567' } })
  .jpeg()
  .toFile(join(folder, 'a.jpg'));
await processor.setCameras([cameraOf({ name: 'a', source: `folder:${folder}` })]);
while (processor.cameras()[0]?.inferenceSeconds === undefined) await setTimeout(20);
const loadedWithCamera = libraries();
await processor.stop();
await rm(folder, { recursive: true });
console.log(JSON.stringify({ loadedWithoutCamera, loadedWithCamera }));
