// Looks at N played cameras as a node does, in a process of its own, and prints what that took as one line of JSON.
//
//   node bench/cameras/parlmesh.ts PORT CAMERAS SECONDS motion|detection|every-frame

process.env.ORT_DISABLE_TELEMETRY = '1';

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '../../core/logger.ts';
import { seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';
import { cameraOf } from '../../vision/config.ts';
import { PACKAGED_MODELS } from '../../vision/detection/model-file.ts';
import { VisionProcessor } from '../../vision/processor.ts';
import type { Watched } from './measured.ts';

const [port, cameras, seconds, mode] = process.argv.slice(2);
const names = Array.from({ length: Number(cameras) }, (_, i) => `camera-${i}`);
const processor = new VisionProcessor({
  cameras: names.map((name, i) =>
    cameraOf({
      name,
      source: `mjpeg+http://127.0.0.1:${port}/${i}`,
      detect: mode !== 'motion',
      motionGate: mode !== 'every-frame',
    }),
  ),
  config: { enabled: true, snapshots: { keepDays: 1, maxBytes: 1e6, bytesPerHour: 0 } },
  defaults: { detector: 'mb3-centernet-320', threads: 1, framesPerSecond: 5 },
  modelsDirs: [PACKAGED_MODELS],
  sink: { recordObservation: () => {}, saveSnapshot: async () => '' },
  clock: systemClock,
  random: seededRandom(1),
  logger: silentLogger,
  journal: { record: () => {} },
});
await processor.start(new AbortController().signal);
const isWarm = (): boolean =>
  processor.cameras().every(({ framesTotal, looks }) => framesTotal > 10 && (mode === 'motion' || looks.searched > 0));
while (!isWarm()) await sleep(100);

const totals = (): { frames: number; searched: number } => ({
  frames: processor.cameras().reduce((sum, { framesTotal }) => sum + framesTotal, 0),
  searched: processor.cameras().reduce((sum, { looks }) => sum + looks.searched, 0),
});
const delay = monitorEventLoopDelay({ resolution: 1 });
const before = totals();
const cpu = process.cpuUsage();
delay.enable();
await sleep(Number(seconds) * 1000);
delay.disable();
const { user, system } = process.cpuUsage(cpu);
const after = totals();
const watched: Watched = {
  frames: after.frames - before.frames,
  searched: after.searched - before.searched,
  cpuSeconds: (user + system) / 1e6,
  memoryBytes: process.memoryUsage.rss(),
  loopDelaySeconds: { p99: delay.percentile(99) / 1e9, most: delay.max / 1e9 },
};
console.log(JSON.stringify(watched));
await processor.stop();
