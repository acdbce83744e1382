// Turns what the tracker follows into observations: one record when a thing appears, one when something about it
// changed that matters, one when it is gone. What does not change is not said again: flash wears.

import type { Millis } from '../../core/clock.ts';
import type { Detection } from '../detection/detector.ts';
import { type Box, clipped, contains, footOf, overlap, type Polygon } from '../geometry.ts';
import { type Track, Tracker } from './tracker.ts';

export interface Observation {
  /** The same from start to end. */
  id: string;
  camera: string;
  phase: 'start' | 'update' | 'end';
  label: string;
  /** The highest so far. */
  confidence: number;
  box: Box;
  /** Zones that its foot point is in. */
  zones: string[];
  /** Wall-clock milliseconds. */
  startedAt: number;
  updatedAt: number;
  endedAt?: number;
}

export interface Zone {
  name: string;
  points: Polygon;
}

export interface ObserverOptions {
  camera: string;
  zones: readonly Zone[];
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

interface Open {
  observation: Observation;
  /** When and where it was told last. */
  told: { at: Millis; box: Box; confidence: number };
}

export class Observer {
  readonly #options: ObserverOptions;
  readonly #tracker: Tracker;
  readonly #open = new Map<number, Open>();

  constructor(options: ObserverOptions) {
    this.#options = options;
    const video = options.pace === 'video';
    this.#tracker = new Tracker({
      startConfidence: options.minConfidence,
      hitsToStart: video ? 2 : 1,
      goneAfter: video ? Math.max(GONE_AFTER, 3 * options.period) : 0,
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

  /** Takes a frame's detections; returns what is to be told. `now` is monotonic, `wall` for the record. */
  observe(detections: readonly Detection[], now: Millis, wall: number): Observation[] {
    const { started, seen, ended } = this.#tracker.update(detections, now);
    return [
      ...ended.flatMap((track) => this.#end(track, wall)),
      ...started.map((track) => this.#start(track, now, wall)),
      ...seen.flatMap((track) => this.#see(track, now, wall)),
    ];
  }

  /** Ends everything that is in view. */
  endAll(wall: number): Observation[] {
    return this.#tracker.clear().flatMap((track) => this.#end(track, wall));
  }

  #start(track: Track, now: Millis, wall: number): Observation {
    const observation: Observation = {
      id: this.#options.newId(),
      camera: this.#options.camera,
      phase: 'start',
      label: track.label,
      confidence: track.confidence,
      box: clipped(track.box),
      zones: this.#zonesOf(track.box),
      startedAt: wall,
      updatedAt: wall,
    };
    this.#open.set(track.id, { observation, told: { at: now, box: track.box, confidence: track.confidence } });
    return observation;
  }

  #see(track: Track, now: Millis, wall: number): Observation[] {
    const open = this.#open.get(track.id);
    if (open === undefined) return [];
    const { observation: before, told } = open;
    const zones = this.#zonesOf(track.box);
    open.observation = {
      ...before,
      phase: 'update',
      box: clipped(track.box),
      zones,
      confidence: track.confidence,
      updatedAt: wall,
    };
    const moved = overlap(told.box, track.box) < MOVED_BELOW && now - told.at >= MOVE_EVERY;
    const surer = open.observation.confidence >= told.confidence + SURER_BY;
    if (!moved && !surer && zones.join() === before.zones.join()) return [];
    open.told = { at: now, box: track.box, confidence: open.observation.confidence };
    return [open.observation];
  }

  #end(track: Track, wall: number): Observation[] {
    const open = this.#open.get(track.id);
    this.#open.delete(track.id);
    return open === undefined ? [] : [{ ...open.observation, phase: 'end', updatedAt: wall, endedAt: wall }];
  }

  #zonesOf(box: Box): string[] {
    const foot = footOf(clipped(box));
    return this.#options.zones.filter(({ points }) => contains(points, foot)).map(({ name }) => name);
  }
}
