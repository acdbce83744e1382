// Whether a frame is searched by the detector, and where: all of a picture now and then, otherwise what moves, and what
// was there a moment ago until it is known what became of it. Pure.

import type { Millis } from '../../core/clock.ts';
import { type Box, clipped, grown, shareInside } from '../geometry.ts';
import { cropsFor, type Size } from './crops.ts';
import type { Motion } from './motion.ts';

export type Search = { kind: 'all' } | { kind: 'crops'; crops: readonly Box[] };
export type Plan = { kind: 'nothing' } | Search;

export interface Followed {
  box: Box;
  /** It was not found where it was looked for last, or is not certain yet. */
  doubtful: boolean;
}

export interface Scene {
  motion: Motion;
  now: Millis;
  followed: readonly Followed[];
  picture: Size;
  /** The model's input. */
  model: Size;
}

/** Everything is searched this often, whatever moves: things that stand still stay known. */
const ALL_EVERY: Millis = 10_000;
/** What stands where nothing was is looked at this often until it is background. */
const STANDING_EVERY: Millis = 2_000;
/** After this many searches in crops at most, a moving picture is searched as a whole. */
const ALL_WHILE_MOVING: Millis = 5_000;
/** A place counts as looked at where this much of it was. */
const LOOKED_AT = 0.9;

export class Attention {
  #allAt: Millis | undefined;
  #standingAt: Millis | undefined;

  /** What to search of the next frame. */
  plan({ motion, now, followed, picture, model }: Scene): Plan {
    if (this.#allAt === undefined || motion.kind === 'flash' || motion.kind === 'learning') return { kind: 'all' };
    const doubtful = followed.filter((one) => one.doubtful).map(({ box }) => grown(box, 0.1));
    const regions = motion.kind === 'motion' ? motion.regions : [];
    const isMoving = regions.some(({ moving }) => moving);
    if (now - this.#allAt >= (isMoving ? ALL_WHILE_MOVING : ALL_EVERY)) return { kind: 'all' };
    const standingDue = this.#standingAt === undefined || now - this.#standingAt >= STANDING_EVERY;
    const places = regions.filter(({ moving }) => moving || standingDue).map(({ box }) => box);
    const wanted = [...places, ...doubtful]
      .map((box) => clipped(box))
      .filter(({ width, height }) => width * height > 0);
    if (wanted.length === 0) return { kind: 'nothing' };
    // A thing that is followed there is searched as a whole, so that a crop's edge does not cut it.
    const whole = followed.map(({ box }) => box).filter((box) => places.some((place) => shareInside(place, box) > 0));
    const crops = cropsFor([...wanted, ...whole], picture, model);
    return crops === undefined ? { kind: 'all' } : { kind: 'crops', crops };
  }

  /** A frame was searched. */
  searched(search: Search, now: Millis): void {
    this.#standingAt = now;
    if (search.kind === 'all') this.#allAt = now;
  }
}

/** Whether a box lies where was searched. */
export function wasSearched(box: Box, search: Search): boolean {
  return search.kind === 'all' || search.crops.some((crop) => shareInside(clipped(box), crop) >= LOOKED_AT);
}
