// Cuts a quadrilateral out of a picture and stands it straight: a tilted line of text, a display seen from the side.

import type { Raster } from './raster.ts';
import type { Point, Quad } from './reading.ts';

/** Samples for one target pixel and direction at most, where the source is larger. */
const MOST_SAMPLES = 4;

/**
 * The quadrilateral as an upright picture. Where it reaches over the edge, the edge goes on.
 * @param width pixels of the result
 */
export function straightened(source: Raster, quad: Quad, width: number, height: number): Raster {
  const pixels = new Uint8Array(width * height * 3);
  const { a, b, c, d, e, f, g, h } = squareTo(quad);
  const across = samplesFor(Math.max(length(quad, 0, 1), length(quad, 3, 2)) / width);
  const down = samplesFor(Math.max(length(quad, 0, 3), length(quad, 1, 2)) / height);
  const total = across * down;
  const right = source.width - 1;
  const bottom = source.height - 1;
  const from = source.pixels;
  let to = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let j = 0; j < down; j++) {
        const v = (row + (j + 0.5) / down) / height;
        for (let i = 0; i < across; i++) {
          const u = (column + (i + 0.5) / across) / width;
          const w = g * u + h * v + 1;
          const x = Math.min(right, Math.max(0, (a * u + b * v + c) / w - 0.5));
          const y = Math.min(bottom, Math.max(0, (d * u + e * v + f) / w - 0.5));
          const x0 = x | 0;
          const y0 = y | 0;
          const fx = x - x0;
          const fy = y - y0;
          const p00 = (y0 * source.width + x0) * 3;
          const p01 = x0 < right ? p00 + 3 : p00;
          const below = y0 < bottom ? source.width * 3 : 0;
          const w00 = (1 - fx) * (1 - fy);
          const w01 = fx * (1 - fy);
          const w10 = (1 - fx) * fy;
          const w11 = fx * fy;
          const p10 = p00 + below;
          const p11 = p01 + below;
          red += w00 * from[p00]! + w01 * from[p01]! + w10 * from[p10]! + w11 * from[p11]!;
          green += w00 * from[p00 + 1]! + w01 * from[p01 + 1]! + w10 * from[p10 + 1]! + w11 * from[p11 + 1]!;
          blue += w00 * from[p00 + 2]! + w01 * from[p01 + 2]! + w10 * from[p10 + 2]! + w11 * from[p11 + 2]!;
        }
      }
      pixels[to++] = red / total + 0.5;
      pixels[to++] = green / total + 0.5;
      pixels[to++] = blue / total + 0.5;
    }
  }
  return { width, height, pixels };
}

const samplesFor = (scale: number): number => Math.min(MOST_SAMPLES, Math.max(1, Math.round(scale)));

/** Pixels from one corner to another. */
function length(quad: Quad, from: 0 | 1 | 2 | 3, to: 0 | 1 | 2 | 3): number {
  return Math.hypot(quad[to][0] - quad[from][0], quad[to][1] - quad[from][1]);
}

/** Width and height of a quadrilateral: the longer one of each two opposite sides. */
export function sidesOf(quad: Quad): { width: number; height: number } {
  return {
    width: Math.max(length(quad, 0, 1), length(quad, 3, 2)),
    height: Math.max(length(quad, 0, 3), length(quad, 1, 2)),
  };
}

/** The projective map of the unit square onto a quadrilateral (Heckbert 1989): x = (au + bv + c) / (gu + hv + 1). */
function squareTo([[x0, y0], [x1, y1], [x2, y2], [x3, y3]]: Quad) {
  const [dx1, dx2, dx3] = [x1 - x2, x3 - x2, x0 - x1 + x2 - x3];
  const [dy1, dy2, dy3] = [y1 - y2, y3 - y2, y0 - y1 + y2 - y3];
  const determinant = dx1 * dy2 - dx2 * dy1;
  const g = determinant === 0 ? 0 : (dx3 * dy2 - dx2 * dy3) / determinant;
  const h = determinant === 0 ? 0 : (dx1 * dy3 - dx3 * dy1) / determinant;
  return {
    ...{ a: x1 - x0 + g * x1, b: x3 - x0 + h * x3, c: x0 },
    ...{ d: y1 - y0 + g * y1, e: y3 - y0 + h * y3, f: y0 },
    ...{ g, h },
  };
}

/** The point of a quadrilateral that lies at a share of its width and height. */
export function pointIn(quad: Quad, u: number, v: number): Point {
  const { a, b, c, d, e, f, g, h } = squareTo(quad);
  const w = g * u + h * v + 1;
  return [(a * u + b * v + c) / w, (d * u + e * v + f) / w];
}
