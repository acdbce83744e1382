// Clips of what cameras see: keeps the last seconds of each camera in memory, and writes them when an observation starts,
// with as much of what comes after. What is kept is what people may see, with privacy areas and blurred persons.

import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { CameraHandle, CameraSnapshot } from '../camera-handle.ts';
import type { RecordedObservation } from '../camera-pipeline.ts';
import type { ClipsConfig } from '../config.ts';
import { SnapshotBudget } from '../snapshot-budget.ts';
import { animate } from './animate.ts';
import { ClipRing } from './clip-ring.ts';

/** What it watches; `VisionProcessor` is one. */
export interface WatchedCameras {
  camera(id: string): Pick<CameraHandle, 'onFrame' | 'frameGap'> | undefined;
  picture(id: string, options: { boxes: boolean }): Promise<{ picture: Uint8Array; at: number } | undefined>;
  on(event: 'camera', listener: (snapshot: Pick<CameraSnapshot, 'id'>) => void): unknown;
  on(event: 'observation', listener: (observation: RecordedObservation) => void): unknown;
  off(event: 'camera', listener: (snapshot: Pick<CameraSnapshot, 'id'>) => void): unknown;
  off(event: 'observation', listener: (observation: RecordedObservation) => void): unknown;
}

export interface ClipRecorderParts {
  cameras: WatchedCameras;
  config: ClipsConfig;
  clock: Clock;
  logger: Logger;
  /** Keeps a clip under the id of its observation. */
  save: (observation: string, webp: Uint8Array) => Promise<void>;
}

interface Watched {
  handle: Pick<CameraHandle, 'onFrame'>;
  ring: ClipRing;
  stop: () => void;
  /** A picture is being drawn. */
  busy: boolean;
  /** Clock time of the last picture. */
  takenAt: Millis;
  /** A clip is being made. */
  recording: boolean;
}

const FRAME_EVERY: Millis = 250;
/** Of one camera's pictures in memory. */
const MOST_RING_BYTES = 6_000_000;
/** Fewer pictures are no clip. */
const LEAST_FRAMES = 3;

export class ClipRecorder {
  readonly #parts: ClipRecorderParts;
  readonly #budget: SnapshotBudget;
  readonly #watched = new Map<string, Watched>();
  readonly #making = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  /** One is encoded at a time. */
  #encoding: Promise<unknown> = Promise.resolve();

  constructor(parts: ClipRecorderParts) {
    this.#parts = parts;
    this.#budget = new SnapshotBudget(parts.clock, parts.config);
  }

  start(): void {
    this.#parts.cameras.on('camera', this.#onCamera);
    this.#parts.cameras.on('observation', this.#onObservation);
  }

  /** Resolves when no clip is being made any more; one that waits for its end is given up. */
  async stop(): Promise<void> {
    this.#parts.cameras.off('camera', this.#onCamera);
    this.#parts.cameras.off('observation', this.#onObservation);
    this.#stopping.abort();
    for (const { stop } of this.#watched.values()) stop();
    this.#watched.clear();
    await Promise.all(this.#making);
  }

  /** A camera that is new, or was opened anew. Stills make no clip. */
  readonly #onCamera = ({ id }: Pick<CameraSnapshot, 'id'>): void => {
    const handle = this.#parts.cameras.camera(id);
    const known = this.#watched.get(id);
    if (known?.handle === handle) return;
    known?.stop();
    this.#watched.delete(id);
    if (handle === undefined || !Number.isFinite(handle.frameGap)) return;
    const watched: Watched = {
      handle,
      ring: new ClipRing({ milliseconds: this.#parts.config.seconds * 1000, bytes: MOST_RING_BYTES }),
      stop: handle.onFrame(() => void this.#take(id, watched)),
      ...{ busy: false, recording: false, takenAt: Number.NEGATIVE_INFINITY },
    };
    this.#watched.set(id, watched);
  };

  async #take(id: string, watched: Watched): Promise<void> {
    const now = this.#parts.clock.now();
    if (watched.busy || now - watched.takenAt < FRAME_EVERY) return;
    watched.busy = true;
    watched.takenAt = now;
    try {
      const shown = await this.#parts.cameras.picture(id, { boxes: false });
      if (shown !== undefined) watched.ring.add({ jpeg: shown.picture, at: shown.at });
    } catch (error) {
      this.#parts.logger.debug({ camera: id, cause: messageOf(error) }, 'a picture for a clip was not drawn');
    } finally {
      watched.busy = false;
    }
  }

  readonly #onObservation = (observation: RecordedObservation): void => {
    const watched = this.#watched.get(observation.camera);
    if (observation.phase !== 'start' || watched === undefined || watched.recording) return;
    if (this.#stopping.signal.aborted || !this.#budget.allows()) return;
    watched.recording = true;
    const making = this.#record(observation, watched)
      .catch((error: unknown) => {
        this.#parts.logger.debug({ observation: observation.id, cause: messageOf(error) }, 'a clip was not made');
      })
      .finally(() => {
        watched.recording = false;
        this.#making.delete(making);
      });
    this.#making.add(making);
  };

  /** Half of the seconds before the start, half after. */
  async #record({ id, startedAt }: RecordedObservation, { ring }: Watched): Promise<void> {
    const half = this.#parts.config.seconds * 500;
    await this.#pause(half);
    if (this.#stopping.signal.aborted) return;
    const frames = ring.since(startedAt - half);
    if (frames.length < LEAST_FRAMES) return;
    const encoded = this.#encoding.then(() => animate(frames));
    this.#encoding = encoded.catch(() => {});
    const webp = await encoded;
    this.#budget.spend(webp.byteLength);
    await this.#parts.save(id, webp);
  }

  #pause(time: Millis): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#stopping;
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#parts.clock.after(time, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
