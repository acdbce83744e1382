// Turns what the tracker follows into observations: one record when a thing appears, one when something about it
// changed that matters, one when it is gone. What does not change is not said again: flash wears.

import type { Millis } from '../../core/clock.ts';
import type { ZoneConfig } from '../config.ts';
import type { Detection } from '../detection/detector.ts';
import { type Box, clipped, overlap } from '../geometry.ts';
import { type Track, Tracker } from './tracker.ts';
import { type ZoneChange, type ZoneCount, ZoneWatch } from './zone-watch.ts';

export interface Observation {
  /** The same from start to end. */
  id: string;
  camera: string;
  phase: 'start' | 'update' | 'end';
  label: string;
  /** The highest so far. */
  confidence: number;
  box: Box;
  /** Zones that it counts in: by its foot point, class, size and stay. */
  zones: string[];
  /** It has not moved for a while. */
  stationary?: true;
  /** Wall-clock milliseconds. */
  startedAt: number;
  updatedAt: number;
  endedAt?: number;
}

export interface ObserverOptions {
  camera: string;
  zones: readonly ZoneConfig[];
  /** A thing came into a zone or left it. */
  onZone?: (change: ZoneChange, observation: Observation) => void;
  /** `video` needs a thing twice and lets it be hidden for a while; `stills` takes each picture as it is. */
  pace: 'video' | 'stills';
  /** Least confidence that starts an observation. */
  minConfidence: number;
  /** Milliseconds between two frames. */
  period: Millis;
  /** A new identifier for each observation. */
  newId: () => string;
}

/** A box that overlaps the one last told less than this has moved. */
const MOVED_BELOW = 0.6;
/** Moves are told at most this often. */
const MOVE_EVERY: Millis = 1_000;
/** A confidence that is this much better is worth telling. */
const SURER_BY = 0.15;
/** How far under the start's confidence a detection may be and still continue a track. */
const DOUBT = 0.6;
const GONE_AFTER: Millis = 3_000;
/** The same for what stands still. */
const STANDING_GONE_AFTER: Millis = 10_000;

interface Open {
  observation: Observation;
  /** When and where it was told last. */
  told: { at: Millis; box: Box; confidence: number };
}

export class Observer {
  readonly #options: ObserverOptions;
  readonly #tracker: Tracker;
  readonly #zones: ZoneWatch;
  readonly #open = new Map<number, Open>();

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#zones = new ZoneWatch(options.zones);
    const video = options.pace === 'video';
    this.#tracker = new Tracker({
      startConfidence: options.minConfidence,
      hitsToStart: video ? 2 : 1,
      goneAfter: video ? Math.max(GONE_AFTER, 3 * options.period) : 0,
      ...(video && { standingGoneAfter: Math.max(STANDING_GONE_AFTER, 3 * options.period) }),
    });
  }

  /** Detections below it are of no use to `observe`. */
  get leastConfidence(): number {
    return this.#options.pace === 'video' ? this.#options.minConfidence * DOUBT : this.#options.minConfidence;
  }

  /** What is in view now. */
  present(): Observation[] {
    return [...this.#open.values()].map(({ observation }) => observation);
  }

  /** Where things are, and which of them are not certain: not seen often enough, or not found at the last look. */
  followed(): { box: Box; doubtful: boolean }[] {
    return this.#tracker.followed().map(({ box, missed, counts }) => ({ box, doubtful: missed || !counts }));
  }

  /** How many came into each zone, left it and are there. */
  zoneCounts(): ReadonlyMap<string, Readonly<ZoneCount>> {
    return this.#zones.counts();
  }

  /**
   * Takes a frame's detections; returns what is to be told. `now` is monotonic, `wall` for the record.
   * @param searched whether the detector looked at a place
   */
  observe(
    detections: readonly Detection[],
    now: Millis,
    wall: number,
    searched?: (box: Box) => boolean,
  ): Observation[] {
    const { started, seen, ended } = this.#tracker.update(detections, now, searched);
    return [
      ...ended.flatMap((track) => this.#end(track, wall)),
      ...started.map((track) => this.#start(track, now, wall)),
      ...seen.flatMap((track) => this.#see(track, now, wall)),
      ...this.#others([...started, ...seen], now, wall),
    ];
  }

  /** Nothing moved in a frame: all that is in view is as it was. */
  rest(now: Millis, wall: number): Observation[] {
    this.#tracker.rest(now);
    return this.#others([], now, wall);
  }

  /** Ends everything that is in view. */
  endAll(wall: number): Observation[] {
    return this.#tracker.clear().flatMap((track) => this.#end(track, wall));
  }

  /** Things that were not looked at stay where they are: time passes for them too. */
  #others(looked: readonly Track[], now: Millis, wall: number): Observation[] {
    const known = new Set(looked.map(({ id }) => id));
    return this.#tracker
      .followed()
      .filter(({ id, missed }) => !missed && !known.has(id))
      .flatMap((track) => this.#see(track, now, wall));
  }

  #start(track: Track, now: Millis, wall: number): Observation {
    const { zones, changes } = this.#zones.see(track, now);
    const observation: Observation = {
      id: this.#options.newId(),
      camera: this.#options.camera,
      phase: 'start',
      label: track.label,
      confidence: track.confidence,
      box: clipped(track.box),
      zones,
      startedAt: wall,
      updatedAt: wall,
    };
    this.#open.set(track.id, { observation, told: { at: now, box: track.box, confidence: track.confidence } });
    this.#tellZones(changes, observation);
    return observation;
  }

  #see(track: Track, now: Millis, wall: number): Observation[] {
    const open = this.#open.get(track.id);
    if (open === undefined) return [];
    const { observation: before, told } = open;
    const { zones, changes } = this.#zones.see(track, now);
    const { stationary: stood, ...rest } = before;
    open.observation = {
      ...rest,
      phase: 'update',
      box: clipped(track.box),
      zones,
      confidence: track.confidence,
      updatedAt: wall,
      ...(track.standing && { stationary: true }),
    };
    this.#tellZones(changes, open.observation);
    const moved = overlap(told.box, track.box) < MOVED_BELOW && now - told.at >= MOVE_EVERY;
    const surer = open.observation.confidence >= told.confidence + SURER_BY;
    const stands = track.standing !== (stood === true);
    if (!moved && !surer && !stands && zones.join() === before.zones.join()) return [];
    open.told = { at: now, box: track.box, confidence: open.observation.confidence };
    return [open.observation];
  }

  #end(track: Track, wall: number): Observation[] {
    const open = this.#open.get(track.id);
    this.#open.delete(track.id);
    const changes = this.#zones.end(track.id);
    if (open === undefined) return [];
    this.#tellZones(changes, open.observation);
    return [{ ...open.observation, phase: 'end', updatedAt: wall, endedAt: wall }];
  }

  #tellZones(changes: readonly ZoneChange[], observation: Observation): void {
    for (const change of changes) this.#options.onZone?.(change, observation);
  }
}
