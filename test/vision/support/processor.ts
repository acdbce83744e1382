// A VisionProcessor with the packaged small model and everything it tells kept in memory.

import { onTestFinished } from 'vitest';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import type { RecordedObservation } from '../../../vision/camera-pipeline.ts';
import { type CameraConfig, cameraOf, type VisionConfig } from '../../../vision/config.ts';
import { PACKAGED_MODELS } from '../../../vision/detection/model-file.ts';
import { VisionProcessor } from '../../../vision/processor.ts';
import type { Snapshot } from '../../../vision/snapshots.ts';
import { MemoryJournal } from './journal.ts';

export function cameraConfig(name: string, source: string, more: Partial<CameraConfig> = {}): CameraConfig {
  return cameraOf({ name, source, ...more });
}

export function makeProcessor(
  cameras: CameraConfig[],
  more: { config?: Partial<VisionConfig>; modelsDirs?: string[]; detector?: string; framesPerSecond?: number } = {},
) {
  const journal = new MemoryJournal();
  const observations: RecordedObservation[] = [];
  const snapshots: Snapshot[] = [];
  const processor = new VisionProcessor({
    cameras,
    config: { enabled: true, snapshots: { keepDays: 7, maxBytes: 1e6, bytesPerHour: 1e7 }, ...more.config },
    defaults: {
      detector: more.detector ?? 'mb3-centernet-320',
      threads: 1,
      framesPerSecond: more.framesPerSecond ?? 5,
    },
    modelsDirs: more.modelsDirs ?? [PACKAGED_MODELS],
    sink: {
      recordObservation: (observation) => observations.push(observation),
      saveSnapshot: async (snapshot) => {
        snapshots.push(snapshot);
        return `/observations/${snapshot.observation}/picture`;
      },
    },
    clock: systemClock,
    random: seededRandom(7),
    logger: silentLogger,
    journal,
  });
  onTestFinished(() => processor.stop());
  return { processor, journal, observations, snapshots };
}

export async function startProcessor(...options: Parameters<typeof makeProcessor>) {
  const made = makeProcessor(...options);
  await made.processor.start(new AbortController().signal);
  return made;
}
