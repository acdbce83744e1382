// One camera with its pipeline: what the processor keeps, what a supervising agent drives, and what others see.

import type { Clock, Millis, Timer } from '../core/clock.ts';
import type { Journal } from '../core/journal.ts';
import type { Random } from '../core/random.ts';
import type { TamperState } from './anomaly/tamper-watch.ts';
import { Camera } from './camera/camera.ts';
import type { FrameSource } from './camera/frame-source.ts';
import type { CameraState } from './camera/health.ts';
import { Occasional } from './camera/occasional.ts';
import type { CameraPipeline, PipelineCounts, RecordedObservation } from './camera-pipeline.ts';
import type { CameraConfig } from './config.ts';
import type { ZoneCount } from './tracking/zone-watch.ts';
import type { SceneState, ViewWatch } from './view-watch.ts';
import type { ReadingSnapshot, ZoneText } from './zone-text.ts';

/** A camera as it is shown. Times are wall-clock milliseconds. */
export interface CameraSnapshot {
  id: string;
  source: string;
  state: CameraState['kind'];
  since: number;
  cause?: string;
  width?: number;
  height?: number;
  framesPerSecond: number;
  framesTotal: number;
  framesSkipped: number;
  framesBroken: number;
  lastFrameAt?: number;
  detector?: string;
  inferenceSeconds?: number;
  objects: RecordedObservation[];
  counts: Record<string, number>;
  zones: ZoneSnapshot[];
  looks: PipelineCounts;
  /** How its view is; undefined where nothing was looked at yet, or nobody watches. */
  view?: TamperState;
  /** How unusual what it shows is. */
  scene?: SceneState;
  /** What its zones say, where they are read. */
  readings?: ReadingSnapshot[];
}

/** A zone, and how many things are in it, came into it and left it since the camera began. */
export interface ZoneSnapshot extends ZoneCount {
  name: string;
  points: number[][];
}

/** What a supervisor is told. */
export type CameraStatus = { state: 'starting' } | { state: 'live' } | { state: 'waiting' | 'lost'; cause: string };

export interface CameraHandleOptions {
  config: CameraConfig;
  source: FrameSource;
  pipeline: CameraPipeline;
  view: ViewWatch;
  text: ZoneText;
  /** The model's id. */
  detector: () => string | undefined;
  clock: Clock;
  random: Random;
  journal: Journal;
  /** Told of every change of state, and of frames that were looked at, these at most once a second. */
  onChange: () => void;
}

/** Frames are told at most this often: as often as the page fetches pictures. */
const FRAME_NEWS_EVERY: Millis = 1_000;
/** Milliseconds that a lost camera may take to come back before what it had in view is over. */
const FORGET_AFTER: Millis = 5_000;

export class CameraHandle {
  readonly config: CameraConfig;
  /** The longest gap between two frames of a healthy live camera, in milliseconds; Infinity for still pictures. */
  readonly frameGap: Millis;
  readonly #options: CameraHandleOptions;
  readonly #camera: Camera;
  /** Why the camera was said to wait and to be lost since it was live: not said again. */
  readonly #said = new Map<CameraState['kind'], string>();
  readonly #frameNews: Occasional<void>;
  #forget: Timer | undefined;
  readonly #frameListeners = new Set<() => void>();
  readonly #statusListeners = new Set<(status: CameraStatus) => void>();

  constructor(options: CameraHandleOptions) {
    const { config, source, pipeline, clock, random, journal } = options;
    this.#options = options;
    this.config = config;
    const { stallAfter } = source;
    this.#frameNews = new Occasional(clock, FRAME_NEWS_EVERY, () => options.onChange());
    this.frameGap = source.pace === 'stills' || stallAfter === undefined ? Number.POSITIVE_INFINITY : 2 * stallAfter;
    this.#camera = new Camera({
      name: config.name,
      source,
      consumer: async (frame) => {
        await pipeline.look(frame);
        this.#frameNews.offer('frame', undefined);
        for (const listener of this.#frameListeners) listener();
      },
      clock,
      random,
      journal,
      onState: (state, before) => this.#onState(state, before),
    });
  }

  /** Resolves when the camera is live or has said why it is not. Does nothing new when it runs. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.begin();
    while (this.#camera.state.kind === 'starting') await this.#nextStatus(signal);
  }

  /** Like `start`, without waiting. */
  begin(): void {
    this.#camera.start();
  }

  async stop(): Promise<void> {
    await this.#camera.stop();
    await this.#options.pipeline.close();
    this.#forget?.cancel();
    this.#frameNews.flush();
  }

  /** Calls `listener` after each frame that was looked at; returns how to stop that. */
  onFrame(listener: () => void): () => void {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  }

  /** Calls `listener` with each new status; returns how to stop that. */
  onStatus(listener: (status: CameraStatus) => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  picture(boxes: boolean): Promise<{ picture: Uint8Array; at: number } | undefined> {
    return this.#options.pipeline.picture(boxes);
  }

  /** The present view is the usual one from now on: the camera was moved on purpose. */
  acceptView(): void {
    this.#options.view.accept(this.#options.clock.wall());
  }

  snapshot(): CameraSnapshot {
    const { pipeline, view, text, source, config } = this.#options;
    const detector = this.#options.detector();
    const state = this.#camera.state;
    const { frames, skipped, broken, framesPerSecond } = this.#camera.counts();
    const objects = pipeline.objects();
    const counts: Record<string, number> = {};
    for (const { label } of objects) counts[label] = (counts[label] ?? 0) + 1;
    const { size, lastFrameAt, inferenceSeconds } = pipeline;
    return {
      id: config.name,
      source: source.kind,
      state: state.kind,
      since: state.since,
      ...('cause' in state && { cause: state.cause }),
      ...(size !== undefined && { width: size.width, height: size.height }),
      framesPerSecond,
      framesTotal: frames,
      framesSkipped: skipped,
      framesBroken: broken,
      ...(lastFrameAt !== undefined && { lastFrameAt }),
      ...(detector !== undefined && { detector }),
      ...(inferenceSeconds !== undefined && { inferenceSeconds }),
      objects,
      counts,
      zones: this.#zones(),
      looks: { ...pipeline.counts() },
      ...(view.tamper !== undefined && { view: view.tamper }),
      ...(view.scene !== undefined && { scene: view.scene }),
      ...(config.readings.length > 0 && { readings: text.snapshot() }),
    };
  }

  #zones(): ZoneSnapshot[] {
    const counts = this.#options.pipeline.zoneCounts();
    return this.config.zones.map(({ name, points }) => ({
      ...{ name, points },
      ...(counts.get(name) ?? { present: 0, entered: 0, left: 0 }),
    }));
  }

  #nextStatus(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => () => {
        forget();
        signal.removeEventListener('abort', onAbort);
        act();
      };
      const forget = this.onStatus(settle(resolve));
      const onAbort = settle(() => reject(signal.reason));
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #onState(state: CameraState, before: CameraState): void {
    if (state.kind !== before.kind) {
      this.#journal(state, before);
      this.#forget?.cancel();
      if (state.kind === 'lost' || state.kind === 'waiting') {
        this.#forget = this.#options.clock.after(FORGET_AFTER, () => this.#options.pipeline.endAll());
      }
    }
    if (state.kind !== 'stopped') {
      const status: CameraStatus = 'cause' in state ? { state: state.kind, cause: state.cause } : { state: state.kind };
      for (const listener of this.#statusListeners) listener(status);
    }
    this.#options.onChange();
  }

  #journal(state: CameraState, before: CameraState): void {
    const { name } = this.config;
    const subject = `camera/${name}`;
    if (state.kind === 'live') this.#said.clear();
    if ('cause' in state) {
      // Numbers differ from time to time: bytes, seconds.
      const cause = state.cause.replace(/\d+/g, '#');
      if (this.#said.get(state.kind) === cause) return;
      this.#said.set(state.kind, cause);
    }
    if (state.kind === 'lost') {
      const message = `Camera ${name} is lost: ${state.cause}`;
      this.#options.journal.record({ severity: 'warning', kind: 'camera.lost', subject, message });
    } else if (state.kind === 'live') {
      const again = before.kind === 'lost' ? `again, after ${Math.round((state.since - before.since) / 1000)} s` : '';
      const message = `Camera ${name} is live ${again}`.trimEnd();
      this.#options.journal.record({ severity: 'info', kind: 'camera.live', subject, message });
    } else if (state.kind === 'waiting') {
      const message = `Camera ${name} waits: ${state.cause}`;
      this.#options.journal.record({ severity: 'info', kind: 'camera.waiting', subject, message });
    }
  }
}
