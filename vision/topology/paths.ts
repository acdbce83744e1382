// Links: the ways along strokes from one node to another. A way goes straight on through crossings; among all ways the
// smoothest are taken until every stroke that leaves a node is explained.

import type { Point } from '../ocr/reading.ts';
import { lengthOf, type Segment, type StrokeGraph } from './skeleton.ts';
import { reversed } from './strokes.ts';

export interface Way {
  /** Indices of nodes. */
  from: number;
  to: number;
  segments: Segment[];
  /** 0: straight and without gaps; each unit makes it less likely. */
  cost: number;
}

/** Ways followed from one stroke at a node, and pieces of one way, at most: a dashed line has two for each dash. */
const MOST_STEPS = 4_000;
const MOST_PIECES = 400;
/** Turns at a junction, in radians: free, and the most. */
const SMOOTH = 0.9;
const SHARPEST = 1.9;
/** Points of a way that are looked back at. */
const TAIL = 60;
/** Cost beyond which nothing is believed. */
const UNLIKELY = 20;

/** @param nodeAt index of the node that a point touches, or -1 */
export function waysBetween(graph: StrokeGraph, nodeAt: readonly number[]): Way[] {
  const arms: Segment[][] = graph.points.map(() => []);
  for (const segment of graph.segments) {
    arms[segment.from]!.push(segment);
    arms[segment.to]!.push(reversed(segment));
  }
  const found: Way[] = [];
  for (const [point, node] of nodeAt.entries()) {
    if (node === -1) continue;
    for (const first of arms[point]!) follow(first, node, arms, nodeAt, found);
  }
  return explained(found);
}

function follow(first: Segment, node: number, arms: Segment[][], nodeAt: readonly number[], found: Way[]): void {
  let steps = 0;
  const go = (way: Segment[], cost: number, tail: readonly Point[], sharp: boolean): void => {
    if (++steps > MOST_STEPS || cost > UNLIKELY || way.length > MOST_PIECES) return;
    const last = way.at(-1)!;
    const end = nodeAt[last.to]!;
    if (end !== -1) {
      // A bus is not left on the side that it was entered from: two branches of one trunk are no link.
      const total = cost + (sharp && reverses(first.line, tail) ? 6 : 0);
      if (end !== node && total <= UNLIKELY) found.push({ from: node, to: end, segments: way, cost: total });
      return;
    }
    const next = arms[last.to]!.filter((arm) => !way.some((done) => isSame(done, arm)));
    const turns = next.map((arm) => turnBetween(tail, arm.line));
    const straightest = Math.min(...turns);
    const crossing = next.length >= 3;
    next.forEach((arm, i) => {
      const turn = turns[i]!;
      if (next.length > 1) {
        if (turn > SHARPEST) return;
        if (crossing && turn > straightest + 0.2) return;
      }
      const bent = next.length === 1 ? 0 : (turn / 0.5) ** 2 * 0.6 + (turn > SMOOTH ? 1.5 : 0);
      const gap = arm.gap === undefined ? 0 : 0.15;
      go([...way, arm], cost + bent + gap, tailOf(tail, arm.line), sharp || (next.length > 1 && turn > SMOOTH));
    });
  };
  go([first], first.gap === undefined ? 0 : 0.15, tailOf([], first.line), false);
}

/** The last stretch of a way: enough to tell where it was heading. */
function tailOf(before: readonly Point[], line: readonly Point[]): readonly Point[] {
  return line.length >= TAIL ? line.slice(-TAIL) : [...before.slice(-TAIL), ...line.slice(before.length > 0 ? 1 : 0)];
}

function isSame(a: Segment, b: Segment): boolean {
  if (a.from === b.from && a.to === b.to) return a.line.length === b.line.length;
  return a.from === b.to && a.to === b.from && a.line.length === b.line.length;
}

/** Radians that the way turns from its last stretch into an arm. */
function turnBetween(line: readonly Point[], arm: readonly Point[]): number {
  const [ax, ay] = stretch([...line].reverse());
  const [bx, by] = stretch(arm);
  return Math.acos(Math.max(-1, Math.min(1, -(ax * bx + ay * by))));
}

/** Unit vector away from a junction, by what lies 4 to 22 pixels from it. */
function stretch(line: readonly Point[]): Point {
  const [x, y] = line[0]!;
  const off = ([u, v]: Point): number => Math.hypot(u - x, v - y);
  const near = line.find((point) => off(point) >= 4) ?? line[0]!;
  const far = line.find((point) => off(point) >= 22) ?? line.at(-1)!;
  const start = off(far) - off(near) < 5 ? line[0]! : near;
  const length = Math.hypot(far[0] - start[0], far[1] - start[1]) || 1;
  return [(far[0] - start[0]) / length, (far[1] - start[1]) / length];
}

/** Whether the end of a way runs against its start. */
function reverses(start: readonly Point[], end: readonly Point[]): boolean {
  const [ax, ay] = stretch(start);
  const [bx, by] = stretch([...end].reverse());
  return ax * bx + ay * by > 0.5;
}

/** The cheapest ways, as long as each explains a stroke at a node, or a good piece, that no cheaper one does. */
function explained(ways: Way[]): Way[] {
  const cost = (way: Way): number =>
    way.cost + 0.0004 * way.segments.reduce((sum, { line }) => sum + lengthOf(line), 0);
  const sorted = ways.map((way) => ({ way, cost: cost(way) })).sort((a, b) => a.cost - b.cost);
  const key = ({ from, to, line }: Segment): string => `${Math.min(from, to)}-${Math.max(from, to)}-${line.length}`;
  const done = new Set<string>();
  const pairs = new Set<string>();
  const chosen: Way[] = [];
  for (const { way } of sorted) {
    const pair = `${Math.min(way.from, way.to)}-${Math.max(way.from, way.to)}`;
    const ends = [key(way.segments[0]!), key(way.segments.at(-1)!)];
    const fresh = way.segments.filter((segment) => !done.has(key(segment)));
    const length = fresh.reduce((sum, { line }) => sum + lengthOf(line), 0);
    if (!ends.some((end) => !done.has(end)) && length < 40) continue;
    for (const segment of way.segments) done.add(key(segment));
    if (pairs.has(pair)) continue;
    pairs.add(pair);
    chosen.push(way);
  }
  return chosen;
}
