// From ink to links: strokes between nodes, tied to the nodes that they reach.

import type { Point } from '../ocr/reading.ts';
import { type Area, areasOf, closed, depthOf, type Plane } from './mask.ts';
import type { FoundNode } from './nodes.ts';
import { type Way, waysBetween } from './paths.ts';
import { distanceTo, paintedShapes } from './shapes.ts';
import { lengthOf, type Segment, type StrokeGraph, segmented, thinned } from './skeleton.ts';
import { straightWays, withStraight } from './straight-links.ts';
import {
  armsOf,
  bridgesBetween,
  type LooseEnd,
  looseEnds,
  type StrokeWidths,
  withoutSpurs,
  withWholeCrossings,
} from './strokes.ts';

export interface FoundLink extends Way {
  line: 'solid' | 'dashed';
  /** Whether there is an arrowhead at its start and at its end. */
  heads: [start: boolean, end: boolean];
}

/** Pixels beyond a stroke's width that its end may stay away from a node. */
const TOUCH = 3;

/**
 * @param ink strokes without writing
 * @param writing where there is some
 * @param thin pixels of the usual stroke
 * @param line pixels of the usual line of text
 */
export function linksBetween(
  nodes: readonly FoundNode[],
  ink: Plane,
  writing: Plane,
  thin: number,
  line: number,
): FoundLink[] {
  const { width, height } = ink;
  const margin = Math.round(thin) + 2;
  const owners = paintedShapes(
    nodes.map(({ hull }) => hull),
    width,
    height,
    margin,
  );
  const data = new Uint8Array(ink.data.length);
  for (let i = 0; i < data.length; i++) data[i] = ink.data[i] === 1 && owners[i] === 0 ? 1 : 0;
  const whole = closed({ width, height, data }, 1);
  const { strokes, covered } = withoutFaint(whole, writing, line);
  const depth = depthOf(strokes);
  const raw = segmented(thinned(strokes));
  const touching = (graph: StrokeGraph): number[] =>
    graph.points.map((point) => nodeNear(nodes, point, margin + thin + TOUCH));
  const atNodes = (graph: StrokeGraph): Set<number> =>
    new Set(touching(graph).flatMap((node, i) => (node === -1 ? [] : [i])));
  const widths = { thin, depth };
  let graph = withoutSpurs(raw, widths, atNodes(raw));
  graph = withWholeCrossings(graph, thin, atNodes(graph));
  const [dash, open] = [Math.max(20, 9 * thin, line), Math.max(line * 1.1, 18)];
  graph = bridged(graph, atNodes(graph), { dash, text: line * 9, covered }, widths);
  const nodeAt = touching(graph);
  reachOut(graph, nodeAt, nodes, { open, covered, hidden: line * 4 }, widths);
  const traced = waysBetween(graph, nodeAt);
  const straight = straightWays(nodes, { strokes, covered, owners, thin, line, dash, open });
  return withStraight(traced, straight, thin + 2).map((way) => described(way, depth, thin));
}

/** From so many pixels on a stroke is so much wider than those of letters that these can be told by it. */
const WIDE_STROKE = 8;
/** Share of its width that the strokes of letters on it have at most. */
const FAINT = 0.45;

/**
 * Drops small marks beside wide strokes that are drawn far thinner: letters on a link that were not read as such. Where they
 * are counts as covered by writing.
 */
function withoutFaint(strokes: Plane, writing: Plane, line: number): { strokes: Plane; covered: Plane } {
  const { width, height } = strokes;
  const { labels, areas } = areasOf(strokes, 1, true);
  const widthOf = ({ left, right, top, bottom, pixels }: Area): number =>
    pixels / Math.hypot(right - left + 1, bottom - top + 1);
  const extent = ({ left, right, top, bottom }: Area): number => Math.max(right - left, bottom - top);
  const wide = new Float32Array(areas.length);
  for (const area of areas) if (extent(area) > 2 * line && widthOf(area) >= WIDE_STROKE) wide[area.id] = widthOf(area);
  if (!wide.some((one) => one > 0)) return { strokes, covered: writing };
  const depth = depthOf(strokes);
  const thickest = new Uint8Array(areas.length);
  for (let i = 0; i < labels.length; i++) {
    const id = labels[i]!;
    if (id >= 0 && depth.data[i]! > thickest[id]!) thickest[id] = depth.data[i]!;
  }
  /** The widest stroke around an area. */
  const beside = ({ left, right, top, bottom }: Area): number => {
    let widest = 0;
    for (let y = Math.max(0, Math.floor(top - line)); y < Math.min(height, bottom + line); y += 2) {
      for (let x = Math.max(0, Math.floor(left - line)); x < Math.min(width, right + line); x += 2) {
        const id = labels[y * width + x]!;
        if (id >= 0 && wide[id]! > widest) widest = wide[id]!;
      }
    }
    return widest;
  };
  const drop = areas.map((area) => extent(area) < 1.3 * line && (2 * thickest[area.id]!) / 3 < FAINT * beside(area));
  const covered = writing.data.slice();
  const room = Math.round(line / 3);
  for (const { left, right, top, bottom } of areas.filter(({ id }) => drop[id])) {
    for (let y = Math.max(0, top - room); y < Math.min(height, bottom + room); y++)
      covered.fill(1, y * width + Math.max(0, left - room), y * width + Math.min(width, right + room));
  }
  const data = strokes.data.map((value, i) => (value === 1 && drop[labels[i]!] ? 0 : value));
  return { strokes: { ...strokes, data }, covered: { ...writing, data: covered } };
}

/** The node whose outline is nearest, within `reach` pixels; -1 where there is none. */
function nodeNear(nodes: readonly FoundNode[], [x, y]: Point, reach: number): number {
  let [best, nearest] = [-1, reach];
  for (const [i, { hull, left, right, top, bottom }] of nodes.entries()) {
    if (x < left - reach || x > right + reach || y < top - reach || y > bottom + reach) continue;
    const off = distanceTo(hull, x, y);
    if (off <= nearest) [best, nearest] = [i, off];
  }
  return best;
}

/** Dashes first, then what writing hides: bridges make longer strokes whose direction is surer. */
function bridged(
  graph: StrokeGraph,
  taken: ReadonlySet<number>,
  limits: { dash: number; text: number; covered: Plane },
  widths: StrokeWidths,
): StrokeGraph {
  const { points } = graph;
  const segments = [...graph.segments];
  for (const reach of [limits.dash, limits.dash, limits.text]) {
    const arms = armsOf({ points, segments });
    const ends = looseEnds({ points, segments }, taken, widths);
    const own = (a: number, b: number): boolean => {
      const only = arms[a]![0];
      return only !== undefined && (only.from === b || only.to === b) && lengthOf(only.line) < 60;
    };
    segments.push(...bridgesBetween(ends, { ...limits, text: reach }, own));
  }
  return { points, segments };
}

interface Reach {
  /** Pixels that a loose end may stay away from its node, and beyond them those that writing may hide. */
  open: number;
  hidden: number;
  covered: Plane;
}

/** Loose ends that point at a node nearby, or behind writing, are tied to it. Changes `nodeAt`. */
function reachOut(
  graph: StrokeGraph,
  nodeAt: number[],
  nodes: readonly FoundNode[],
  reach: Reach,
  widths: StrokeWidths,
): void {
  const taken = new Set(nodeAt.flatMap((node, i) => (node === -1 ? [] : [i])));
  for (const { point, place, direction } of looseEnds(graph, taken, widths)) {
    const node =
      direction === undefined
        ? nodeNear(nodes, place, reach.open / 2)
        : nodeAhead(nodes, { point, place, direction }, reach);
    if (node !== -1) nodeAt[point] = node;
  }
}

/** Pixels from which on the cone that is looked into grows no wider. */
const WIDE = 40;

function nodeAhead(nodes: readonly FoundNode[], { place: [x, y], direction }: LooseEnd, reach: Reach): number {
  const { open, hidden, covered } = reach;
  let seen = 0;
  for (let step = 1; seen <= open && step <= open + hidden; step += 2) {
    const at: Point = [x + direction![0] * step, y + direction![1] * step];
    const node = nodeNear(nodes, at, 2 + Math.min(step, WIDE) * 0.25);
    if (node !== -1) return node;
    if (covered.data[Math.floor(at[1]) * covered.width + Math.floor(at[0])] !== 1) seen += 2;
  }
  return -1;
}

function described(way: Way, depth: Plane, thin: number): FoundLink {
  const line: Point[] = way.segments.flatMap((segment: Segment) => (segment.gap === undefined ? segment.line : []));
  const gaps = way.segments.filter(({ gap }) => gap === 'dash').length;
  const thick = (points: readonly Point[]): number =>
    Math.max(0, ...points.map(([x, y]) => (depth.data[Math.floor(y) * depth.width + Math.floor(x)] ?? 0) / 3));
  const middle = line.slice(Math.floor(line.length * 0.35), Math.ceil(line.length * 0.65));
  const usual =
    [...middle.map((point) => thick([point]))].sort((a, b) => a - b)[Math.floor(middle.length / 2)] ?? thin / 2;
  const reach = Math.min(Math.floor(line.length * 0.35), Math.round(10 + 5 * thin));
  const isHead = (points: readonly Point[]): boolean => thick(points) > Math.max(usual * 1.9, usual + 1.2);
  return {
    ...way,
    line: gaps >= 2 ? 'dashed' : 'solid',
    heads: [isHead(line.slice(0, reach)), isHead(line.slice(-reach))],
  };
}
