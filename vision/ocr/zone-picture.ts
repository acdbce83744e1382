// The part of a picture that a zone shows, and the way back from boxes in it. A zone of four corners is stood straight
// (a display seen from the side); of any other the box around it is taken.

import type { Polygon } from '../geometry.ts';
import type { Raster } from './raster.ts';
import type { Point, Quad, TextRegion } from './reading.ts';
import { pointIn, sidesOf, straightened } from './straighten.ts';

/** Pixels of the longer side at most. */
const LONGEST = 4_096;

export interface ZonePicture {
  picture: Raster;
  toWhole(box: Quad): Quad;
}

export function zonePicture(whole: Raster, zone: Polygon): ZonePicture {
  const corners = zone.map(([x = 0, y = 0]): Point => [x * whole.width, y * whole.height]);
  const quad = corners.length === 4 && isConvex(corners) ? fromUpperLeft(corners) : boundsOf(corners);
  const sides = sidesOf(quad);
  const scale = Math.min(1, LONGEST / Math.max(sides.width, sides.height));
  const width = Math.max(1, Math.round(sides.width * scale));
  const height = Math.max(1, Math.round(sides.height * scale));
  return {
    picture: straightened(whole, quad, width, height),
    toWhole: (box) => {
      const [a, b, c, d] = box.map(([x, y]) => pointIn(quad, x / width, y / height));
      return [rounded(a!), rounded(b!), rounded(c!), rounded(d!)];
    },
  };
}

/** The regions with boxes in the whole picture. */
export function regionsInWhole<T extends Pick<TextRegion, 'box'>>(regions: readonly T[], zone: ZonePicture): T[] {
  return regions.map((region) => ({ ...region, box: zone.toWhole(region.box) }));
}

/** Clockwise, beginning at the corner nearest to the picture's upper left, in whichever order they were drawn. */
function fromUpperLeft(corners: readonly Point[]): Quad {
  const turns = areaOf(corners) < 0 ? corners.toReversed() : corners;
  const sums = turns.map(([x, y]) => x + y);
  const first = sums.indexOf(Math.min(...sums));
  const at = (i: number): Point => turns[(first + i) % 4]!;
  return [at(0), at(1), at(2), at(3)];
}

/** Twice the area; above 0 where the corners go clockwise on the screen. */
function areaOf(corners: readonly Point[]): number {
  return corners.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = corners[(i + 1) % corners.length]!;
    return sum + x * nextY - nextX * y;
  }, 0);
}

function isConvex(corners: readonly Point[]): boolean {
  const turns = corners.map(([x, y], i) => {
    const [x1, y1] = corners[(i + 1) % 4]!;
    const [x2, y2] = corners[(i + 2) % 4]!;
    return Math.sign((x1 - x) * (y2 - y1) - (y1 - y) * (x2 - x1));
  });
  return turns[0] !== 0 && turns.every((turn) => turn === turns[0]);
}

function boundsOf(corners: readonly Point[]): Quad {
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

const rounded = ([x, y]: Point): Point => [Number(x.toFixed(1)), Number(y.toFixed(1))];
