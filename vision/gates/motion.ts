// Where something moves, on a small grey picture. Each pixel is compared with a background that is learned while it
// runs, both taken relative to their surroundings: a cloud, a lamp or the camera's own exposure changes the light of an
// area and not what is in it. Pure but for its memory of the pictures before.

import type { Millis } from '../../core/clock.ts';
import type { Box } from '../geometry.ts';
import type { GreyPicture } from '../picture/grey.ts';
import { BoxMeans } from './box-means.ts';
import { CELL, type ChangedCells, patchesOf } from './patches.ts';

export interface MovingRegion {
  box: Box;
  /** It differs from the picture before; otherwise something stands where nothing was. */
  moving: boolean;
}

export type Motion =
  /** The first picture: nothing to compare it with. */
  | { kind: 'learning' }
  | { kind: 'still' }
  | { kind: 'motion'; regions: MovingRegion[] }
  /** Most of the picture changed at once: a light went on, or the camera was moved. The background begins anew. */
  | { kind: 'flash' };

/** Milliseconds in which the background takes over most of a change: what is taken for background, and for a thing. */
const FOLLOWS: Millis = 4_000;
const FOLLOWS_A_THING: Millis = 20_000;
/** The same of how much a pixel usually differs: leaves, water and noise become usual. */
const USUAL_WITHIN: Millis = 10_000;
/** Levels of brightness (of 256) that count at least; in the dark, noise stays below. */
const LEAST_CONTRAST = 10;
/** How many times the usual difference counts, and the most that a usual difference can become. */
const TIMES_USUAL = 3;
const MOST_USUAL = 20;
/** Half the side of the surroundings, in blocks of 2 × 2 pixels, without the block itself. */
const AROUND = 4;
/** Variance from which surroundings have a texture, and the correlation from which it is the same texture. */
const TEXTURE = 20;
const SAME_TEXTURE = 0.85;
/** Share of pixels that changed at which it is no thing. */
const FLASH = 0.5;

export class MotionGate {
  #memory: Memory | undefined;

  /** Takes the next picture. @param now monotonic milliseconds */
  look(picture: GreyPicture, now: Millis): Motion {
    const memory = this.#memory;
    if (memory === undefined || memory.width !== picture.width || memory.height !== picture.height) {
      this.#memory = new Memory(picture, now);
      return { kind: 'learning' };
    }
    const { changed, share } = memory.compare(picture.pixels, now);
    if (share > FLASH) {
      this.#memory = new Memory(picture, now);
      return { kind: 'flash' };
    }
    const regions = patchesOf(changed).map(({ box, moving }) => ({ box, moving }));
    return regions.length === 0 ? { kind: 'still' } : { kind: 'motion', regions };
  }
}

class Memory {
  readonly width: number;
  readonly height: number;
  readonly #background: Float32Array;
  /** How much each pixel differs from the background usually. */
  readonly #usual: Float32Array;
  #before: Uint8Array;
  #at: Millis;
  readonly #means: BoxMeans;
  /** Blocks of 2 × 2 pixels across and down: surroundings change slowly, a quarter of the numbers says the same. */
  readonly #across: number;
  readonly #down: number;
  /** Room to work in, kept so that a picture makes no garbage. Suspects by pixel, all else by block. */
  readonly #relative: Float32Array;
  readonly #suspect: Uint8Array;
  readonly #blocks: Float32Array;
  readonly #around: Record<'mean' | 'meanBefore' | 'square' | 'squareBefore' | 'both', Float32Array>;

  constructor({ width, height, pixels }: GreyPicture, now: Millis) {
    this.width = width;
    this.height = height;
    this.#background = Float32Array.from(pixels);
    this.#usual = new Float32Array(pixels.length).fill(LEAST_CONTRAST / TIMES_USUAL / 2);
    this.#before = pixels;
    this.#at = now;
    this.#across = (width + 1) >> 1;
    this.#down = (height + 1) >> 1;
    this.#means = new BoxMeans(this.#across, this.#down, AROUND);
    this.#relative = new Float32Array(pixels.length);
    this.#suspect = new Uint8Array(pixels.length);
    const room = (): Float32Array => new Float32Array(this.#across * this.#down);
    this.#blocks = room();
    this.#around = { mean: room(), meanBefore: room(), square: room(), squareBefore: room(), both: room() };
  }

  /** Pixels that changed, counted by cells, and their share of the picture. The background follows. */
  compare(pixels: Uint8Array, now: Millis): { changed: ChangedCells; share: number } {
    const elapsed = Math.max(1, now - this.#at);
    this.#at = now;
    if (this.#suspects(pixels)) this.#acquit(pixels);
    const [columns, rows] = [Math.ceil(this.width / CELL), Math.ceil(this.height / CELL)];
    const [changed, moving] = [new Uint8Array(columns * rows), new Uint8Array(columns * rows)];
    const suspect = this.#suspect;
    const before = this.#before;
    let count = 0;
    for (let at = 0; at < pixels.length; at++) {
      if (suspect[at] === 0) continue;
      count++;
      const cell = Math.floor(Math.floor(at / this.width) / CELL) * columns + Math.floor((at % this.width) / CELL);
      changed[cell]!++;
      if (Math.abs(pixels[at]! - before[at]!) > LEAST_CONTRAST) moving[cell]!++;
    }
    this.#follow(pixels, elapsed);
    const cells = { columns, rows, changed, moving, across: this.width, down: this.height };
    return { changed: cells, share: count / pixels.length };
  }

  /** Marks what differs from the background more than usual; true where something does. */
  #suspects(pixels: Uint8Array): boolean {
    const { mean, meanBefore } = this.#around;
    const background = this.#background;
    const usual = this.#usual;
    const suspect = this.#suspect;
    this.#aroundOf(pixels, pixels, mean, false);
    this.#aroundOf(background, background, meanBefore, false);
    let any = 0;
    for (let y = 0, at = 0; y < this.height; y++) {
      const row = (y >> 1) * this.#across;
      for (let x = 0; x < this.width; x++, at++) {
        const block = row + (x >> 1);
        const shift = pixels[at]! - background[at]!;
        const relative = Math.abs(shift - mean[block]! + meanBefore[block]!);
        const needed = Math.max(LEAST_CONTRAST, TIMES_USUAL * usual[at]!);
        this.#relative[at] = relative;
        // The first test alone sees the surroundings of a thing as changed, the second alone every change of light.
        const isSuspect = relative > needed && Math.abs(shift) > needed * 0.7 ? 1 : 0;
        suspect[at] = isSuspect;
        any += isSuspect;
      }
    }
    return any > 0;
  }

  /** Clears what has the same texture as before: only its light is another. */
  #acquit(pixels: Uint8Array): void {
    const { mean, meanBefore, square, squareBefore, both } = this.#around;
    const background = this.#background;
    const suspect = this.#suspect;
    this.#aroundOf(pixels, pixels, square, true);
    this.#aroundOf(background, background, squareBefore, true);
    this.#aroundOf(pixels, background, both, true);
    for (let at = 0; at < pixels.length; at++) {
      if (suspect[at] === 0) continue;
      const block = (Math.floor(at / this.width) >> 1) * this.#across + ((at % this.width) >> 1);
      const variance = square[block]! - mean[block]! * mean[block]!;
      const varianceBefore = squareBefore[block]! - meanBefore[block]! * meanBefore[block]!;
      if (variance <= TEXTURE || varianceBefore <= TEXTURE) continue;
      const shared = both[block]! - mean[block]! * meanBefore[block]!;
      if (shared > SAME_TEXTURE * Math.sqrt(variance * varianceBefore)) suspect[at] = 0;
    }
  }

  /** Means around each block: of `a`, or of the products of `a` and `b`. */
  #aroundOf(a: ArrayLike<number>, b: ArrayLike<number>, into: Float32Array, products: boolean): void {
    const { width, height } = this;
    const blocks = this.#blocks;
    for (let y = 0, block = 0; y < this.#down; y++) {
      const upper = 2 * y * width;
      const lower = Math.min(height - 1, 2 * y + 1) * width;
      for (let x = 0; x < this.#across; x++, block++) {
        const left = 2 * x;
        const right = Math.min(width - 1, left + 1);
        const p = upper + left;
        const q = upper + right;
        const r = lower + left;
        const s = lower + right;
        blocks[block] = products
          ? (a[p]! * b[p]! + a[q]! * b[q]! + a[r]! * b[r]! + a[s]! * b[s]!) / 4
          : (a[p]! + a[q]! + a[r]! + a[s]!) / 4;
      }
    }
    this.#means.of(blocks, into);
  }

  #follow(pixels: Uint8Array, elapsed: Millis): void {
    const follow = 1 - Math.exp(-elapsed / FOLLOWS);
    const followThing = 1 - Math.exp(-elapsed / FOLLOWS_A_THING);
    const learn = 1 - Math.exp(-elapsed / USUAL_WITHIN);
    const background = this.#background;
    const usual = this.#usual;
    const relative = this.#relative;
    const suspect = this.#suspect;
    for (let at = 0; at < pixels.length; at++) {
      background[at]! += (suspect[at] === 0 ? follow : followThing) * (pixels[at]! - background[at]!);
      usual[at] = Math.min(MOST_USUAL, usual[at]! + learn * (relative[at]! - usual[at]!));
    }
    this.#before = pixels;
  }
}
