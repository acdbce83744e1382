// The cameras of a node, joined to what they need of it: its models and store, how hot and busy the board is, and
// neighbours that search pictures for one that is.

import { join } from 'node:path';
import { stressOf } from '../agents/swarm/worker/stress.ts';
import type { Clock } from '../core/clock.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Random } from '../core/random.ts';
import type { FrameSource } from '../vision/camera/frame-source.ts';
import { VisionProcessor } from '../vision/processor.ts';
import { ViewFiles } from './cameras/view-files.ts';
import type { EffectiveConfig } from './config/effective.ts';
import { sights } from './sights.ts';
import type { Store } from './store/store.ts';
import type { HardwareView } from './view/schema.ts';
import type { Workforce } from './workforce.ts';

export interface EyesParts {
  config: EffectiveConfig;
  /** Looks a second of a camera that says nothing. */
  framesPerSecond: number;
  dataDir: string;
  /** Folder of the packaged models. */
  packagedModels: string;
  store: Store;
  /** The board's newest reading. */
  hardware: () => HardwareView | undefined;
  /** Neighbours that search, and the reader of texts: there before the cameras open. */
  work: () => Pick<Workforce, 'frameHelp' | 'textReader'>;
  /** See `VisionProcessorOptions`. */
  disturb?: (camera: string, source: FrameSource) => FrameSource;
  clock: Clock;
  random: Random;
  logger: Logger;
  journal: Journal;
}

export function openEyes(parts: EyesParts): VisionProcessor {
  const { config, framesPerSecond, dataDir, packagedModels, store, work, journal, clock, random, logger } = parts;
  return new VisionProcessor({
    cameras: config.cameras,
    config: config.vision,
    defaults: { detector: config.vision.detector, threads: config.vision.threads, framesPerSecond },
    modelsDirs: [join(dataDir, 'models'), packagedModels],
    sink: sights(store, journal),
    pressure: () => pressureOf(parts.hardware()),
    remoteDetect: (jpeg, minConfidence) => work().frameHelp.detect(jpeg, minConfidence),
    readText: (picture, options) => work().textReader.read(picture, options),
    viewMemory: new ViewFiles(join(dataDir, 'views'), logger),
    ...{ clock, random, logger, journal },
    ...(parts.disturb !== undefined && { disturb: parts.disturb }),
  });
}

/** Share of all cores in use from which cameras give way, and at which they give most. */
const BUSY = { begins: 0.85, all: 1 };
/** A busy processor is no danger to the board: it presses less than heat does. */
const MOST_OF_BUSY = 0.8;

/** How much presses on the board, 0 to 1: heat, throttling, memory, battery, a busy processor. Pure. */
export function pressureOf(reading: HardwareView | undefined): number {
  if (reading === undefined) return 0;
  const busy = (reading.cpu.load - BUSY.begins) / (BUSY.all - BUSY.begins);
  return Math.max(stressOf(reading), MOST_OF_BUSY * Math.min(1, Math.max(0, busy)));
}
