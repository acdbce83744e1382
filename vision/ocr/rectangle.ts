// The smallest rectangle, turned as it may be, around points: a line of text is one.

import type { Point, Quad } from './reading.ts';

export interface Rectangle {
  center: Point;
  /** Along the direction of `angle`. */
  width: number;
  height: number;
  /** Radians that the width's direction is turned clockwise from the picture's x axis, -π/4 to π/4. */
  angle: number;
}

/** The points' convex hull, clockwise as seen on the screen. Monotone chain; collinear points are left out. */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  if (sorted.length < 3) return sorted;
  const lower = chain(sorted);
  const upper = chain(sorted.reverse());
  const hull = [...lower.slice(0, -1), ...upper.slice(0, -1)];
  return hull.length > 0 ? hull : [sorted[0]!];
}

function chain(sorted: readonly Point[]): Point[] {
  const hull: Point[] = [];
  for (const point of sorted) {
    while (hull.length >= 2 && turn(hull.at(-2)!, hull.at(-1)!, point) <= 0) hull.pop();
    hull.push(point);
  }
  return hull;
}

/** Above 0 where the way from a over b to c turns clockwise on the screen. */
function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** The rectangle of least area around a convex hull: one of its sides lies on one of the hull's. */
export function smallestRectangle(hull: readonly Point[]): Rectangle {
  let best: Rectangle | undefined;
  for (let i = 0; i < hull.length; i++) {
    const [ax, ay] = hull[i]!;
    const [bx, by] = hull[(i + 1) % hull.length]!;
    const candidate = rectangleAlong(hull, upright(Math.atan2(by - ay, bx - ax)));
    if (best === undefined || candidate.width * candidate.height < best.width * best.height - 1e-9) best = candidate;
  }
  return best ?? { center: [0, 0], width: 0, height: 0, angle: 0 };
}

/** The angle turned by quarters until it lies from -π/4 to π/4: which side is called the width. */
function upright(angle: number): number {
  const quarter = Math.PI / 2;
  return angle - Math.round(angle / quarter) * quarter;
}

function rectangleAlong(points: readonly Point[], angle: number): Rectangle {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of points) {
    const u = x * cos + y * sin;
    const v = y * cos - x * sin;
    left = Math.min(left, u);
    right = Math.max(right, u);
    top = Math.min(top, v);
    bottom = Math.max(bottom, v);
  }
  const u = (left + right) / 2;
  const v = (top + bottom) / 2;
  return { center: [u * cos - v * sin, u * sin + v * cos], width: right - left, height: bottom - top, angle };
}

/** The corners: upper left, upper right, lower right, lower left in the rectangle's own direction. */
export function cornersOf({ center: [x, y], width, height, angle }: Rectangle): Quad {
  const [ux, uy] = [(Math.cos(angle) * width) / 2, (Math.sin(angle) * width) / 2];
  const [vx, vy] = [(-Math.sin(angle) * height) / 2, (Math.cos(angle) * height) / 2];
  return [
    [x - ux - vx, y - uy - vy],
    [x + ux - vx, y + uy - vy],
    [x + ux + vx, y + uy + vy],
    [x - ux + vx, y - uy + vy],
  ];
}

/** Grown by as many pixels on every side. */
export function grownBy({ center, width, height, angle }: Rectangle, pixels: number): Rectangle {
  return { center, width: width + 2 * pixels, height: height + 2 * pixels, angle };
}
