// The order in which people read what is written: columns one after the other, in each line by line, from left to right.

import type { Quad } from './reading.ts';

interface Placed<T> {
  item: T;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Share of the lesser height by which two parts must overlap to be on one line. */
const SAME_LINE = 0.5;
/** Lines on each side of a gap at least for it to part columns. */
const LEAST_LINES = 3;
/** A column's lines fill this share of its width, on average; what is shorter is a table, which is read across. */
const FILLED = 0.6;
/** Share of the whole width that a column has at least. */
const LEAST_COLUMN = 0.2;

/** The items as lines in reading order. A tilted page is read along its tilt. */
export function inReadingOrder<T extends { box: Quad }>(items: readonly T[]): T[][] {
  const angle = tiltOf(items);
  const placed = items.map((item) => place(item, angle));
  return columnsOf(placed).flatMap((column) => linesOf(column).map((line) => line.map(({ item }) => item)));
}

/** The middle one of the directions of all items, in radians. */
function tiltOf(items: readonly { box: Quad }[]): number {
  const angles = items
    .map(({ box: [[x0, y0], [x1, y1]] }) => Math.atan2(y1 - y0, x1 - x0))
    .filter((angle) => Math.abs(angle) < Math.PI / 4)
    .sort((a, b) => a - b);
  return angles[angles.length >> 1] ?? 0;
}

function place<T extends { box: Quad }>(item: T, angle: number): Placed<T> {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const xs = item.box.map(([x, y]) => x * cos + y * sin);
  const ys = item.box.map(([x, y]) => y * cos - x * sin);
  return { item, left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

function columnsOf<T>(placed: readonly Placed<T>[]): Placed<T>[][] {
  const gap = gutterOf(placed);
  if (gap === undefined) return [[...placed]];
  return [
    ...columnsOf(placed.filter(({ right }) => right <= gap)),
    ...columnsOf(placed.filter(({ right }) => right > gap)),
  ];
}

/** Where a gap from top to bottom has running text on both sides. */
function gutterOf<T>(placed: readonly Placed<T>[]): number | undefined {
  const byLeft = [...placed].sort((a, b) => a.left - b.left);
  const left = byLeft[0]?.left ?? 0;
  const whole = Math.max(...placed.map(({ right }) => right)) - left;
  let reached = -Infinity;
  for (const [index, { left: next }] of byLeft.entries()) {
    if (next > reached && index >= LEAST_LINES && byLeft.length - index >= LEAST_LINES) {
      const sides = [byLeft.slice(0, index), byLeft.slice(index)];
      if (sides.every((side) => isColumn(side, whole))) return reached;
    }
    reached = Math.max(reached, byLeft[index]!.right);
  }
  return undefined;
}

function isColumn<T>(side: readonly Placed<T>[], whole: number): boolean {
  const lines = linesOf(side);
  const left = Math.min(...side.map((part) => part.left));
  const width = Math.max(...side.map((part) => part.right)) - left;
  if (lines.length < LEAST_LINES || width < LEAST_COLUMN * whole) return false;
  const filled = lines.reduce(
    (sum, line) => sum + line.reduce((length, part) => length + part.right - part.left, 0),
    0,
  );
  return filled / lines.length / width >= FILLED;
}

function linesOf<T>(placed: readonly Placed<T>[]): Placed<T>[][] {
  const lines: Placed<T>[][] = [];
  for (const part of [...placed].sort((a, b) => a.top + a.bottom - b.top - b.bottom)) {
    const line = lines.findLast((candidate) => candidate.every((other) => besideEachOther(part, other)));
    if (line === undefined) lines.push([part]);
    else line.push(part);
  }
  for (const line of lines) line.sort((a, b) => a.left - b.left);
  return lines;
}

function besideEachOther<T>(a: Placed<T>, b: Placed<T>): boolean {
  const shared = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (shared < SAME_LINE * Math.min(a.bottom - a.top, b.bottom - b.top)) return false;
  // What lies over each other is two lines, however close.
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  return across < 0.5 * Math.min(a.right - a.left, b.right - b.left);
}
