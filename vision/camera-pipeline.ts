// What happens to one camera's pictures: decode and scale, detect, track, tell. While the detector works on one
// picture, the next is decoded; nothing queues, a newer picture takes the place of one that waits.

import type { Clock, Millis } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Frame } from './camera/camera.ts';
import type { CameraConfig } from './config.ts';
import type { Detector } from './detection/detector.ts';
import type { Annotator } from './picture/draw.ts';
import { Mask } from './picture/mask.ts';
import { type Fit, type PreparedPicture, preparePicture, toPicture } from './picture/prepare.ts';
import type { SnapshotBudget } from './snapshot-budget.ts';
import { type Snapshot, Snapshots } from './snapshots.ts';
import { type Observation, Observer } from './tracking/observer.ts';
import { fingerprint, type SceneFingerprint, samePlace } from './tracking/scene.ts';

/** An observation as it is recorded and shown. */
export interface RecordedObservation extends Observation {
  /** Where its picture is found, once there is one. */
  snapshot?: string;
}

export interface PipelineOptions {
  config: CameraConfig;
  pace: 'video' | 'stills';
  period: Millis;
  /** What searches a picture now; undefined where nothing is detected. */
  detector: () => { detector: Detector; fit: Fit } | undefined;
  clock: Clock;
  logger: Logger;
  annotator: Annotator;
  budget: SnapshotBudget;
  newId: () => string;
  onObservation: (observation: RecordedObservation) => void;
  /** Keeps a picture; resolves with where it is found. */
  saveSnapshot: (snapshot: Snapshot) => Promise<string>;
}

/** What is known of an observation's picture. */
interface Pictured {
  told: RecordedObservation;
  /** Confidence of what the newest picture shows. */
  confidence: number;
  path: string | undefined;
  pending: boolean;
}

/** An observation this much surer than its picture gets a better one. */
const SURER_BY = 0.15;
/** Size to which pictures are decoded where no model asks for one: enough to know that they can be. */
const CHECK_SIZE = { width: 320, height: 320 };

export class CameraPipeline {
  readonly #options: PipelineOptions;
  readonly #observer: Observer;
  readonly #mask: Mask;
  readonly #snapshots: Snapshots;
  readonly #pictured = new Map<string, Pictured>();
  #detecting: Promise<void> = Promise.resolve();
  #newest: { frame: Frame; width: number; height: number } | undefined;
  #scene: SceneFingerprint | undefined;
  #inferenceSeconds: number | undefined;
  #drawn: { frame: Frame; objects: string; jpeg: Promise<Buffer> } | undefined;

  constructor(options: PipelineOptions) {
    this.#options = options;
    const { config, pace, period, newId } = options;
    this.#mask = new Mask(config.masks);
    this.#observer = new Observer({
      camera: config.name,
      zones: config.zones,
      pace,
      minConfidence: config.minConfidence,
      period,
      newId,
    });
    this.#snapshots = new Snapshots({
      annotator: options.annotator,
      budget: options.budget,
      logger: options.logger,
      save: options.saveSnapshot,
      onDone: (id, path) => this.#onSnapshot(id, path),
    });
  }

  /** Width and height of the newest picture. */
  get size(): { width: number; height: number } | undefined {
    return this.#newest;
  }

  get lastFrameAt(): number | undefined {
    return this.#newest?.frame.at;
  }

  get inferenceSeconds(): number | undefined {
    return this.#inferenceSeconds;
  }

  objects(): RecordedObservation[] {
    return this.#observer.present().map((observation) => this.#recorded(observation));
  }

  /**
   * Looks at a frame. Resolves when the detector has it, so that the next can be decoded meanwhile. Rejects when the
   * frame is no usable picture.
   */
  async look(frame: Frame): Promise<void> {
    const { detector, fit } = this.#options.detector() ?? { detector: undefined, fit: 'letterbox' };
    const picture = await preparePicture(frame.bytes, detector?.inputSize ?? CHECK_SIZE, fit, this.#mask);
    await this.#detecting;
    this.#newest = { frame, width: picture.width, height: picture.height };
    if (detector !== undefined) this.#detecting = this.#detect(detector, frame, picture);
  }

  /** The newest picture as JPEG, with what is in view drawn on it where `boxes` says so. */
  async picture(boxes: boolean): Promise<{ picture: Uint8Array; at: number } | undefined> {
    if (this.#newest === undefined) return undefined;
    const { frame } = this.#newest;
    const present = boxes ? this.#observer.present() : [];
    const objects = JSON.stringify(present.map(({ label, confidence, box }) => [label, confidence, box]));
    if (this.#drawn?.frame !== frame || this.#drawn.objects !== objects) {
      this.#drawn = { frame, objects, jpeg: this.#options.annotator.draw(frame.bytes, present) };
    }
    return { picture: await this.#drawn.jpeg, at: frame.at };
  }

  /** Ends what is in view. */
  endAll(): void {
    for (const observation of this.#observer.endAll(this.#options.clock.wall())) this.#tell(observation, undefined);
  }

  /** Ends what is in view; resolves when everything was told and kept. */
  async close(): Promise<void> {
    await this.#detecting;
    // Before the end, so that it is told once, with its picture.
    await this.#snapshots.settled();
    this.endAll();
  }

  /** Never rejects: a detector that cannot run is its own news, the camera goes on. */
  async #detect(detector: Detector, frame: Frame, picture: PreparedPicture): Promise<void> {
    const { config, clock, pace } = this.#options;
    const scene = pace === 'stills' ? fingerprint(picture.input, picture.used) : undefined;
    try {
      const { detections, seconds } = await detector.detect(picture.input, this.#observer.leastConfidence);
      this.#inferenceSeconds = seconds;
      if (scene !== undefined && this.#scene !== undefined && !samePlace(scene, this.#scene)) this.endAll();
      this.#scene = scene;
      const wanted = toPicture(detections, picture.used).filter(
        ({ label }) => config.labels.length === 0 || config.labels.includes(label),
      );
      for (const observation of this.#observer.observe(wanted, clock.now(), frame.at)) this.#tell(observation, frame);
    } catch (error) {
      this.#options.logger.debug({ camera: config.name, cause: messageOf(error) }, 'a frame was not searched');
      this.endAll();
    }
  }

  /** Starts are pictured, and updates that are much surer than what was pictured. */
  #tell(observation: Observation, frame: Frame | undefined): void {
    const known = this.#pictured.get(observation.id);
    const told = this.#recorded(observation);
    const pictured = known ?? { told, confidence: 0, path: undefined, pending: false };
    pictured.told = told;
    this.#pictured.set(observation.id, pictured);
    // An end waits for a picture that is under way, so that it is told once.
    if (observation.phase !== 'end' || !pictured.pending) this.#options.onObservation(told);
    if (frame !== undefined && observation.phase !== 'end' && told.confidence >= pictured.confidence + SURER_BY) {
      pictured.pending = this.#snapshots.request(observation, frame.bytes, frame.at) || pictured.pending;
      pictured.confidence = told.confidence;
    }
    this.#forgetEnded(pictured);
  }

  /** A first picture is told; a better one is found at the same path. */
  #onSnapshot(id: string, path: string | undefined): void {
    const pictured = this.#pictured.get(id);
    if (pictured === undefined) return;
    pictured.pending = false;
    if (path !== undefined && pictured.path === undefined) {
      pictured.path = path;
      const phase = pictured.told.phase === 'start' ? 'update' : pictured.told.phase;
      pictured.told = { ...pictured.told, phase, snapshot: path };
      this.#options.onObservation(pictured.told);
    } else if (pictured.told.phase === 'end') {
      this.#options.onObservation(pictured.told);
    }
    this.#forgetEnded(pictured);
  }

  #forgetEnded({ told, pending }: Pictured): void {
    if (told.phase === 'end' && !pending) this.#pictured.delete(told.id);
  }

  #recorded(observation: Observation): RecordedObservation {
    const snapshot = this.#pictured.get(observation.id)?.path;
    return snapshot === undefined ? observation : { ...observation, snapshot };
  }
}
