// Follows things from picture to picture: detections in, tracks with one id each out. ByteTrack's two steps (first
// the confident detections, then the doubtful ones for tracks that found none), with a third for things that moved
// further than their own size, as happens at a few frames a second. Pure: no time of its own.

import type { Millis } from '../../core/clock.ts';
import type { Detection } from '../detection/detector.ts';
import { type Box, grown, overlap } from '../geometry.ts';
import { assign } from './assignment.ts';
import { Motion } from './motion.ts';
import { Stance } from './stance.ts';

export interface TrackerOptions {
  /** Detections at or above it start tracks; those below only continue what counts. */
  startConfidence: number;
  /** Pictures a thing must be seen in before it counts: 1 for unrelated pictures, 2 for video. */
  hitsToStart: number;
  /** Milliseconds a thing may be out of sight before it is gone. */
  goneAfter: Millis;
  /** The same for a thing that stood still: a detector that misses it now and then does not make it leave. */
  standingGoneAfter?: Millis;
}

/** A thing followed. `candidate -> present -> gone`; a candidate that is not seen again was nothing. */
export interface Track {
  readonly id: number;
  label: string;
  /** The highest so far. */
  confidence: number;
  box: Box;
  hits: number;
  /** Milliseconds, on the clock of `update`. */
  lastSeen: Millis;
  /** It was not found where it was looked for last. */
  missed: boolean;
  /** It has not moved for a while. */
  standing: boolean;
}

export interface TrackerUpdate {
  /** Counted for the first time. */
  started: Track[];
  /** Seen again. */
  seen: Track[];
  /** Counted before and now gone. */
  ended: Track[];
}

interface Followed extends Track {
  motion: Motion;
  stance: Stance;
}

/** Least overlap in each of the three steps. */
const STEP_OVERLAP = { confident: 0.2, doubtful: 0.4, grown: 0.1 };
/** How much boxes are grown on every side in the third step, in shares of their size. */
const GROWTH = 0.5;
/** Boxes of different classes that overlap this much are one thing, seen as the more confident one. */
const ONE_THING = 0.85;

export class Tracker {
  readonly #options: TrackerOptions;
  #tracks: Followed[] = [];
  #next = 1;

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  /** All that is followed, also what does not count yet. */
  followed(): readonly (Readonly<Track> & { counts: boolean })[] {
    return this.#tracks.map((track) => ({ ...track, counts: track.hits >= this.#options.hitsToStart }));
  }

  /** Nothing moved in the picture made at `now`: all is as it was. */
  rest(now: Millis): void {
    for (const track of this.#tracks) rest(track, now);
  }

  /**
   * Takes the detections of a picture made at `now`.
   * @param searched whether the detector looked at a place; what was not looked at is taken to be as it was
   */
  update(detections: readonly Detection[], now: Millis, searched: (box: Box) => boolean = () => true): TrackerUpdate {
    const things = withoutTwins(detections);
    const confident = things.filter(({ confidence }) => confidence >= this.#options.startConfidence);
    const doubtful = things.filter(({ confidence }) => confidence < this.#options.startConfidence);
    const seen: Followed[] = [];
    for (const track of this.#tracks) track.box = track.motion.predict(now);

    const counts = (track: Track): boolean => track.hits >= this.#options.hitsToStart;
    const open = new Set(this.#tracks);
    const match = (tracks: Followed[], candidates: Detection[], growth: number, least: number): Detection[] => {
      const step = matchStep(tracks, candidates, growth, least);
      for (const [track, detection] of step.matched) {
        follow(track, detection, now);
        seen.push(track);
        open.delete(track);
      }
      return step.detections;
    };
    const unmatched = match([...open], confident, 0, STEP_OVERLAP.confident);
    // What is doubtful continues a thing and does not make one of a candidate.
    match([...open].filter(counts), doubtful, 0, STEP_OVERLAP.doubtful);
    const fresh = match([...open], unmatched, GROWTH, STEP_OVERLAP.grown);

    for (const track of open) {
      track.missed = searched(track.box);
      if (!track.missed) rest(track, now);
    }
    const created = fresh.map((detection) => this.#create(detection, now));
    const { goneAfter, standingGoneAfter = goneAfter } = this.#options;
    const lost = [...open].filter(
      (track) =>
        track.missed && (!counts(track) || now - track.lastSeen >= (track.standing ? standingGoneAfter : goneAfter)),
    );
    this.#tracks = [...this.#tracks.filter((track) => !lost.includes(track)), ...created];
    return {
      started: [...seen.filter(({ hits }) => hits === this.#options.hitsToStart), ...created.filter(counts)],
      seen: seen.filter(({ hits }) => hits > this.#options.hitsToStart),
      ended: lost.filter(counts),
    };
  }

  /** Ends everything: the picture changed to another scene, or the camera stopped. */
  clear(): Track[] {
    const tracks = this.#tracks;
    this.#tracks = [];
    return tracks.filter(({ hits }) => hits >= this.#options.hitsToStart);
  }

  #create({ label, confidence, box }: Detection, now: Millis): Followed {
    const followed = { motion: new Motion(box, now), stance: new Stance(box, now) };
    return {
      id: this.#next++,
      label,
      confidence,
      box,
      hits: 1,
      lastSeen: now,
      missed: false,
      standing: false,
      ...followed,
    };
  }
}

function rest(track: Followed, now: Millis): void {
  track.motion.rest(now);
  track.box = track.motion.predict(now);
  track.lastSeen = now;
  track.standing = track.stance.at(track.box, now);
}

function follow(track: Followed, { confidence, box }: Detection, now: Millis): void {
  track.motion.correct(box, now);
  track.box = box;
  track.confidence = Math.max(track.confidence, confidence);
  track.hits++;
  track.lastSeen = now;
  track.missed = false;
  track.standing = track.stance.at(box, now);
}

function matchStep(tracks: Followed[], detections: Detection[], growth: number, least: number) {
  const gain = (row: number, column: number): number => {
    const track = tracks[row]!;
    const detection = detections[column]!;
    if (track.label !== detection.label) return 0;
    const shared = overlap(grown(track.box, growth), grown(detection.box, growth));
    return shared < least ? 0 : shared;
  };
  const pairs = assign(tracks.length, detections.length, gain);
  const columns = new Set(pairs.map(({ column }) => column));
  return {
    matched: pairs.map(({ row, column }) => [tracks[row]!, detections[column]!] as const),
    detections: detections.filter((_, column) => !columns.has(column)),
  };
}

/** A car that is also a truck is one thing. */
function withoutTwins(detections: readonly Detection[]): Detection[] {
  const kept: Detection[] = [];
  for (const candidate of [...detections].sort((a, b) => b.confidence - a.confidence)) {
    if (!kept.some(({ box }) => overlap(box, candidate.box) > ONE_THING)) kept.push(candidate);
  }
  return kept;
}
