// What a node remembers of its cameras beside observations: clips, where things were seen, and what people drew on them.

import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Service } from '../../core/service.ts';
import { ClipRecorder } from '../../vision/clips/clip-recorder.ts';
import type { ClipsConfig } from '../../vision/config.ts';
import type { VisionProcessor } from '../../vision/processor.ts';
import type { EffectiveConfig } from '../config/effective.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Store } from '../store/store.ts';
import type { CameraAreasView } from '../view/camera-schema.ts';
import { ActivityMaps } from './activity-maps.ts';
import { ClipFolder } from './clip-folder.ts';
import { type DrawnAreas, drawnCameras, withDrawnAreas, writeDrawnAreas } from './drawn-areas.ts';

export interface CameraMemoryParts {
  dataDir: string;
  /** In force; a reload changes what is in it. */
  config: Pick<EffectiveConfig, 'cameras'> & { vision: { clips: ClipsConfig } };
  /** Has the node go by another configuration: what `change` makes of the present one, or the file's when left out. */
  reload: (change?: (loaded: LoadedConfig) => LoadedConfig) => Promise<unknown>;
  store: Pick<Store, 'state' | 'putState'>;
  vision: VisionProcessor;
  clock: Clock;
  logger: Logger;
}

export class CameraMemory implements Service {
  readonly name = 'camera-memory';
  readonly clips: ClipFolder;
  readonly activity: ActivityMaps;
  readonly #parts: CameraMemoryParts;
  readonly #vision: VisionProcessor;
  readonly #recorder: ClipRecorder | undefined;

  constructor(parts: CameraMemoryParts) {
    const { dataDir, store, vision, clock, logger } = parts;
    const { clips } = parts.config.vision;
    this.#parts = parts;
    this.#vision = vision;
    this.clips = new ClipFolder(join(dataDir, 'clips'), clips, clock);
    this.activity = new ActivityMaps({ store, clock, logger });
    this.#recorder = clips.enabled
      ? new ClipRecorder({
          ...{ cameras: vision, config: clips, clock, logger },
          save: (observation, webp) => this.clips.save(observation, webp),
        })
      : undefined;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.clips.open();
    this.activity.start();
    this.#vision.on('observation', this.activity.add);
    this.#recorder?.start();
  }

  /** Undefined for a camera that there is not. */
  areas(camera: string): CameraAreasView | undefined {
    const { config, dataDir } = this.#parts;
    const found = config.cameras.find(({ name }) => name === camera);
    if (found === undefined) return undefined;
    const { zones, masks, privacy } = found;
    return { zones, masks, privacy, drawn: drawnCameras(dataDir, [found]).length > 0 };
  }

  /** @param areas undefined goes back to those of the configuration */
  async drawAreas(camera: string, areas: DrawnAreas | undefined): Promise<CameraAreasView> {
    if (this.areas(camera) === undefined) {
      throw new ParlmeshError('CAMERA_NOT_FOUND', `There is no camera "${camera}"`, { hint: 'GET /api/v3/cameras' });
    }
    const { dataDir, reload } = this.#parts;
    writeDrawnAreas(dataDir, camera, areas);
    // Drawing must not bring along what somebody is just writing into the file.
    await reload(areas && ((loaded) => withDrawnAreas(loaded, dataDir)));
    return this.areas(camera) ?? { drawn: false };
  }

  async stop(): Promise<void> {
    this.#vision.off('observation', this.activity.add);
    await this.#recorder?.stop();
    await this.activity.stop();
  }
}
