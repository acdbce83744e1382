// The lines between drawn nodes: straight, orthogonal or curved, by hand, with arrowheads.

import type { Random } from '../../core/random.ts';
import type { DrawnNode } from './drawing.ts';

export type Point = [x: number, y: number];

/** From boundary to boundary, as points close together. */
export function routeBetween(a: DrawnNode, b: DrawnNode, route: 'straight' | 'orthogonal' | 'spline'): Point[] {
  if (route === 'orthogonal') return orthogonal(a, b);
  const from = boundary(a, [b.x, b.y]);
  const to = boundary(b, [a.x, a.y]);
  if (route === 'straight') return between([from, to]);
  const bend = Math.hypot(to[0] - from[0], to[1] - from[1]) * 0.18;
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const off: Point = [-Math.sin(angle) * bend, Math.cos(angle) * bend];
  const c1: Point = [from[0] * 0.7 + to[0] * 0.3 + off[0], from[1] * 0.7 + to[1] * 0.3 + off[1]];
  const c2: Point = [from[0] * 0.3 + to[0] * 0.7 + off[0] * 0.3, from[1] * 0.3 + to[1] * 0.7 + off[1] * 0.3];
  return Array.from({ length: 41 }, (_, i) => {
    const t = i / 40;
    const [p, q, r, s] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
    return [p * from[0] + q * c1[0] + r * c2[0] + s * to[0], p * from[1] + q * c1[1] + r * c2[1] + s * to[1]];
  });
}

function orthogonal(a: DrawnNode, b: DrawnNode): Point[] {
  const across = Math.abs(a.x - b.x) / (a.width + b.width) > Math.abs(a.y - b.y) / (a.height + b.height);
  if (across) {
    const side = Math.sign(b.x - a.x);
    const [from, to]: Point[] = [
      [a.x + (side * a.width) / 2, a.y],
      [b.x - (side * b.width) / 2, b.y],
    ] as Point[];
    const middle = (from![0] + to![0]) / 2;
    return between([from!, [middle, from![1]], [middle, to![1]], to!]);
  }
  const side = Math.sign(b.y - a.y);
  const [from, to]: Point[] = [
    [a.x, a.y + (side * a.height) / 2],
    [b.x, b.y - (side * b.height) / 2],
  ] as Point[];
  const middle = (from![1] + to![1]) / 2;
  return between([from!, [from![0], middle], [to![0], middle], to!]);
}

/** Where the line from the middle towards a point leaves the shape. */
function boundary({ x, y, width, height, shape }: DrawnNode, [px, py]: Point): Point {
  const [dx, dy] = [px - x, py - y];
  const [w, h] = [width / 2, height / 2];
  let t = 1 / Math.max(Math.abs(dx) / w, Math.abs(dy) / h);
  if (shape === 'circle' || shape === 'ellipse' || shape === 'disc') t = 1 / Math.hypot(dx / w, dy / h);
  if (shape === 'diamond') t = 1 / (Math.abs(dx) / w + Math.abs(dy) / h);
  if (shape === 'cloud') t = 0.85 / Math.hypot(dx / w, dy / h);
  return [x + dx * t, y + dy * t];
}

/** A polyline as points at most 4 pixels apart. */
function between(corners: Point[]): Point[] {
  const points: Point[] = [corners[0]!];
  for (const [i, [x, y]] of corners.slice(1).entries()) {
    const [u, v] = corners[i]!;
    const steps = Math.max(1, Math.ceil(Math.hypot(x - u, y - v) / 4));
    for (let k = 1; k <= steps; k++) points.push([u + ((x - u) * k) / steps, v + ((y - v) * k) / steps]);
  }
  return points;
}

/** The same line by a hand that is not steady. */
export function sketched(corners: Point[], wobble: number, random: Random): Point[] {
  const waves = [1, 2, 3].map((turns) => ({
    turns,
    phase: random.next() * 7,
    size: (wobble * random.next()) / turns ** 0.5,
  }));
  const others = [1, 2, 3].map((turns) => ({
    turns,
    phase: random.next() * 7,
    size: (wobble * random.next()) / turns ** 0.5,
  }));
  const line = between(corners);
  return line.map(([x, y], i) => {
    const t = (i / 25) * Math.PI;
    const sum = (all: typeof waves): number =>
      all.reduce((total, { turns, phase, size }) => total + size * Math.sin(turns * t * 0.6 + phase), 0);
    return [x + sum(waves), y + sum(others)];
  });
}

/** At the end of the line. */
export function arrowHead(line: Point[], kind: 'filled' | 'open', colour: string, width: number): string {
  const [x, y] = line.at(-1)!;
  const [u, v] = line.at(-4) ?? line[0]!;
  const angle = Math.atan2(y - v, x - u);
  const length = 7 + 2 * width;
  const corner = (turn: number): string =>
    `${(x - length * Math.cos(angle + turn)).toFixed(1)},${(y - length * Math.sin(angle + turn)).toFixed(1)}`;
  const points = `${corner(0.42)} ${x.toFixed(1)},${y.toFixed(1)} ${corner(-0.42)}`;
  return kind === 'filled'
    ? `<polygon points="${points}" fill="${colour}"/>`
    : `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="${width}"/>`;
}
