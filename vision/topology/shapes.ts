// Where nodes may be: filled areas, and areas of ground that strokes enclose. What of it are nodes, `nodes.ts` decides.

import type { Point } from '../ocr/reading.ts';
import { areasOf, closed, depthOf, opened, openedRound, type Plane } from './mask.ts';
import { type Outline, outlineOf } from './outline.ts';

export interface Candidate extends Outline {
  kind: 'filled' | 'enclosed';
}

/** Radii by which gaps in outlines are bridged: none, of broken strokes, of dashes. */
const BRIDGES = [0, 2, 5];
/** Candidates of one kind at most: a picture of noise has thousands. */
const MOST = 600;

/** How many times as wide as the usual stroke the strokes may be that discs are looked for on. */
const WIDER = [1.4, 1.9, 2.5, 3.2, 4.2];
/** What a disc on wide strokes must be like: their crossings are less so. From `round` on it is no piece of a stroke. */
const COMPACT = { fit: 0.9, aspect: 1.5, round: 0.945 };

/** Areas that are filled with another colour than the ground. @param thin pixels of what counts as a stroke */
export function filledAreas(distance: Plane, threshold: number, thin: number, least: number): Candidate[] {
  const radius = Math.ceil(thin / 2) + 2;
  const mask = { ...distance, data: distance.data.map((value) => (value >= threshold ? 1 : 0)) };
  const all = candidatesIn(opened(mask, radius), 1, 'filled', least);
  // Wide strokes tie discs together, until an opening is wider than they are.
  const depth = depthOf(mask);
  for (const times of WIDER) {
    for (const candidate of candidatesIn(openedRound(depth, radius * times), 1, 'filled', least)) {
      const [width, height] = [candidate.right - candidate.left + 1, candidate.bottom - candidate.top + 1];
      if (candidate.fit < COMPACT.fit || Math.max(width, height) > COMPACT.aspect * Math.min(width, height)) continue;
      if (isCrossing(candidate, mask) || (candidate.fit < COMPACT.round && goesOn(candidate, mask))) continue;
      const same = all.findIndex((other) => overlapOf(other, candidate) > 0.5 || isKnotAround(other, candidate));
      if (same === -1) all.push(candidate);
      // What an opening left of a disc with the stumps of its strokes.
      else if (candidate.fit > all[same]!.fit + 0.02) all[same] = candidate;
    }
  }
  return all;
}

/** Share of the ring around it that strokes may take. */
const MOST_STROKES = 0.7;

/** Whether it is no disc, but what strokes share where they cross: those go on on all sides. */
function isCrossing({ left, right, top, bottom }: Outline, { width, height, data }: Plane): boolean {
  const [x, y, radius] = [(left + right) / 2, (top + bottom) / 2, (right - left + bottom - top) / 4 + 3];
  const steps = Math.ceil(2 * Math.PI * radius);
  let filled = 0;
  for (let step = 0; step < steps; step++) {
    const angle = (2 * Math.PI * step) / steps;
    const [u, v] = [Math.round(x + radius * Math.cos(angle)), Math.round(y + radius * Math.sin(angle))];
    if (u >= 0 && v >= 0 && u < width && v < height) filled += data[v * width + u]!;
  }
  return filled > MOST_STROKES * steps;
}

/** Share of a side over which the filling may go on beyond it. */
const GOES_ON = 0.7;

/** Whether it is a piece of a stroke, or of letters that were not read: those go on at full width. */
function goesOn({ left, right, top, bottom }: Outline, { width, height, data }: Plane): boolean {
  const beyond = 3;
  const filled = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] === 1;
  const share = (from: number, to: number, isFilled: (at: number) => boolean): number => {
    let count = 0;
    for (let at = from; at <= to; at++) if (isFilled(at)) count++;
    return count / (to - from + 1);
  };
  return (
    [left - beyond, right + beyond].some((x) => share(top, bottom, (y) => filled(x, y)) > GOES_ON) ||
    [top - beyond, bottom + beyond].some((y) => share(left, right, (x) => filled(x, y)) > GOES_ON)
  );
}

/** Wide strokes that meet at a disc, and the disc. */
function isKnotAround(knot: Candidate, disc: Candidate): boolean {
  return knot.fit < 0.85 && extentArea(disc) < 0.5 * extentArea(knot) && isWithin(disc, knot, 4);
}

function isWithin(inner: Outline, outer: Outline, slack: number): boolean {
  return (
    inner.left >= outer.left - slack &&
    inner.top >= outer.top - slack &&
    inner.right <= outer.right + slack &&
    inner.bottom <= outer.bottom + slack
  );
}

/** Areas that strokes close off from the rest. */
export function enclosedAreas(strokes: Plane, least: number): Candidate[] {
  const all: Candidate[] = [];
  for (const radius of BRIDGES) {
    for (const candidate of candidatesIn(closed(strokes, radius), 0, 'enclosed', least)) {
      if (!all.some((other) => overlapOf(other, candidate) > 0.8)) all.push(candidate);
    }
  }
  return all;
}

function candidatesIn(mask: Plane, value: number, kind: Candidate['kind'], least: number): Candidate[] {
  const { width, height } = mask;
  const areas = areasOf(mask, value, value === 1);
  return areas.areas
    .filter((area) => {
      const [w, h] = [area.right - area.left + 1, area.bottom - area.top + 1];
      if (Math.min(w, h) < least || w > width * 0.98 || h > height * 0.98) return false;
      // Filled shapes may be cut by the edge; what strokes do not close there is ground.
      const touches = area.left === 0 || area.top === 0 || area.right === width - 1 || area.bottom === height - 1;
      return !touches;
    })
    .sort((a, b) => b.pixels - a.pixels)
    .slice(0, MOST)
    .map((area) => ({ ...outlineOf(area, areas, width), kind }));
}

/** Intersection over union of the extents. */
export function overlapOf(a: Outline, b: Outline): number {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left) + 1;
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) + 1;
  if (across <= 0 || down <= 0) return 0;
  return (across * down) / (extentArea(a) + extentArea(b) - across * down);
}

export function extentArea({ left, right, top, bottom }: Pick<Outline, 'left' | 'right' | 'top' | 'bottom'>): number {
  return (right - left + 1) * (bottom - top + 1);
}

/** Paints convex polygons, each with its own number from 1 on, grown by `margin` pixels. */
export function paintedShapes(hulls: readonly Point[][], width: number, height: number, margin: number): Int32Array {
  const owners = new Int32Array(width * height);
  hulls.forEach((hull, i) => {
    const ys = hull.map(([, y]) => y);
    const [top, bottom] = [
      Math.max(0, Math.floor(Math.min(...ys) - margin)),
      Math.min(height - 1, Math.ceil(Math.max(...ys) + margin)),
    ];
    const xs = hull.map(([x]) => x);
    const [left, right] = [
      Math.max(0, Math.floor(Math.min(...xs) - margin)),
      Math.min(width - 1, Math.ceil(Math.max(...xs) + margin)),
    ];
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++)
        if (distanceTo(hull, x + 0.5, y + 0.5) <= margin) owners[y * width + x] = i + 1;
    }
  });
  return owners;
}

/** Pixels from a point to a convex polygon that runs clockwise on the screen; below 0 inside. */
export function distanceTo(hull: readonly Point[], x: number, y: number): number {
  let nearest = Infinity;
  let inside = true;
  for (let i = 0; i < hull.length; i++) {
    const [ax, ay] = hull[i]!;
    const [bx, by] = hull[i + 1 === hull.length ? 0 : i + 1]!;
    const [dx, dy] = [bx - ax, by - ay];
    if (dx * (y - ay) - dy * (x - ax) < 0) inside = false;
    const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
    const off = Math.hypot(x - ax - t * dx, y - ay - t * dy);
    if (off < nearest) nearest = off;
  }
  return inside ? -nearest : nearest;
}

/** Whether two outlines come nearer than `gap` pixels. */
export function touches(a: Outline, b: Outline, gap: number): boolean {
  if (a.left - gap > b.right || b.left - gap > a.right || a.top - gap > b.bottom || b.top - gap > a.bottom)
    return false;
  return (
    a.hull.some(([x, y]) => distanceTo(b.hull, x, y) <= gap) || b.hull.some(([x, y]) => distanceTo(a.hull, x, y) <= gap)
  );
}
