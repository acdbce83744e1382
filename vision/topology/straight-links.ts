// Links that run straight from one node to another: ink all the way between their middles, or dashes as even as one pen
// draws them. Tracing loses such lines where many cross, where they are dashed, or where a figure stands on them.

import type { Point } from '../ocr/reading.ts';
import type { Plane } from './mask.ts';
import type { FoundNode } from './nodes.ts';
import type { Way } from './paths.ts';
import type { Segment } from './skeleton.ts';

export interface StraightLook {
  strokes: Plane;
  /** Where there is writing. */
  covered: Plane;
  /** Number of the node, from 1 on, that a pixel lies in or close to; 0 for none. */
  owners: Int32Array;
  /** Pixels of the usual stroke, and of the usual line of text. */
  thin: number;
  line: number;
  /** Pixels that may be missing between dashes, and between a line and its node. */
  dash: number;
  open: number;
}

/** Share of what can be seen of a solid line that is drawn; and with one gap, where a label was not read. */
const SOLID = 0.94;
const SOLID_BUT_LABEL = 0.7;
/** Share of a dashed line that is drawn. */
const DASHED = { least: 0.35, most: 0.93 };
/** Gaps of a dashed line are within this share of the usual one, and so many pixels: this share of them is. */
const UNEVEN = { share: 0.4, pixels: 2.5 };
const EVEN = 0.7;
/** Share of a line that writing may hide. */
const HIDDEN = 0.65;
/** Pixels of a first look at a pair of nodes: most pairs have nothing between them. */
const STRIDE = 6;

type Seen = 'ink' | 'hidden' | 'blank';

interface Run {
  seen: Seen;
  from: number;
  /** Exclusive. */
  to: number;
}

export function straightWays(nodes: readonly FoundNode[], look: StraightLook): Way[] {
  const ways: Way[] = [];
  for (const [from, a] of nodes.entries()) {
    for (const [ahead, b] of nodes.slice(from + 1).entries()) {
      const to = from + 1 + ahead;
      const segments = straightBetween(look, [middleOf(a), from + 1], [middleOf(b), to + 1]);
      if (segments !== undefined) ways.push({ from, to, segments, cost: 1 });
    }
  }
  return ways;
}

/**
 * Traced ways, and the straight ones that tracing lost. A traced way is dropped that leaves one straight link to end on
 * another: it turned off where they cross.
 */
export function withStraight(traced: readonly Way[], straight: readonly Way[], within: number): Way[] {
  const pairs = new Set(straight.map(pairOf));
  const isTurnedOff = (way: Way): boolean =>
    !pairs.has(pairOf(way)) &&
    [way.segments[0]!, way.segments.at(-1)!].every(({ line }) =>
      straight.some((link) => isAlong(line[Math.floor(line.length / 2)]!, link, within)),
    );
  const kept = traced.filter((way) => !isTurnedOff(way));
  const known = new Set(kept.map(pairOf));
  return [...kept, ...straight.filter((way) => !known.has(pairOf(way)))];
}

const pairOf = ({ from, to }: Way): string => `${Math.min(from, to)}-${Math.max(from, to)}`;

/** Whether a point lies within some pixels of a straight way. */
function isAlong([x, y]: Point, { segments }: Way, within: number): boolean {
  const [[ax, ay], [bx, by]] = [segments[0]!.line[0]!, segments.at(-1)!.line.at(-1)!];
  const [dx, dy] = [bx - ax, by - ay];
  const t = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
  return t >= 0 && t <= 1 && Math.hypot(x - ax - t * dx, y - ay - t * dy) <= within;
}

const middleOf = ({ left, right, top, bottom }: FoundNode): Point => [(left + right + 1) / 2, (top + bottom + 1) / 2];

type End = [middle: Point, owner: number];

function straightBetween(look: StraightLook, [[x, y], a]: End, [[u, v], b]: End): Segment[] | undefined {
  const length = Math.floor(Math.hypot(u - x, v - y));
  const [dx, dy] = [(u - x) / length, (v - y) / length];
  const at = (step: number): Point => [x + dx * step, y + dy * step];
  const ownerAt = (step: number): number => {
    const [px, py] = at(step);
    return look.owners[Math.floor(py) * look.strokes.width + Math.floor(px)] ?? 0;
  };
  let [first, last] = [0, length];
  while (first < length && ownerAt(first) === a) first++;
  while (last > first && ownerAt(last) === b) last--;
  if (last - first < look.thin) return undefined;
  const seenAt = (step: number): Seen => seen(look, at(step), dx, dy);
  let [looked, blank] = [0, 0];
  for (let step = first; step <= last; step += STRIDE) {
    if (ownerAt(step) !== 0) return undefined;
    looked++;
    if (seenAt(step) === 'blank') blank++;
  }
  if (blank > 0.75 * looked) return undefined;
  const runs = withLabelsWhole(runsOf(first, last, seenAt), look.line);
  for (const end of [0, -1]) {
    const run = runs.at(end);
    if (run?.seen !== 'blank') continue;
    if (run.to - run.from > look.open) return undefined;
    runs.splice(end, 1);
  }
  return isLine(runs, look) ? segmentsOf(runs, at) : undefined;
}

/** Whether there is ink within some pixels across the line. */
function seen({ strokes, covered, thin }: StraightLook, [x, y]: Point, dx: number, dy: number): Seen {
  const { width, data } = strokes;
  const reach = Math.round(thin / 2) + 2;
  for (let off = -reach; off <= reach; off++) {
    if (data[Math.floor(y + dx * off) * width + Math.floor(x - dy * off)] === 1) return 'ink';
  }
  return covered.data[Math.floor(y) * width + Math.floor(x)] === 1 ? 'hidden' : 'blank';
}

function runsOf(first: number, last: number, seenAt: (step: number) => Seen): Run[] {
  const runs: Run[] = [];
  for (let step = first; step <= last; step++) {
    const now = seenAt(step);
    const run = runs.at(-1);
    if (run?.seen === now) run.to = step + 1;
    else runs.push({ seen: now, from: step, to: step + 1 });
  }
  return runs;
}

/** The ground that is left free around a label belongs to it. */
function withLabelsWhole(runs: readonly Run[], line: number): Run[] {
  const whole: Run[] = [];
  for (const [i, run] of runs.entries()) {
    const isRim =
      run.seen === 'blank' &&
      run.to - run.from <= line / 2 &&
      (runs[i - 1]?.seen === 'hidden' || runs[i + 1]?.seen === 'hidden');
    const now = isRim ? 'hidden' : run.seen;
    const before = whole.at(-1);
    if (before?.seen === now) before.to = run.to;
    else whole.push({ ...run, seen: now });
  }
  return whole;
}

function isLine(runs: readonly Run[], { line, dash }: StraightLook): boolean {
  const lengths = (of: Seen): number[] => runs.filter((run) => run.seen === of).map(({ from, to }) => to - from);
  const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);
  const [ink, gaps, hidden] = [lengths('ink'), lengths('blank'), lengths('hidden')];
  const visible = sum(ink) + sum(gaps);
  if (sum(ink) < 4 || sum(hidden) > HIDDEN * (visible + sum(hidden))) return false;
  const share = sum(ink) / visible;
  if (share >= SOLID) return true;
  if (gaps.length === 1) return share >= SOLID_BUT_LABEL && gaps[0]! <= 2 * line;
  if (share < DASHED.least || share > DASHED.most || Math.max(...gaps) > dash) return false;
  const usual = [...gaps].sort((a, b) => a - b)[Math.floor(gaps.length / 2)]!;
  const slack = UNEVEN.share * usual + UNEVEN.pixels;
  // Lines that cross it fill some of its gaps in part.
  const even = gaps.filter((gap) => gap >= usual - slack).length;
  return even >= EVEN * gaps.length && gaps.every((gap) => gap <= usual + slack);
}

function segmentsOf(runs: readonly Run[], at: (step: number) => Point): Segment[] {
  return runs.map(({ seen: what, from, to }): Segment => {
    const line = Array.from({ length: to - from }, (_, i) => at(from + i));
    return { from: 0, to: 0, line, ...(what !== 'ink' && { gap: what === 'blank' ? 'dash' : 'text' }) };
  });
}
