// The outline of an area of pixels: its hull, what share of it is filled, and which shape that is.

import type { Point } from '../ocr/reading.ts';
import { convexHull, type Rectangle, smallestRectangle } from '../ocr/rectangle.ts';
import type { NodeShape } from './graph.ts';
import type { Area, Areas } from './mask.ts';
import { areaOf, simplified } from './page.ts';

/** Corners that an outline is kept with. */
const MOST_CORNERS = 24;

export interface Outline {
  hull: Point[];
  /** Pixels of the hull. */
  area: number;
  /** Share of the hull that the area fills, its holes counted as filled. */
  solid: number;
  rectangle: Rectangle;
  left: number;
  top: number;
  right: number;
  bottom: number;
  shape: NodeShape;
  /** 0 to 1: how well it fits its shape. */
  fit: number;
  corners: number;
}

/** @param width pixels of the picture that the labels belong to */
export function outlineOf(area: Area, { labels }: Pick<Areas, 'labels'>, width: number): Outline {
  const { left, top, right, bottom, id } = area;
  const [columns, rows] = [right - left + 1, bottom - top + 1];
  const ends: Point[] = [];
  const [first, last] = [new Int32Array(rows).fill(-1), new Int32Array(rows).fill(-1)];
  const [upper, lower] = [new Int32Array(columns).fill(-1), new Int32Array(columns).fill(-1)];
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (labels[(y + top) * width + x + left] !== id) continue;
      if (first[y] === -1) first[y] = x;
      last[y] = x;
      if (upper[x] === -1) upper[x] = y;
      lower[x] = y;
    }
    if (first[y]! >= 0) {
      ends.push([first[y]! + left, y + top], [last[y]! + 1 + left, y + top]);
      ends.push([first[y]! + left, y + 1 + top], [last[y]! + 1 + left, y + 1 + top]);
    }
  }
  // Holes are filled: what lies between the ends of both its row and its column.
  let filled = 0;
  for (let y = 0; y < rows; y++) {
    if (first[y] === -1) continue;
    for (let x = first[y]!; x <= last[y]!; x++) if (y >= upper[x]! && y <= lower[x]!) filled++;
  }
  return { ...described(convexHull(ends), filled), left, top, right, bottom };
}

/** The shape of a convex polygon of which `filled` pixels are filled. */
export function described(hull: Point[], filled: number): Omit<Outline, 'left' | 'top' | 'right' | 'bottom'> {
  const area = Math.max(1, areaOf(hull));
  const rectangle = smallestRectangle(hull);
  const box = Math.max(1, rectangle.width * rectangle.height);
  const corners = simplified(hull, Math.max(3, hull.length), area * 0.02).length;
  const ellipse = ellipseFit(hull);
  const square = Math.min(1, area / box);
  const diamond = diamondFit(hull, area);
  const solid = Math.min(1, filled / area);
  const fits: [NodeShape, number][] = [
    ['ellipse', ellipse],
    ['rectangle', square],
    ['diamond', diamond],
    ['polygon', corners >= 4 && corners <= 8 ? 0.88 : 0.7],
  ];
  const [shape, fit] = fits.reduce((best, next) => (next[1] > best[1] ? next : best));
  return {
    hull: simplified(hull, MOST_CORNERS),
    area,
    solid,
    rectangle,
    corners,
    shape: solid < 0.88 ? 'other' : shape,
    fit: fit * solid,
  };
}

/** 1 minus the mean deviation of the outline from an ellipse of its extent. */
function ellipseFit(hull: readonly Point[]): number {
  const xs = hull.map(([x]) => x);
  const ys = hull.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const [a, b] = [Math.max(1, right - left) / 2, Math.max(1, bottom - top) / 2];
  const [cx, cy] = [(left + right) / 2, (top + bottom) / 2];
  let off = 0;
  let length = 0;
  for (const [i, [x, y]] of hull.entries()) {
    const [u, v] = hull[(i + 1) % hull.length]!;
    const step = Math.hypot(u - x, v - y);
    const [mx, my] = [(x + u) / 2, (y + v) / 2];
    off += step * Math.abs(Math.hypot((mx - cx) / a, (my - cy) / b) - 1);
    length += step;
  }
  return 1 - off / Math.max(1, length);
}

/** How near the area is to that of a rhombus standing on its corner in the same extent. */
function diamondFit(hull: readonly Point[], area: number): number {
  const xs = hull.map(([x]) => x);
  const ys = hull.map(([, y]) => y);
  const [width, height] = [Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)];
  const [cx, cy] = [(Math.max(...xs) + Math.min(...xs)) / 2, (Math.max(...ys) + Math.min(...ys)) / 2];
  const rhombus = (width * height) / 2;
  if (hull.length < 4) return 0;
  // Its corners lie on the middle lines of its extent.
  const off = simplified(hull, 4).reduce(
    (most, [x, y]) => Math.max(most, Math.min(Math.abs(x - cx) / width, Math.abs(y - cy) / height)),
    0,
  );
  return off > 0.12 ? 0 : Math.min(area, rhombus) / Math.max(area, rhombus, 1);
}
