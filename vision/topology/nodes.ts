// Which candidates are nodes, and their labels: inside, or beside them where all labels stand outside.

import type { Point } from '../ocr/reading.ts';
import type { NodeShape } from './graph.ts';
import { type Candidate, distanceTo, extentArea, overlapOf, touches } from './shapes.ts';
import type { TextBox } from './text.ts';

export interface FoundNode {
  hull: Point[];
  left: number;
  top: number;
  right: number;
  bottom: number;
  shape: NodeShape;
  label: string;
  confidence: number;
}

/** Extent of an outer outline over that of the inner one, where both are one node's. */
const DOUBLE_OUTLINE = 2.6;
const DOT_IN_RING = 9;

interface Judged {
  candidate: Candidate;
  texts: TextBox[];
  score: number;
}

/** @param line pixels of the usual line of text @param thin pixels of a stroke */
export function nodesAmong(candidates: readonly Candidate[], texts: readonly TextBox[], line: number, thin: number) {
  const judged = candidates
    .map((candidate) => judge(candidate, textsInside(candidate, texts), line))
    .filter((one) => one !== undefined);
  const plain = judged.filter((one) => !isCluster(one, judged));
  plain.sort((a, b) => b.score - a.score);
  const chosen: Judged[] = [];
  for (const one of plain) {
    const rival = chosen.findIndex((other) => inEachOther(other.candidate, one.candidate));
    if (rival === -1) {
      if (!isFace(one, chosen, thin)) chosen.push(one);
      continue;
    }
    const other = chosen[rival]!;
    const ratio = extentArea(one.candidate) / extentArea(other.candidate);
    // A double outline, a dot in a ring, or the same shape found twice: the outer one is the node.
    const most = one.texts.length === 0 && isConcentric(one.candidate, other.candidate) ? DOT_IN_RING : DOUBLE_OUTLINE;
    if (ratio > 1 && ratio < most && one.candidate.fit > 0.8 && sameTexts(one.texts, other.texts)) chosen[rival] = one;
  }
  return labelled(withLids(chosen, thin), texts, line);
}

export function textsInside(candidate: Candidate, texts: readonly TextBox[]): TextBox[] {
  const wide = (candidate.right - candidate.left) * 1.2;
  return texts.filter(
    (box) =>
      box.right - box.left <= wide &&
      distanceTo(candidate.hull, (box.left + box.right) / 2, (box.top + box.bottom) / 2) < 0,
  );
}

/** Nothing where it cannot be a node. */
function judge(candidate: Candidate, texts: TextBox[], line: number): Judged | undefined {
  const { left, right, top, bottom, solid, fit, corners, area, kind } = candidate;
  const [width, height] = [right - left + 1, bottom - top + 1];
  if (solid < 0.8 || Math.max(width, height) > 14 * Math.min(width, height)) return undefined;
  if (texts.length === 0) {
    if (corners <= 3 || fit < (kind === 'filled' ? 0.78 : 0.9) || solid < 0.88) return undefined;
    if (Math.min(width, height) < line * 0.42) return undefined;
    return { candidate, texts, score: fit };
  }
  // Letters that a line ties together are no shape around them.
  const box = unionOf(texts);
  const beyond = Math.max(box.left - left, right - box.right, box.top - top, bottom - box.bottom);
  if (beyond <= Math.max(2, line * 0.15)) return undefined;
  const written = texts.reduce((sum, box) => sum + (box.right - box.left) * (box.bottom - box.top), 0);
  const offX = Math.abs((box.left + box.right) / 2 - (left + right) / 2) / width;
  const offY = Math.abs((box.top + box.bottom) / 2 - (top + bottom) / 2) / height;
  const centred = offX < 0.22 && offY < 0.3;
  if (kind === 'enclosed') {
    if (corners <= 3 && written < 0.15 * area) return undefined;
    if (!centred || (fit < 0.9 && area > 16 * written)) return undefined;
    if (scattered(texts, line)) return undefined;
  } else if (scattered(texts, line) && area > 8 * written) return undefined;
  return { candidate, texts, score: 2 + fit + (centred ? 0.5 : 0) + (kind === 'filled' ? 0.1 : 0) };
}

/** Whether texts stand too far apart to be lines of one label. */
export function scattered(texts: readonly TextBox[], line: number): boolean {
  const sorted = [...texts].sort((a, b) => a.top - b.top || a.left - b.left);
  return sorted.slice(1).some((box, i) => {
    const above = sorted[i]!;
    const sameRow = Math.abs(box.top + box.bottom - above.top - above.bottom) < line;
    const gap = sameRow ? Math.max(box.left - above.right, above.left - box.right) : box.top - above.bottom;
    return gap > line * 1.6;
  });
}

function unionOf(texts: readonly TextBox[]) {
  return {
    left: Math.min(...texts.map((box) => box.left)),
    top: Math.min(...texts.map((box) => box.top)),
    right: Math.max(...texts.map((box) => box.right)),
    bottom: Math.max(...texts.map((box) => box.bottom)),
  };
}

/** A frame around several nodes. */
function isCluster({ candidate }: Judged, all: readonly Judged[]): boolean {
  const inside = all.filter(
    (other) =>
      other.candidate !== candidate &&
      other.texts.length > 0 &&
      other.candidate.fit > 0.82 &&
      extentArea(other.candidate) < 0.5 * extentArea(candidate) &&
      distanceTo(candidate.hull, middle(other.candidate)[0], middle(other.candidate)[1]) < 0,
  );
  // One node inside is enough where it is much smaller: what is drawn around it is a face of links, or a frame.
  if (inside.some((one) => DOUBLE_OUTLINE * extentArea(one.candidate) < extentArea(candidate))) return true;
  return inside.some((one) => inside.some((other) => overlapOf(one.candidate, other.candidate) === 0));
}

function middle({ left, right, top, bottom }: Pick<Candidate, 'left' | 'right' | 'top' | 'bottom'>): Point {
  return [(left + right + 1) / 2, (top + bottom + 1) / 2];
}

function inEachOther(a: Candidate, b: Candidate): boolean {
  if (overlapOf(a, b) > 0.3) return true;
  return distanceTo(a.hull, ...middle(b)) < 0 || distanceTo(b.hull, ...middle(a)) < 0;
}

function isConcentric(outer: Candidate, inner: Candidate): boolean {
  const [[x, y], [u, v]] = [middle(outer), middle(inner)];
  return Math.hypot(x - u, y - v) < 0.15 * Math.min(outer.right - outer.left, outer.bottom - outer.top);
}

function sameTexts(a: readonly TextBox[], b: readonly TextBox[]): boolean {
  return a.length === b.length && a.every((text) => b.includes(text));
}

/** Ground that links and nodes enclose: it touches two nodes or more, and no node does. */
function isFace({ candidate, texts }: Judged, chosen: readonly Judged[], thin: number): boolean {
  if (candidate.kind !== 'enclosed' || (texts.length > 0 && candidate.fit > 0.93)) return false;
  const near = chosen.filter((other) => touches(other.candidate, candidate, 2 * thin + 4)).length;
  return near >= 2;
}

/** Lids of cylinders and side bars of boxes, as wide or as high as what they belong to, become part of it. */
function withLids(chosen: readonly Judged[], thin: number): Judged[] {
  const near = (a: number, b: number, of: number): boolean => Math.abs(a - b) < Math.max(4, of * 0.12);
  const lids = chosen.filter(({ texts, candidate: lid }) => {
    if (texts.length > 0) return false;
    const owner = chosen.find(({ texts: own, candidate: body }) => {
      if (own.length === 0 || !touches(body, lid, 2 * thin + 3)) return false;
      const [width, height] = [body.right - body.left, body.bottom - body.top];
      const stacked =
        near(lid.left, body.left, width) && near(lid.right, body.right, width) && lid.bottom - lid.top < height;
      const beside =
        near(lid.top, body.top, height) && near(lid.bottom, body.bottom, height) && lid.right - lid.left < width / 2;
      return stacked || beside;
    });
    if (owner === undefined) return false;
    const body = owner.candidate;
    owner.candidate = {
      ...body,
      hull: hullOfBoth(body, lid),
      left: Math.min(body.left, lid.left),
      right: Math.max(body.right, lid.right),
      top: Math.min(body.top, lid.top),
      bottom: Math.max(body.bottom, lid.bottom),
      shape: 'other',
    };
    return true;
  });
  return chosen.filter((one) => !lids.includes(one));
}

function hullOfBoth(a: Candidate, b: Candidate): Point[] {
  const [left, top] = [Math.min(a.left, b.left), Math.min(a.top, b.top)];
  const [right, bottom] = [Math.max(a.right, b.right) + 1, Math.max(a.bottom, b.bottom) + 1];
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

const SIDES = ['below', 'right', 'above', 'left'] as const;
export type Side = (typeof SIDES)[number];

/** Labels of what has none inside, one text for one node; what stays without is dropped unless it is like the others. */
function labelled(
  chosen: readonly Judged[],
  texts: readonly TextBox[],
  line: number,
): { nodes: FoundNode[]; outside: Side | undefined } {
  const bare = chosen.filter((one) => one.texts.length === 0);
  const used = new Set(chosen.flatMap((one) => one.texts));
  const all = bare.flatMap(({ candidate }) =>
    texts.filter((text) => !used.has(text)).flatMap((text) => besides(candidate, text, line)),
  );
  const first = matched(all, undefined, line);
  // Where nodes have names, figures stand at links.
  const areFigures = [...first.values()].filter(({ text }) => isQuantity(text.text)).length * 2 > first.size;
  const pairs = areFigures ? all : all.filter(({ text }) => !isQuantity(text.text));
  const outside = areFigures ? first : matched(pairs, undefined, line);
  const counts = SIDES.map((side) => [...outside.values()].filter((pair) => pair.side === side).length);
  const usual = SIDES[counts.indexOf(Math.max(...counts))]!;
  const labels = matched(pairs, usual, line);
  const named = chosen.filter(({ candidate, texts: own }) => own.length > 0 || labels.has(candidate));
  const sizes = named.map(({ candidate }) => extentArea(candidate)).sort((a, b) => a - b);
  const size = sizes[Math.floor(sizes.length / 2)];
  const inside = named.filter((one) => one.texts.length > 0).length * 2 > named.length;
  const isPiece = inside ? () => false : pieceAmong([...labels.values()], usual);
  const nodes = chosen.flatMap(({ candidate, texts: own }) => {
    if (labels.get(candidate)?.side !== usual && isPiece(candidate)) return [];
    const label = labels.get(candidate);
    const words = own.length > 0 ? own : label === undefined ? [] : [label.text];
    const share = extentArea(candidate) / (size ?? extentArea(candidate));
    const alike = candidate.fit > 0.9 && share > (inside ? 0.4 : 0.6) && share < 2.5;
    // Where all others are labelled inside, a small thing with a word beside it is a knot of lines and an edge's label.
    if (words.length === 0 ? !alike : own.length === 0 && inside && share < 0.3) return [];
    const confidence = words.length === 0 ? candidate.fit / 2 : Math.min(...words.map((word) => word.confidence));
    const { hull, left, top, right, bottom, shape } = candidate;
    return [{ hull, left, top, right, bottom, shape, label: joined(words, line), confidence }];
  });
  return { nodes, outside: inside ? undefined : usual };
}

/** Figures, with or without units: `43`, `121 kB/s`, `anomaly 0.70`, `cost 15, 32.2 kB/s`. A name with a number is none. */
function isQuantity(text: string): boolean {
  const parts = text.trim().split(/, */);
  return parts.every((part) => /^(\p{L}+ )?\d+([.,]\d+)?( ?[\p{L}%/]{1,5})?$/u.test(part)) && parts.some(isFigure);
}

const UNIT = '(%|[a-zµ]{1,3}/s|[kmg]?bps|[munµ]?s|dbm?)';

const FRACTION = new RegExp(`^(\\p{L}+ )?\\d+[.,]\\d+ ?${UNIT}?$`, 'iu');
const WHOLE = new RegExp(`^\\d+ ?${UNIT}?$`, 'iu');

const isFigure = (part: string): boolean => FRACTION.test(part) || WHOLE.test(part);

/** A node with its label elsewhere than the others may be so much smaller or larger than they usually are. */
const LIKE_OTHERS = { least: 0.65, most: 1.5, fit: 0.89 };

/**
 * Where labels stand beside nodes, what is labelled otherwise may be a piece of a wide link around its figure, or a mark of
 * the key. Tells those by their size and form.
 */
function pieceAmong(pairs: readonly Pair[], usual: Side): (candidate: Candidate) => boolean {
  const sides = pairs
    .filter(({ side }) => side === usual)
    .map(({ candidate: { left, right, top, bottom } }) => Math.max(right - left, bottom - top) + 1)
    .sort((a, b) => a - b);
  const typical = sides[Math.floor(sides.length / 2)];
  if (typical === undefined || sides.length < 3) return () => false;
  return ({ left, right, top, bottom, fit }) => {
    const [width, height] = [right - left + 1, bottom - top + 1];
    const isLikeOthers =
      Math.min(width, height) >= LIKE_OTHERS.least * typical && Math.max(width, height) <= LIKE_OTHERS.most * typical;
    return !isLikeOthers || fit < LIKE_OTHERS.fit;
  };
}

interface Pair {
  candidate: Candidate;
  text: TextBox;
  side: Side;
  cost: number;
}

function besides(candidate: Candidate, text: TextBox, line: number): Pair[] {
  const [cx, cy] = middle(candidate);
  const dx = Math.abs((text.left + text.right) / 2 - cx);
  const dy = Math.abs((text.top + text.bottom) / 2 - cy);
  const aligned = dx < Math.max(line * 0.7, 0.2 * (text.right - text.left));
  const level = dy < Math.max(line * 0.6, 0.3 * (candidate.bottom - candidate.top));
  const places: [Pair['side'], boolean, number, number][] = [
    ['below', aligned, text.top - candidate.bottom, dx],
    ['above', aligned, candidate.top - text.bottom, dx],
    ['right', level, text.left - candidate.right, dy],
    ['left', level, candidate.left - text.right, dy],
  ];
  return places
    .filter(([, fits, gap]) => fits && gap > -0.35 * line && gap < 1.5 * line)
    .map(([side, , gap, off]) => ({
      candidate,
      text,
      side,
      cost: Math.max(0, gap) + off * 0.6 + SIDES.indexOf(side) * line * 0.1,
    }));
}

function matched(pairs: readonly Pair[], usual: Pair['side'] | undefined, line: number): Map<Candidate, Pair> {
  const cost = (pair: Pair): number => pair.cost + (usual === undefined || pair.side === usual ? 0 : line * 1.2);
  const taken = new Set<TextBox>();
  const labels = new Map<Candidate, Pair>();
  for (const pair of [...pairs].sort((a, b) => cost(a) - cost(b))) {
    if (taken.has(pair.text) || labels.has(pair.candidate)) continue;
    taken.add(pair.text);
    labels.set(pair.candidate, pair);
  }
  return labels;
}

/** Lines from top to bottom, words of a line from left to right. */
function joined(texts: readonly TextBox[], line: number): string {
  return [...texts]
    .sort((a, b) => (Math.abs(a.top + a.bottom - b.top - b.bottom) < line ? a.left - b.left : a.top - b.top))
    .map(({ text }) => text.trim())
    .join(' ')
    .slice(0, 200);
}
