// The page in a photograph: its four corners, and the way between the photograph and the page laid flat.

import { type Raster, resized } from '../ocr/raster.ts';
import type { Point, Quad } from '../ocr/reading.ts';
import { convexHull } from '../ocr/rectangle.ts';
import { areasOf, closed, type Plane } from './mask.ts';

/** Pixels of the longer side in which the page is looked for. */
const LOOK = 320;
/** Steps of colour between neighbours that still belong to one surface; the first that shows a page is taken. */
const STEPS = [16, 11, 8, 6];

/** The page's corners, upper left first, clockwise; nothing where the picture is all page. */
export function findPage(picture: Raster): Quad | undefined {
  const scale = Math.min(1, LOOK / Math.max(picture.width, picture.height));
  const [width, height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  if (width < 24 || height < 24) return undefined;
  const small = resized(picture, width, height);
  for (const step of STEPS) {
    const quad = quadOf(insideOf(small, step));
    if (quad === undefined || !isSheet(small, quad, step)) continue;
    const place = ([x, y]: Point): Point => [
      ((x + 0.5) * picture.width) / width,
      ((y + 0.5) * picture.height) / height,
    ];
    const [a, b, c, d] = quad;
    return [place(a), place(b), place(c), place(d)];
  }
  return undefined;
}

/** Pixels that are not reached from the edge by small steps of colour. */
function insideOf({ width, height, pixels }: Raster, step: number): Plane {
  const data = new Uint8Array(width * height).fill(1);
  const stack: number[] = [];
  const reach = (at: number): void => {
    if (data[at] === 0) return;
    data[at] = 0;
    stack.push(at);
  };
  for (let x = 0; x < width; x++) {
    reach(x);
    reach((height - 1) * width + x);
  }
  for (let y = 0; y < height; y++) {
    reach(y * width);
    reach(y * width + width - 1);
  }
  const near = (a: number, b: number): boolean =>
    [0, 1, 2].every((c) => Math.abs(pixels[a * 3 + c]! - pixels[b * 3 + c]!) <= step);
  while (stack.length > 0) {
    const at = stack.pop()!;
    const x = at % width;
    for (const next of [x > 0 ? at - 1 : -1, x < width - 1 ? at + 1 : -1, at - width, at + width]) {
      if (next >= 0 && next < data.length && data[next] === 1 && near(at, next)) reach(next);
    }
  }
  return closed({ width, height, data }, 2);
}

/** The largest area's corners, where it is a quadrilateral that takes a good part of the picture. */
function quadOf(mask: Plane): Quad | undefined {
  const { labels, areas } = areasOf(mask, 1, false);
  const largest = areas.reduce((best, area) => (area.pixels > (best?.pixels ?? 0) ? area : best), areas[0]);
  if (largest === undefined || largest.pixels < mask.data.length * 0.2) return undefined;
  const ends: Point[] = [];
  let filled = 0;
  for (let y = largest.top; y <= largest.bottom; y++) {
    let [first, last] = [-1, -1];
    for (let x = largest.left; x <= largest.right; x++) {
      if (labels[y * mask.width + x] !== largest.id) continue;
      if (first < 0) first = x;
      last = x;
    }
    if (first < 0) continue;
    ends.push([first, y], [last, y]);
    filled += last - first + 1;
  }
  const corners = simplified(convexHull(ends), 4);
  if (corners.length !== 4) return undefined;
  const area = areaOf(corners);
  const share = area / mask.data.length;
  if (share < 0.25 || share > 0.97 || filled / area < 0.94 || filled / area > 1.08) return undefined;
  const first = corners.reduce((best, [x, y], i) => (x + y < corners[best]![0] + corners[best]![1] ? i : best), 0);
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => corners[(first + i) % 4]!) as [Point, Point, Point, Point];
  return [a, b, c, d];
}

/** Pixels inwards and outwards from the page's edge at which its colour is compared. */
const BESIDE = 4;

/** Whether all along its edge paper meets something else: what nodes and links enclose has the same ground on both sides. */
function isSheet({ width, height, pixels }: Raster, quad: Quad, step: number): boolean {
  const at = (x: number, y: number): number =>
    (Math.max(0, Math.min(height - 1, Math.round(y))) * width + Math.max(0, Math.min(width - 1, Math.round(x)))) * 3;
  return quad.every(([ax, ay], i) => {
    const [bx, by] = quad[(i + 1) % 4]!;
    const length = Math.hypot(bx - ax, by - ay) || 1;
    // Clockwise on the screen, the inside is to the right of the way.
    const [nx, ny] = [(-(by - ay) / length) * BESIDE, ((bx - ax) / length) * BESIDE];
    let differ = 0;
    for (let k = 1; k < 32; k++) {
      const [x, y] = [ax + ((bx - ax) * k) / 32, ay + ((by - ay) * k) / 32];
      const [inside, outside] = [at(x + nx, y + ny), at(x - nx, y - ny)];
      if ([0, 1, 2].some((c) => Math.abs(pixels[inside + c]! - pixels[outside + c]!) > step * 1.2)) differ++;
    }
    return differ >= 22;
  });
}

/** A convex polygon with its least corners dropped until `most` are left. */
export function simplified(hull: readonly Point[], most: number, least = 0): Point[] {
  const points = [...hull];
  const loss = (i: number): number => {
    const [a, b, c] = [points[(i + points.length - 1) % points.length]!, points[i]!, points[(i + 1) % points.length]!];
    return Math.abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) / 2;
  };
  while (points.length > 3) {
    let [worst, smallest] = [0, Infinity];
    for (let i = 0; i < points.length; i++) {
      const lost = loss(i);
      if (lost < smallest) [worst, smallest] = [i, lost];
    }
    if (points.length <= most && smallest >= least) break;
    points.splice(worst, 1);
  }
  return points;
}

export function areaOf(polygon: readonly Point[]): number {
  let sum = 0;
  for (const [i, [x, y]] of polygon.entries()) {
    const [u, v] = polygon[(i + 1) % polygon.length]!;
    sum += x * v - u * y;
  }
  return Math.abs(sum) / 2;
}

/** From places on the flat page, as shares of its sides, to the picture. */
export function pageToPicture([[x0, y0], [x1, y1], [x2, y2], [x3, y3]]: Quad): (u: number, v: number) => Point {
  const [dx1, dx2, dx3] = [x1 - x2, x3 - x2, x0 - x1 + x2 - x3];
  const [dy1, dy2, dy3] = [y1 - y2, y3 - y2, y0 - y1 + y2 - y3];
  const determinant = dx1 * dy2 - dx2 * dy1 || 1e-9;
  const g = (dx3 * dy2 - dx2 * dy3) / determinant;
  const h = (dx1 * dy3 - dx3 * dy1) / determinant;
  return (u, v) => {
    const w = g * u + h * v + 1;
    return [
      ((x1 - x0 + g * x1) * u + (x3 - x0 + h * x3) * v + x0) / w,
      ((y1 - y0 + g * y1) * u + (y3 - y0 + h * y3) * v + y0) / w,
    ];
  };
}
