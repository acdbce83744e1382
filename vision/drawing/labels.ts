// Where the words on the links stand: at the middle, else a little along the line, where they cover no node and no other
// word. Pure.

import type { Point } from './layout.ts';

export interface LabelWish {
  key: string;
  from: Point;
  to: Point;
  /** What it would say, the fullest first; shorter ones where there is no room. */
  texts: readonly string[];
  /** It is said even where it covers something. */
  must: boolean;
}

export interface PlacedLabel extends Point {
  text: string;
}

/** A box by its middle. */
export interface Box extends Point {
  width: number;
  height: number;
}

/** Shares of the way along the link, tried in turn. */
const PLACES = [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73];
const HEIGHT = 16;
/** Words leave this share of the link to be seen. */
const LEAST_SEEN = 0.35;

/**
 * @param taken what must not be covered
 * @param letter width of a letter, pixels
 */
export function placeLabels(
  wishes: readonly LabelWish[],
  taken: readonly Box[],
  { width, height, letter }: { width: number; height: number; letter: number },
): Map<string, PlacedLabel> {
  const boxes = [...taken];
  const placed = new Map<string, PlacedLabel>();
  const ordered = [...wishes].sort((a, b) => Number(b.must) - Number(a.must));
  for (const { key, from, to, texts, must } of ordered) {
    const place = (text: string, share: number): Box => ({
      x: from.x + (to.x - from.x) * share,
      y: from.y + (to.y - from.y) * share,
      width: text.length * letter + 6,
      height: HEIGHT,
    });
    const [dx, dy] = [Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
    const fits = (box: Box): boolean =>
      covered(box, dx, dy) <= 1 - LEAST_SEEN &&
      box.x - box.width / 2 >= 0 &&
      box.x + box.width / 2 <= width &&
      box.y - HEIGHT / 2 >= 0 &&
      box.y + HEIGHT / 2 <= height &&
      !boxes.some((other) => overlap(box, other));
    const tries = texts.flatMap((text) => PLACES.map((share) => ({ text, box: place(text, share) })));
    const last = texts.at(-1);
    const found =
      tries.find(({ box }) => fits(box)) ??
      (must && last !== undefined ? { text: last, box: place(last, 0.5) } : undefined);
    if (found === undefined) continue;
    boxes.push(found.box);
    placed.set(key, { text: found.text, x: found.box.x, y: found.box.y });
  }
  return placed;
}

/** Share of a line of these extents that a box on it covers. */
function covered({ width, height }: Box, dx: number, dy: number): number {
  return Math.min(width / Math.max(dx, 1), height / Math.max(dy, 1));
}

function overlap(a: Box, b: Box): boolean {
  return Math.abs(a.x - b.x) * 2 < a.width + b.width && Math.abs(a.y - b.y) * 2 < a.height + b.height;
}
