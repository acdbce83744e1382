// The segments of a skeleton made whole: spurs of arrowheads dropped, junctions that are one crossing joined, dashes and
// what writing covers bridged.

import type { Point } from '../ocr/reading.ts';
import type { Plane } from './mask.ts';
import { lengthOf, type Segment, type StrokeGraph } from './skeleton.ts';

export interface StrokeWidths {
  /** Pixels of the usual stroke. */
  thin: number;
  /** Pixels to the stroke's edge times 3, for each pixel. */
  depth: Plane;
}

/** Segments at each point. */
export function armsOf({ points, segments }: StrokeGraph): Segment[][] {
  const arms: Segment[][] = points.map(() => []);
  for (const segment of segments) {
    arms[segment.from]!.push(segment);
    if (segment.to !== segment.from) arms[segment.to]!.push(segment);
  }
  return arms;
}

function depthAt({ width, data }: Plane, [x, y]: Point): number {
  return (data[Math.floor(y) * width + Math.floor(x)] ?? 0) / 3;
}

/** Drops short dead ends: what thinning leaves of arrowheads and thick places. `kept`: points at nodes. */
export function withoutSpurs(graph: StrokeGraph, widths: StrokeWidths, kept: ReadonlySet<number>): StrokeGraph {
  const arms = armsOf(graph);
  const left = arms.map((here) => here.length);
  const drop = new Set<Segment>();
  const lengths = new Map(graph.segments.map((segment) => [segment, lengthOf(segment.line)]));
  // The shortest first, and two arms stay at each point: of a dash something must be left.
  for (const segment of [...graph.segments].sort((a, b) => lengths.get(a)! - lengths.get(b)!)) {
    const length = lengths.get(segment)!;
    if (segment.from === segment.to && length < 6 * widths.thin + 10) drop.add(segment);
    const [a, b] = [arms[segment.from]!.length, arms[segment.to]!.length];
    if ((a === 1) === (b === 1)) continue;
    const [end, knot] = a === 1 ? [segment.from, segment.to] : [segment.to, segment.from];
    if (kept.has(end) || left[knot]! <= 2) continue;
    const reach = 2.4 * depthAt(widths.depth, graph.points[knot]!) + 2;
    if (length > Math.max(reach, widths.thin * 1.5)) continue;
    drop.add(segment);
    left[knot]!--;
  }
  const whole = merged(
    { points: graph.points, segments: graph.segments.filter((segment) => !drop.has(segment)) },
    kept,
  );
  return withoutOrphans(whole, (point) => arms[point]!.length > 0);
}

/** Without points that had strokes once and have none: as dots they would be taken for dashes. */
function withoutOrphans({ points, segments }: StrokeGraph, hadStrokes: (point: number) => boolean): StrokeGraph {
  const used = new Set(segments.flatMap(({ from, to }) => [from, to]));
  const left = points.map((_, i) => i).filter((point) => used.has(point) || !hadStrokes(point));
  const place = new Map(left.map((point, i) => [point, i]));
  return {
    points: left.map((point) => points[point]!),
    segments: segments.map((segment) => ({ ...segment, from: place.get(segment.from)!, to: place.get(segment.to)! })),
  };
}

/** Joins the two segments at each point where only two meet. */
function merged(graph: StrokeGraph, kept: ReadonlySet<number>): StrokeGraph {
  const segments = new Set(graph.segments);
  const arms = armsOf(graph).map((all) => new Set(all));
  for (let point = 0; point < graph.points.length; point++) {
    const here = [...arms[point]!];
    if (here.length !== 2 || kept.has(point)) continue;
    const [a, b] = here as [Segment, Segment];
    if (a.from === a.to || b.from === b.to) continue;
    const first = a.to === point ? a : reversed(a);
    const second = b.from === point ? b : reversed(b);
    const whole: Segment = { from: first.from, to: second.to, line: [...first.line, ...second.line.slice(1)] };
    for (const old of here) {
      segments.delete(old);
      arms[old.from]!.delete(old);
      arms[old.to]!.delete(old);
    }
    segments.add(whole);
    arms[whole.from]!.add(whole);
    arms[whole.to]!.add(whole);
  }
  return { points: graph.points, segments: [...segments] };
}

export function reversed(segment: Segment): Segment {
  return { ...segment, from: segment.to, to: segment.from, line: [...segment.line].reverse() };
}

/** Makes one point of junctions that a very short segment joins: thinning splits a crossing in two. */
export function withWholeCrossings(
  { points, segments }: StrokeGraph,
  thin: number,
  kept: ReadonlySet<number>,
): StrokeGraph {
  const arms = armsOf({ points, segments });
  const root = points.map((_, i) => i);
  const find = (i: number): number => {
    let at = i;
    while (root[at] !== at) at = root[at]!;
    return at;
  };
  const inner = new Set<Segment>();
  for (const segment of [...segments].sort((a, b) => a.line.length - b.line.length)) {
    if (lengthOf(segment.line) > 3 * thin + 3) continue;
    if (arms[segment.from]!.length < 3 || arms[segment.to]!.length < 3) continue;
    if (kept.has(segment.from) || kept.has(segment.to)) continue;
    const [a, b] = [find(segment.from), find(segment.to)];
    inner.add(segment);
    if (a !== b) root[a] = b;
  }
  const groups = new Map<number, Point[]>();
  for (const [i, point] of points.entries()) groups.set(find(i), [...(groups.get(find(i)) ?? []), point]);
  const places = points.map((point, i): Point => {
    const group = groups.get(find(i))!;
    if (group.length === 1) return point;
    return [
      group.reduce((sum, [x]) => sum + x, 0) / group.length,
      group.reduce((sum, [, y]) => sum + y, 0) / group.length,
    ];
  });
  return {
    points: places,
    segments: segments
      .filter((segment) => !inner.has(segment))
      .map((segment) => {
        const [from, to] = [find(segment.from), find(segment.to)];
        return { ...segment, from, to, line: [places[from]!, ...segment.line.slice(1, -1), places[to]!] };
      }),
  };
}

export interface LooseEnd {
  point: number;
  place: Point;
  /** Which way the stroke would go on; nothing for a dot. */
  direction: Point | undefined;
}

/** Ends of strokes that are not at a node. */
export function looseEnds(graph: StrokeGraph, taken: ReadonlySet<number>, { thin, depth }: StrokeWidths): LooseEnd[] {
  const arms = armsOf(graph);
  return graph.points.flatMap((place, point): LooseEnd[] => {
    const here = arms[point]!;
    if (taken.has(point) || here.length > 1) return [];
    const segment = here[0];
    if (segment === undefined) return [{ point, place, direction: undefined }];
    const line = segment.from === point ? segment.line : [...segment.line].reverse();
    const middle = line[Math.floor(line.length / 2)]!;
    const direction = lengthOf(line) < thin + 2 ? undefined : headingFrom(line, depthAt(depth, middle));
    return [{ point, place, direction }];
  });
}

/** Pixels of a stroke over which its direction is looked at. */
const HEADING = 14;

/**
 * Unit vector of how the stroke would go on beyond its first point. Thinning draws the end of a wide stroke into one of its
 * corners: that part is left out. @param half pixels of half of its width
 */
function headingFrom(line: readonly Point[], half: number): Point {
  const [x, y] = line[0]!;
  const beyond = (pixels: number): Point | undefined => line.find(([u, v]) => Math.hypot(u - x, v - y) >= pixels);
  const corner = half > 4 ? 2 * half : 0;
  const far = beyond(corner + HEADING) ?? line.at(-1)!;
  const near = corner > 0 && far !== line.at(-1) ? (beyond(corner) ?? line[0]!) : line[0]!;
  const length = Math.hypot(near[0] - far[0], near[1] - far[1]) || 1;
  return [(near[0] - far[0]) / length, (near[1] - far[1]) / length];
}

export interface GapLimits {
  /** Pixels that may be missing between dashes. */
  dash: number;
  /** Pixels that writing may cover. */
  text: number;
  /** Where there is writing. */
  covered: Plane;
}

/** Bridges between loose ends that go on in each other, nearest and straightest first. */
export function bridgesBetween(
  ends: readonly LooseEnd[],
  limits: GapLimits,
  own: (a: number, b: number) => boolean,
): Segment[] {
  const pairs: { a: LooseEnd; b: LooseEnd; cost: number; gap: 'dash' | 'text' }[] = [];
  for (const [i, a] of ends.entries()) {
    for (const b of ends.slice(i + 1)) {
      const [dx, dy] = [b.place[0] - a.place[0], b.place[1] - a.place[1]];
      const length = Math.hypot(dx, dy);
      if (length > limits.text || own(a.point, b.point)) continue;
      const off = bend(a.direction, dx, dy, length) + bend(b.direction, -dx, -dy, length);
      const gap = length <= limits.dash ? 'dash' : 'text';
      const most = length < 4 ? 3 : gap === 'dash' ? 0.95 : 0.6;
      if (off > most) continue;
      if (gap === 'text' && writingBetween(a.place, b.place, limits.covered) < 0.6) continue;
      pairs.push({ a, b, gap, cost: length * (1 + 2 * off) });
    }
  }
  const done = new Set<number>();
  const bridges: Segment[] = [];
  for (const { a, b, gap } of pairs.sort((p, q) => p.cost - q.cost)) {
    if (done.has(a.point) || done.has(b.point)) continue;
    done.add(a.point).add(b.point);
    bridges.push({ from: a.point, to: b.point, line: [a.place, b.place], gap });
  }
  return bridges;
}

/** Radians between a direction and the way to the other end. */
function bend(direction: Point | undefined, dx: number, dy: number, length: number): number {
  if (direction === undefined || length < 1) return 0.2;
  return Math.acos(Math.max(-1, Math.min(1, (direction[0] * dx + direction[1] * dy) / length)));
}

function writingBetween([x, y]: Point, [u, v]: Point, { width, data }: Plane): number {
  const steps = Math.max(2, Math.round(Math.hypot(u - x, v - y) / 2));
  let hits = 0;
  for (let i = 1; i < steps; i++) {
    const [px, py] = [Math.floor(x + ((u - x) * i) / steps), Math.floor(y + ((v - y) * i) / steps)];
    if (data[py * width + px] === 1) hits++;
  }
  return hits / (steps - 1);
}
