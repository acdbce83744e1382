// A closer look at where reading was unsure: the part of the picture with its light and dark drawn apart, larger.

import type { Raster } from './raster.ts';
import type { Point, Quad } from './reading.ts';
import { sidesOf } from './straighten.ts';

export interface Part {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Heights of a line that are looked at around it. */
const AROUND = 2.5;

/** The part of a picture that holds all boxes and what is near; undefined where there are none. */
export function partAround(
  boxes: readonly Quad[],
  { width, height }: Pick<Raster, 'width' | 'height'>,
): Part | undefined {
  if (boxes.length === 0) return undefined;
  const reach = AROUND * Math.max(...boxes.map((box) => lesserSide(box)));
  const xs = boxes.flatMap((box) => box.map(([x]) => x));
  const ys = boxes.flatMap((box) => box.map(([, y]) => y));
  const left = Math.max(0, Math.floor(Math.min(...xs) - reach));
  const top = Math.max(0, Math.floor(Math.min(...ys) - reach));
  const right = Math.min(width, Math.ceil(Math.max(...xs) + reach));
  const bottom = Math.min(height, Math.ceil(Math.max(...ys) + reach));
  return right > left && bottom > top ? { left, top, width: right - left, height: bottom - top } : undefined;
}

/** The middle one of the boxes' lesser sides, in pixels. */
export function usualHeight(boxes: readonly Quad[]): number {
  const heights = boxes.map(lesserSide).sort((a, b) => a - b);
  return heights[heights.length >> 1] ?? 0;
}

function lesserSide(box: Quad): number {
  const { width, height } = sidesOf(box);
  return Math.min(width, height);
}

/** Whether a box's middle lies in the part. */
export function liesIn(box: Quad, { left, top, width, height }: Part): boolean {
  const x = box.reduce((sum, point) => sum + point[0], 0) / 4;
  const y = box.reduce((sum, point) => sum + point[1], 0) / 4;
  return x >= left && x <= left + width && y >= top && y <= top + height;
}

/** Boxes of the part as boxes of the picture. */
export function backFrom(box: Quad, { left, top }: Part, scale: number): Quad {
  const [a, b, c, d] = box.map(([x, y]): Point => [x / scale + left, y / scale + top]);
  return [a!, b!, c!, d!];
}

/** Share of pixels at either end that may become black and white. */
const ENDS = 0.005;

/** The picture with its darkest and lightest tones drawn apart to black and white; colours keep their order. */
export function contrasted({ width, height, pixels }: Raster): Raster {
  const counts = new Uint32Array(256);
  for (let i = 0; i < pixels.length; i += 3) counts[(pixels[i]! + 2 * pixels[i + 1]! + pixels[i + 2]!) >> 2]!++;
  const least = (ENDS * pixels.length) / 3;
  const dark = levelAt(counts, least);
  const light = 255 - levelAt(counts.toReversed(), least);
  if (light - dark < 8) return { width, height, pixels };
  const table = Uint8ClampedArray.from({ length: 256 }, (_, value) => ((value - dark) * 255) / (light - dark));
  return { width, height, pixels: pixels.map((value) => table[value]!) };
}

function levelAt(counts: Uint32Array, least: number): number {
  let sum = 0;
  for (let level = 0; level < 255; level++) {
    sum += counts[level]!;
    if (sum >= least) return level;
  }
  return 255;
}
