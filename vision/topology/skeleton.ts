// Strokes as thin lines: thinned to one pixel (Zhang and Suen, 1984) and cut at their ends and junctions into segments.

import type { Point } from '../ocr/reading.ts';
import type { Plane } from './mask.ts';

/** Ends and junctions of strokes, and what runs between them. */
export interface StrokeGraph {
  points: Point[];
  segments: Segment[];
}

export interface Segment {
  /** Indices of points. */
  from: number;
  to: number;
  /** From `from` to `to`, both included. */
  line: Point[];
  /** Not drawn, but bridged: a gap between dashes, or behind writing. */
  gap?: 'dash' | 'text';
}

/** Most segments of a drawing: a picture of noise has more. */
export const MOST_SEGMENTS = 20_000;

export function thinned({ width, height, data }: Plane): Plane {
  const out = data.slice();
  let active: number[] = [];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) if (out[y * width + x] === 1) active.push(y * width + x);
  }
  // What lies on the edge has no neighbours there.
  for (let x = 0; x < width; x++) out[x] = out[(height - 1) * width + x] = 0;
  for (let y = 0; y < height; y++) out[y * width] = out[y * width + width - 1] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (const pass of [0, 1]) {
      const removed: number[] = [];
      for (const at of active) if (out[at] === 1 && removable(out, at, width, pass)) removed.push(at);
      for (const at of removed) out[at] = 0;
      if (removed.length > 0) changed = true;
    }
    active = active.filter((at) => out[at] === 1);
  }
  // Corners of stairs: a line is one pixel wide also diagonally.
  for (const at of active) if (isStair(out, at, width)) out[at] = 0;
  return { width, height, data: out };
}

function removable(data: Uint8Array, at: number, width: number, pass: number): boolean {
  const n = data[at - width]!;
  const ne = data[at - width + 1]!;
  const e = data[at + 1]!;
  const se = data[at + width + 1]!;
  const s = data[at + width]!;
  const sw = data[at + width - 1]!;
  const w = data[at - 1]!;
  const nw = data[at - width - 1]!;
  const count = n + ne + e + se + s + sw + w + nw;
  if (count < 2 || count > 6) return false;
  const turns =
    (n < ne ? 1 : 0) +
    (ne < e ? 1 : 0) +
    (e < se ? 1 : 0) +
    (se < s ? 1 : 0) +
    (s < sw ? 1 : 0) +
    (sw < w ? 1 : 0) +
    (w < nw ? 1 : 0) +
    (nw < n ? 1 : 0);
  if (turns !== 1) return false;
  return pass === 0 ? n * e * s === 0 && e * s * w === 0 : n * e * w === 0 && n * s * w === 0;
}

/** Whether the pixel only fills the inner corner between two neighbours that touch diagonally. */
function isStair(data: Uint8Array, at: number, width: number): boolean {
  const [n, e, s, w] = [data[at - width]!, data[at + 1]!, data[at + width]!, data[at - 1]!];
  const [ne, se, sw, nw] = [data[at - width + 1]!, data[at + width + 1]!, data[at + width - 1]!, data[at - width - 1]!];
  if (n + e + s + w !== 2) return false;
  if (n + e === 2) return sw === 0 && s + w === 0 && ne === 0;
  if (e + s === 2) return nw === 0 && n + w === 0 && se === 0;
  if (s + w === 2) return ne === 0 && n + e === 0 && sw === 0;
  if (w + n === 2) return se === 0 && s + e === 0 && nw === 0;
  return false;
}

/** Cuts a skeleton into segments. Closed lines without a junction, as of shapes without links, are left out. */
export function segmented({ width, height, data }: Plane): StrokeGraph {
  const at = (x: number, y: number): number => (x < 0 || y < 0 || x >= width || y >= height ? 0 : data[y * width + x]!);
  const around = (index: number): number[] => {
    const x = index % width;
    const y = (index - x) / width;
    const near: number[] = [];
    for (const [dx, dy] of [
      [0, -1],
      [1, 0],
      [0, 1],
      [-1, 0],
      [1, -1],
      [1, 1],
      [-1, 1],
      [-1, -1],
    ] as const) {
      if (at(x + dx, y + dy) === 1) near.push(index + dy * width + dx);
    }
    return near;
  };
  const knot = new Int32Array(data.length).fill(-1);
  const points: Point[] = [];
  const knots: number[][] = [];
  for (let index = 0; index < data.length; index++) {
    if (data[index] === 0 || knot[index] !== -1 || around(index).length === 2) continue;
    const cluster = [index];
    const id = knots.length;
    knot[index] = id;
    if (around(index).length > 2) {
      for (let i = 0; i < cluster.length; i++) {
        for (const next of around(cluster[i]!)) {
          if (knot[next] !== -1 || around(next).length <= 2) continue;
          knot[next] = id;
          cluster.push(next);
        }
      }
    }
    knots.push(cluster);
    const [sx, sy] = cluster.reduce(([a, b], pixel) => [a + (pixel % width), b + Math.floor(pixel / width)], [0, 0]);
    points.push([sx / cluster.length + 0.5, sy / cluster.length + 0.5]);
  }
  const segments: Segment[] = [];
  const walked = new Uint8Array(data.length);
  const place = (index: number): Point => [(index % width) + 0.5, Math.floor(index / width) + 0.5];
  for (const [id, cluster] of knots.entries()) {
    for (const pixel of cluster) {
      for (const start of around(pixel)) {
        if (knot[start] === id || walked[start] === 1 || segments.length >= MOST_SEGMENTS) continue;
        const line: Point[] = [points[id]!];
        let [previous, current] = [pixel, start];
        while (knot[current] === -1) {
          walked[current] = 1;
          line.push(place(current));
          // Between knots each pixel has exactly two neighbours.
          const next = around(current).find((other) => other !== previous);
          if (next === undefined) break;
          [previous, current] = [current, next];
        }
        const end = knot[current]!;
        if (end === -1) {
          points.push(place(current));
          segments.push({ from: id, to: points.length - 1, line });
        } else if (line.length > 1 || end > id) {
          segments.push({ from: id, to: end, line: [...line, points[end]!] });
        }
      }
    }
  }
  return { points, segments };
}

export function lengthOf(line: readonly Point[]): number {
  let sum = 0;
  for (let i = 1; i < line.length; i++) sum += Math.hypot(line[i]![0] - line[i - 1]![0], line[i]![1] - line[i - 1]![1]);
  return sum;
}
