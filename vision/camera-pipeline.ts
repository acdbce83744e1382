// What happens to one camera's pictures: gates, search, tracking, telling. Of a video every picture passes the gates, and
// the detector searches what they point at when it is this camera's turn: a newer picture takes the place of one that
// waits, nothing queues. Of stills every picture is searched, one after the other.

import type { Clock, Millis } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { HEIGHT, shrink, WIDTH } from './anomaly/working-picture.ts';
import type { Frame } from './camera/camera.ts';
import type { CameraConfig } from './config.ts';
import type { Detector } from './detection/detector.ts';
import { Attention, type Search, wasSearched } from './gates/attention.ts';
import { type Motion, MotionGate } from './gates/motion.ts';
import type { Box } from './geometry.ts';
import { ObservationRecord, type RecordedObservation, type ShowingFrame } from './observation-record.ts';
import { ALL, type Annotator, type Hidden } from './picture/draw.ts';
import { greyOf } from './picture/grey.ts';
import { Mask } from './picture/mask.ts';
import { type Fit, type PreparedPicture, preparePicture } from './picture/prepare.ts';
import { RateLimit } from './rate.ts';
import { type Found, type RemoteDetect, Searcher } from './search.ts';
import type { SnapshotBudget } from './snapshot-budget.ts';
import type { Snapshot } from './snapshots.ts';
import { type Observation, Observer } from './tracking/observer.ts';
import { fingerprint, type SceneFingerprint, samePlace } from './tracking/scene.ts';
import type { ZoneChange, ZoneCount } from './tracking/zone-watch.ts';
import type { Turns } from './turns.ts';
import type { ViewWatch } from './view-watch.ts';
import type { ZoneText } from './zone-text.ts';

export type { RecordedObservation } from './observation-record.ts';

export interface PipelineOptions {
  config: CameraConfig;
  pace: 'video' | 'stills';
  period: Millis;
  /** What searches a picture now; undefined where nothing is detected. */
  detector: () => { detector: Detector; fit: Fit } | undefined;
  /** Looks for what disturbs the camera's view. */
  view: ViewWatch;
  /** Reads what zones say. */
  text: ZoneText;
  /** The cameras' common order at the detector. */
  turns: Turns;
  /** How much the board is under pressure, 0 to 1. */
  pressure: () => number;
  /** Another node that may search for this one, while that makes sense. */
  remote: () => RemoteDetect | undefined;
  clock: Clock;
  logger: Logger;
  annotator: Annotator;
  budget: SnapshotBudget;
  newId: () => string;
  onObservation: (observation: RecordedObservation) => void;
  onZone: (change: ZoneChange, observation: Observation) => void;
  /** Keeps a picture; resolves with where it is found. */
  saveSnapshot: (snapshot: Snapshot) => Promise<string>;
}

/** What the detector was spared or asked for, since the start. */
export interface PipelineCounts {
  /** Frames that were left out because the board is under pressure. */
  spared: number;
  /** Frames in which something moved. */
  moving: number;
  /** Frames that were searched. */
  searched: number;
}

interface Wanted {
  frame: Frame;
  search: Search;
  now: Millis;
}

/** The picture that the gates look at: the one that shows what disturbs a view. */
const SMALL = { width: WIDTH, height: HEIGHT };
const PERSON = 'person';

export class CameraPipeline {
  readonly #options: PipelineOptions;
  readonly #observer: Observer;
  readonly #record: ObservationRecord;
  readonly #mask: Mask;
  readonly #searcher: Searcher;
  readonly #gate = new MotionGate();
  readonly #attention = new Attention();
  readonly #rate: RateLimit;
  readonly #counts: PipelineCounts = { spared: 0, moving: 0, searched: 0 };
  /** The newest of what is to be searched. */
  #wanted: Wanted | undefined;
  #searching: Promise<void> | undefined;
  #newest: { frame: Frame; width: number; height: number } | undefined;
  /** The newest frame in which every person is known, and where they are. */
  #known: { frame: Frame; persons: readonly Box[] } | undefined;
  #scene: SceneFingerprint | undefined;
  #inferenceSeconds: number | undefined;
  #drawn: { frame: Frame; objects: string; jpeg: Promise<Buffer> } | undefined;

  constructor(options: PipelineOptions) {
    this.#options = options;
    const { config, pace, period, newId, remote, logger } = options;
    this.#mask = new Mask(config.masks);
    this.#searcher = new Searcher({
      masks: config.masks,
      privacy: config.privacy,
      remote,
      logger,
      tiles: config.tiles,
    });
    this.#rate = new RateLimit(period, config.priority);
    this.#observer = new Observer({
      camera: config.name,
      zones: config.zones,
      pace,
      minConfidence: config.minConfidence,
      period,
      newId,
      onZone: options.onZone,
    });
    this.#record = new ObservationRecord({ ...options, save: options.saveSnapshot });
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

  counts(): Readonly<PipelineCounts> {
    return this.#counts;
  }

  objects(): RecordedObservation[] {
    return this.#observer.present().map((observation) => this.#record.recorded(observation));
  }

  zoneCounts(): ReadonlyMap<string, Readonly<ZoneCount>> {
    return this.#observer.zoneCounts();
  }

  /**
   * Looks at a frame. Of stills, resolves when the detector has it, so that the next can be decoded meanwhile. Rejects
   * when the frame is no usable picture.
   */
  async look(frame: Frame): Promise<void> {
    const { pace, clock, pressure } = this.#options;
    if (pace === 'stills') return this.#lookAtStill(frame);
    const now = clock.now();
    if (!this.#rate.admits(now, pressure())) {
      this.#counts.spared++;
      return;
    }
    const { input, width, height } = await preparePicture(frame.bytes, SMALL, 'stretch', this.#mask);
    this.#newest = { frame, width, height };
    this.#options.view.look(input.pixels, now, frame.at);
    this.#options.text.offer(frame.bytes, now, frame.at);
    const current = this.#options.detector();
    const motion = this.#gate.look(greyOf(input.pixels, SMALL.width, SMALL.height), now);
    if (motion.kind === 'motion') this.#counts.moving++;
    if (current === undefined) {
      this.#known = undefined;
      return;
    }
    this.#plan(frame, motion, current.detector, now);
  }

  /** The newest picture as JPEG, with what is in view drawn on it where `boxes` says so. */
  async picture(boxes: boolean): Promise<{ picture: Uint8Array; at: number } | undefined> {
    const shown = this.#shown();
    if (shown === undefined) return undefined;
    const { frame, hidden } = shown;
    const present = boxes ? this.#observer.present() : [];
    const objects = JSON.stringify([
      present.map(({ label, confidence, box }) => [label, confidence, box]),
      hidden.boxes,
    ]);
    if (this.#drawn?.frame !== frame || this.#drawn.objects !== objects) {
      this.#drawn = { frame, objects, jpeg: this.#options.annotator.draw(frame.bytes, present, hidden) };
    }
    return { picture: await this.#drawn.jpeg, at: frame.at };
  }

  /** Ends what is in view. */
  endAll(): void {
    for (const observation of this.#observer.endAll(this.#options.clock.wall())) this.#record.tell(observation);
  }

  /** Resolves when no frame is searched or waits for that. */
  async settled(): Promise<void> {
    await this.#searching;
  }

  /** Ends what is in view; resolves when everything was told and kept. */
  async close(): Promise<void> {
    this.#wanted = undefined;
    await this.settled();
    await this.#options.text.close();
    // Before the end, so that it is told once, with its picture.
    await this.#record.settled();
    this.endAll();
    this.#options.turns.forget(this.#options.config.name);
    this.#options.view.close();
  }

  /** What people may see now: the newest frame, or with `blurPersons` the newest in which persons are known. */
  #shown(): { frame: Frame; hidden: Hidden } | undefined {
    const { privacy: areas, blurPersons } = this.#options.config;
    if (this.#newest === undefined) return undefined;
    const { frame } = this.#newest;
    if (!blurPersons) return { frame, hidden: { areas, boxes: [] } };
    if (this.#known === undefined) return { frame, hidden: { areas, boxes: [ALL] } };
    return { frame: this.#known.frame, hidden: { areas, boxes: this.#known.persons } };
  }

  #plan(frame: Frame, motion: Motion, detector: Detector, now: Millis): void {
    const { config } = this.#options;
    const plan = config.motionGate
      ? this.#attention.plan({
          motion,
          now,
          followed: this.#observer.followed(),
          picture: this.#newest!,
          model: detector.inputSize,
        })
      : ({ kind: 'all' } as const);
    if (plan.kind === 'nothing') {
      // While an earlier frame is searched, that is what counts.
      if (this.#searching === undefined) this.#rest(frame, now);
      return;
    }
    // Whoever is to be hidden has to be found, wherever in the picture.
    this.#wanted = { frame, search: config.blurPersons ? { kind: 'all' } : plan, now };
    this.#searching ??= this.#searchWanted().finally(() => {
      this.#searching = undefined;
    });
  }

  /** Nothing moved and nothing is doubtful. */
  #rest(frame: Frame, now: Millis): void {
    for (const observation of this.#observer.rest(now, frame.at)) this.#record.tell(observation);
    if (this.#known !== undefined) this.#known = { frame, persons: this.#known.persons };
  }

  /** Never rejects. */
  async #searchWanted(): Promise<void> {
    const { turns, config } = this.#options;
    while (this.#wanted !== undefined) {
      await turns.take(config.name, config.priority + 1, async () => {
        const wanted = this.#wanted;
        const current = this.#options.detector();
        this.#wanted = undefined;
        if (wanted === undefined || current === undefined) return;
        const { frame, search, now } = wanted;
        this.#attention.searched(search, now);
        await this.#take(frame, search, now, () =>
          this.#searcher.search(current, frame.bytes, search, this.#observer.leastConfidence),
        );
      });
    }
  }

  async #lookAtStill(frame: Frame): Promise<void> {
    const { turns, config, clock } = this.#options;
    const current = this.#options.detector();
    const { detector, fit } = current ?? { detector: undefined, fit: 'letterbox' };
    const picture = await this.#searcher.prepare(frame.bytes, detector?.inputSize ?? SMALL, fit);
    await this.#searching;
    this.#newest = { frame, width: picture.width, height: picture.height };
    this.#lookAtView(picture, frame);
    this.#known = undefined;
    if (detector === undefined) return;
    this.#searching = turns
      .take(config.name, config.priority + 1, () =>
        this.#take(frame, { kind: 'all' }, clock.now(), async () => {
          const least = this.#observer.leastConfidence;
          const whole = await this.#searcher.all(detector, picture, least);
          this.#endElsewhere(picture);
          return this.#searcher.withTiles({ detector, fit }, frame.bytes, whole, least);
        }),
      )
      .finally(() => {
        this.#searching = undefined;
      });
  }

  /** Of a still the gates' small picture is made from the one that is searched. */
  #lookAtView({ input, used }: PreparedPicture, { bytes, at }: Frame): void {
    const { view, text, clock } = this.#options;
    const now = clock.now();
    text.offer(bytes, now, at);
    if (!view.isDue(now)) return;
    const [width, height] = [Math.round(used.width * input.width), Math.round(used.height * input.height)];
    view.look(shrink({ pixels: input.pixels, width, height, stride: input.width }), now, at);
  }

  /** A still of another place ends all that the one before showed. */
  #endElsewhere(picture: PreparedPicture): void {
    const scene = fingerprint(picture.input, picture.used);
    if (this.#scene !== undefined && !samePlace(scene, this.#scene)) this.endAll();
    this.#scene = scene;
  }

  /** Never rejects: a detector that cannot run is its own news, the camera goes on. */
  async #take(frame: Frame, search: Search, now: Millis, find: () => Promise<Found>): Promise<void> {
    const { config, logger } = this.#options;
    try {
      const { detections, seconds } = await find();
      this.#counts.searched++;
      if (seconds !== undefined) this.#inferenceSeconds = seconds;
      const wanted = detections.filter(({ label }) => config.labels.length === 0 || config.labels.includes(label));
      const told = this.#observer.observe(wanted, now, frame.at, (box) => wasSearched(box, search));
      this.#know(
        frame,
        detections.filter(({ label }) => label === PERSON).map(({ box }) => box),
      );
      for (const observation of told) this.#record.tell(observation, this.#showing(frame));
    } catch (error) {
      logger.debug({ camera: config.name, cause: messageOf(error) }, 'a frame was not searched');
      this.#known = undefined;
      this.endAll();
    }
  }

  /** Persons are hidden where they were found, where they were a moment ago, and where the camera reports only others. */
  #know(frame: Frame, found: readonly Box[]): void {
    if (!this.#options.config.blurPersons) return;
    const followed = this.#observer
      .present()
      .filter(({ label }) => label === PERSON)
      .map(({ box }) => box);
    this.#known = { frame, persons: [...found, ...followed] };
  }

  #showing({ bytes, at }: Frame): ShowingFrame {
    const { privacy: areas } = this.#options.config;
    return { bytes, at, hidden: { areas, boxes: this.#known?.persons ?? [] } };
  }
}
