// The eyes of a node: its cameras, one shared detector, and what they see. With no camera nothing is loaded.

import { EventEmitter } from 'node:events';
import type { Clock, Millis } from '../core/clock.ts';
import { ParlmeshError } from '../core/errors.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Random } from '../core/random.ts';
import type { Service } from '../core/service.ts';
import { AskedDetection } from './asked-detection.ts';
import type { FrameSource } from './camera/frame-source.ts';
import { openSource } from './camera/open-source.ts';
import { ScheduledSource } from './camera/scheduled.ts';
import { CameraHandle, type CameraSnapshot } from './camera-handle.ts';
import { CameraPipeline, type RecordedObservation } from './camera-pipeline.ts';
import { type CameraConfig, type Looking, lookingOf, type VisionConfig } from './config.ts';
import type { Detection } from './detection/detector.ts';
import { describeModel, listModels, type ModelSnapshot } from './detection/model-file.ts';
import type { DetectorState } from './detection/onnx-detector.ts';
import { SharedDetector } from './detection/shared-detector.ts';
import { Annotator } from './picture/draw.ts';
import type { RemoteDetect } from './search.ts';
import { SnapshotBudget } from './snapshot-budget.ts';
import type { Snapshot } from './snapshots.ts';
import { Turns } from './turns.ts';
import type { ViewMemory } from './view-memory.ts';
import { ViewWatch } from './view-watch.ts';
import { ZoneNews } from './zone-news.ts';
import { type ReadText, ZoneText } from './zone-text.ts';

/** Keeps what is seen. */
export interface ObservationSink {
  /** Takes an observation's newest form. Never throws and never blocks. */
  recordObservation(observation: RecordedObservation): void;
  /** Keeps a JPEG, in place of an earlier one of the same observation; resolves with the path it is found under. */
  saveSnapshot(snapshot: Snapshot): Promise<string>;
}

export interface VisionProcessorOptions {
  cameras: readonly CameraConfig[];
  config: Omit<VisionConfig, 'clips'>;
  /** What the board's profile says where the configuration says nothing. */
  defaults: { detector: string; threads: number; framesPerSecond: number };
  /** Folders with a `manifest.json`; of two models with one id the earlier folder's counts. */
  modelsDirs: readonly string[];
  sink: ObservationSink;
  clock: Clock;
  random: Random;
  logger: Logger;
  journal: Journal;
  /** How much the board is under pressure, 0 to 1: by heat, a tight memory, a busy processor. */
  pressure?: () => number;
  /** Another node that searches pictures for this one while it is under pressure. */
  remoteDetect?: RemoteDetect;
  /** Reads what zones say. */
  readText?: ReadText;
  /** What comes between a camera's source and whoever looks, for trying out what follows. */
  disturb?: (camera: string, source: FrameSource) => FrameSource;
  /** Keeps what was learned of cameras' views. */
  viewMemory?: ViewMemory;
}

export interface VisionEvents {
  /** A camera's state or what it has in view changed, or a frame was looked at: for frames alone once a second at most. */
  camera: [snapshot: CameraSnapshot];
  observation: [observation: RecordedObservation];
  /** The detector was loaded, failed, or came back. */
  detector: [state: DetectorState];
}

/** Pressure from which another node is asked to search. */
const HANDS_ON_FROM = 0.7;

/** How long cameras give way when that is asked for, and how much. */
const RELIEF_FOR: Millis = 600_000;
const RELIEF = 0.6;

export class VisionProcessor extends EventEmitter<VisionEvents> implements Service {
  readonly name = 'vision';
  readonly #options: VisionProcessorOptions;
  readonly #annotator = new Annotator();
  readonly #budget: SnapshotBudget;
  readonly #cameras = new Map<string, CameraHandle>();
  #configured: readonly CameraConfig[];
  readonly #detector: SharedDetector;
  /** Why the detector failed last, until it works again: told once. */
  #failure: string | undefined;
  #running = false;
  readonly #turns = new Turns({ atOnce: 2 });
  readonly #zoneNews: ZoneNews;
  readonly #asked: AskedDetection;
  #relievedUntil: Millis = 0;
  /** Changes of the list of cameras, one after the other. */
  #change: Promise<void> = Promise.resolve();

  constructor(options: VisionProcessorOptions) {
    super();
    this.#options = options;
    this.#configured = options.cameras;
    this.#zoneNews = new ZoneNews(options.clock, options.journal);
    this.#budget = new SnapshotBudget(options.clock, options.config.snapshots);
    const { modelsDirs, config, defaults, clock, random } = options;
    this.#detector = new SharedDetector({
      ...{ id: this.#modelId, modelsDirs, clock, random },
      threads: config.threads ?? defaults.threads,
      onState: (state) => this.#onDetectorState(state),
    });
    this.#asked = new AskedDetection({
      ...{ shared: this.#detector, turns: this.#turns, clock },
      neededByCameras: () => this.#detectingCameras().length > 0,
    });
  }

  /** Resolves when every camera has begun; one that cannot see says so in its own state. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#running = true;
    await this.setCameras(this.#configured);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#asked.close();
    await this.#enqueue([]);
    this.#zoneNews.flush();
  }

  /** Opens, closes and reopens cameras until they are those of the list; a camera that did not change goes on. */
  setCameras(cameras: readonly CameraConfig[]): Promise<void> {
    this.#configured = cameras;
    return this.#running ? this.#enqueue(this.#options.config.enabled ? cameras : []) : Promise.resolve();
  }

  cameras(): CameraSnapshot[] {
    return [...this.#cameras.values()].map((camera) => camera.snapshot());
  }

  /** For whoever supervises a single camera. Undefined while vision is stopped or when no camera has that name. */
  camera(id: string): CameraHandle | undefined {
    return this.#cameras.get(id);
  }

  /** How the detector is; `closed` while no camera asks for one. */
  detectorState(): DetectorState {
    return this.#detector.state;
  }

  /** A camera's newest picture as JPEG, with what is in view drawn on it unless told not to; undefined before the first. */
  async picture(id: string, { boxes = true } = {}): Promise<{ picture: Uint8Array; at: number } | undefined> {
    return this.#cameras.get(id)?.picture(boxes);
  }

  /** Searches a single picture for whoever asks. Rejects with `DETECTOR_UNAVAILABLE`, `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE`. */
  async detect(bytes: Uint8Array, minConfidence: number): Promise<{ model: string; detections: Detection[] }> {
    if (!this.#running) throw new ParlmeshError('DETECTOR_UNAVAILABLE', 'Vision does not run on this node');
    return this.#asked.detect(bytes, minConfidence);
  }

  /** Looks at fewer pictures for ten minutes, as under the pressure of a hot board. */
  giveWay(): void {
    this.#relievedUntil = this.#options.clock.now() + RELIEF_FOR;
  }

  /** Looks as often as before again. */
  takeUpAgain(): void {
    this.#relievedUntil = 0;
  }

  /** Another model that is whole serves instead of the present one, until the node is started anew; resolves with its id. */
  async useOtherDetector(): Promise<string> {
    const models = await this.models();
    const other = models.find(({ id, state }) => id !== this.#detector.id && state === 'ok');
    if (other === undefined) {
      throw new ParlmeshError('MODEL_UNKNOWN', 'There is no other model that could serve', {
        hint: 'parlmesh model add',
      });
    }
    await this.#detector.use(other.id);
    return other.id;
  }

  /** The file of the detector's model was put right: it is looked at now, not when its turn comes. */
  async lookForDetector(): Promise<void> {
    await this.#detector.use(this.#detector.id);
  }

  get detectorId(): string {
    return this.#detector.id;
  }

  /** All known models; each file is read and compared with its manifest. */
  async models(): Promise<ModelSnapshot[]> {
    const models = await listModels(this.#options.modelsDirs);
    return Promise.all(models.map((model) => describeModel(model, this.#modelId)));
  }

  get #modelId(): string {
    return this.#options.config.detector ?? this.#options.defaults.detector;
  }

  #enqueue(cameras: readonly CameraConfig[]): Promise<void> {
    const change = this.#change.then(() => this.#replaceCameras(cameras));
    // One that fails is its caller's; the next is tried all the same.
    this.#change = change.catch(() => {});
    return change;
  }

  async #replaceCameras(cameras: readonly CameraConfig[]): Promise<void> {
    const wanted = new Map(cameras.map((config) => [config.name, config]));
    const removed = [...this.#cameras].filter(
      ([name, { config }]) => JSON.stringify(wanted.get(name)) !== JSON.stringify(config),
    );
    for (const [name] of removed) this.#cameras.delete(name);
    const detects = cameras.some((camera) => this.#lookingOf(camera).detect);
    // Closed at the same time, so that a detection that hangs does not keep a camera from ending.
    await Promise.all([
      ...removed.map(([, camera]) => camera.stop()),
      ...(detects || this.#asked.inUse ? [] : [this.#detector.close()]),
    ]);
    const added = cameras.filter(({ name }) => !this.#cameras.has(name));
    if (detects) await this.#detector.open();
    for (const config of added) {
      const camera = this.#open(config);
      this.#cameras.set(config.name, camera);
      camera.begin();
    }
  }

  #open(config: CameraConfig): CameraHandle {
    const { clock, random, logger, journal, sink } = this.#options;
    const { detect, framesPerSecond } = this.#lookingOf(config);
    const source = this.#sourceOf(config, framesPerSecond);
    const detector = () => (detect ? this.#detector.current : undefined);
    const tell = (): void => {
      this.emit('camera', handle.snapshot());
    };
    const view = new ViewWatch({
      ...{ camera: config.name, pace: source.pace, tamper: config.tamper, unusual: config.unusual, clock, journal },
      memory: this.#options.viewMemory,
      onChange: tell,
    });
    const text = new ZoneText({
      ...{ config, readText: this.#options.readText, clock, journal, logger },
      onChange: tell,
    });
    const pipeline = new CameraPipeline({
      ...{ config, view, text },
      pace: source.pace,
      period: 1000 / framesPerSecond,
      detector,
      turns: this.#turns,
      pressure: () => this.#pressure,
      remote: () => (this.#pressure >= HANDS_ON_FROM ? this.#options.remoteDetect : undefined),
      clock,
      logger: logger.child({ camera: config.name }),
      annotator: this.#annotator,
      budget: this.#budget,
      newId: () => this.#newId(config.name),
      onObservation: (observation) => {
        sink.recordObservation(observation);
        this.emit('observation', observation);
        tell();
      },
      onZone: (change, observation) => this.#zoneNews.tell(change, observation),
      saveSnapshot: (snapshot) => sink.saveSnapshot(snapshot),
    });
    const handle = new CameraHandle({
      ...{ config, source, pipeline, view, text },
      detector: () => detector()?.detector.model,
      clock,
      random,
      journal,
      onChange: tell,
    });
    return handle;
  }

  /** A setting that names no source makes a camera that says so, and leaves the others alone. */
  #sourceOf(config: CameraConfig, framesPerSecond: number): FrameSource {
    try {
      const { clock, disturb } = this.#options;
      const opened = openSource(config.source, { name: config.name, framesPerSecond, clock });
      const source = disturb?.(config.name, opened) ?? opened;
      return config.schedule.length === 0 ? source : new ScheduledSource(source, config.schedule, clock);
    } catch (error) {
      return { kind: 'none', pace: 'stills', stallAfter: undefined, run: () => Promise.reject(error) };
    }
  }

  #detectingCameras(): CameraHandle[] {
    return [...this.#cameras.values()].filter(({ config }) => this.#lookingOf(config).detect);
  }

  #lookingOf(config: CameraConfig): Looking {
    return lookingOf(config, this.#options.defaults.framesPerSecond);
  }

  get #pressure(): number {
    const relief = this.#options.clock.now() < this.#relievedUntil ? RELIEF : 0;
    return Math.max(relief, this.#options.pressure?.() ?? 0);
  }

  /** Time and chance: sorts by age, and two nodes do not meet. */
  #newId(camera: string): string {
    const chance = this.#options.random.below(0x1_0000_0000).toString(36).padStart(7, '0');
    return `${camera}-${this.#options.clock.wall().toString(36)}-${chance}`;
  }

  #onDetectorState(state: DetectorState): void {
    const { id } = this.#detector;
    const subject = `model/${id}`;
    if (state.kind === 'failed' && state.cause !== this.#failure) {
      this.#failure = state.cause;
      const message = `Nothing is detected: ${state.cause}`;
      const data = { code: state.code };
      this.#options.journal.record({ severity: 'error', kind: 'vision.detector-failed', subject, message, data });
    } else if (state.kind === 'ready' && this.#failure !== undefined) {
      this.#failure = undefined;
      const message = `Detector ${id} works`;
      this.#options.journal.record({ severity: 'info', kind: 'vision.detector-ready', subject, message });
    }
    this.emit('detector', state);
  }
}
