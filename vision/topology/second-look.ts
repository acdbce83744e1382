// Labels that were not found at first: where a shape has something written in it, or stands without a label among others
// that have theirs beside them, just that place is read.

import type { Raster } from '../ocr/raster.ts';
import type { Quad } from '../ocr/reading.ts';
import { straightened } from '../ocr/straighten.ts';
import type { LabelReader } from './graph.ts';
import { medianOf, type Plane } from './mask.ts';
import { type FoundNode, type Side, textsInside } from './nodes.ts';
import { type Candidate, distanceTo } from './shapes.ts';
import type { TextBox } from './text.ts';

/** Places that are read once more. */
const MOST = 40;
/** Share of the letters' distance from the ground up to which lines can be told from them. */
const FAINT = 0.85;

export interface Look {
  picture: Raster;
  distance: Plane;
  reader: LabelReader;
  /** Pixels of the usual line of text. */
  line: number;
}

type Extent = Pick<TextBox, 'left' | 'top' | 'right' | 'bottom'>;

/** Reads the inside of shapes in which no text was found, though something is there: single letters are missed. */
export async function textsInBlank(look: Look, candidates: readonly Candidate[], texts: readonly TextBox[]) {
  const found: TextBox[] = [];
  const blank = candidates.filter(
    (one) =>
      one.fit > 0.85 &&
      one.solid > 0.9 &&
      Math.min(one.right - one.left, one.bottom - one.top) > look.line * 0.8 &&
      textsInside(one, texts).length === 0,
  );
  for (const candidate of blank.slice(0, MOST)) {
    const inside = (box: Extent): boolean =>
      distanceTo(candidate.hull, (box.left + box.right) / 2, (box.top + box.bottom) / 2) < 0;
    if (found.some(inside)) continue;
    const mark = markInside(look.distance, candidate);
    if (mark === undefined) continue;
    const read = await readPart([look, mark]);
    if (read !== undefined) found.push({ ...mark, ...read });
  }
  return found;
}

/** Reads beside nodes without a label, where the others have theirs. @param levels none where blur mixes them */
export async function labelsBeside(
  look: Look,
  nodes: readonly FoundNode[],
  side: Side,
  levels: Levels | undefined,
): Promise<FoundNode[]> {
  const bare = nodes.filter(({ label }) => label === '').slice(0, MOST);
  const labels = new Map<FoundNode, { text: string; confidence: number }>();
  for (const node of bare) {
    const read = await readPart(withoutFaint(look, besideOf(node, side, look.line), levels));
    if (read !== undefined) labels.set(node, read);
  }
  return nodes.map((node) => {
    const read = labels.get(node);
    return read === undefined ? node : { ...node, label: read.text, confidence: read.confidence };
  });
}

/** Of two that touch and bear the same label, which was read twice, the more regular one. */
export function withoutTwins(nodes: readonly FoundNode[], line: number): FoundNode[] {
  const near = (a: FoundNode, b: FoundNode): boolean =>
    a.left - line < b.right && b.left - line < a.right && a.top - line < b.bottom && b.top - line < a.bottom;
  return nodes.filter(
    (node) =>
      !nodes.some((other) => other !== node && other.label === node.label && near(node, other) && isMore(other, node)),
  );
}

function isMore(a: FoundNode, b: FoundNode): boolean {
  const squareness = ({ left, right, top, bottom }: FoundNode): number =>
    Math.min(right - left, bottom - top) / Math.max(right - left, bottom - top);
  return squareness(a) > squareness(b);
}

function besideOf({ left, right, top, bottom }: FoundNode, side: Side, line: number): Extent {
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const [wide, gap] = [line * 1.8, line * 0.05];
  if (side === 'below') return { left: x - wide, right: x + wide, top: bottom + gap, bottom: bottom + line * 1.35 };
  if (side === 'above') return { left: x - wide, right: x + wide, top: top - line * 1.35, bottom: top - gap };
  const rows = { top: y - line * 0.7, bottom: y + line * 0.7 };
  return side === 'right'
    ? { left: right + gap, right: right + 2 * wide, ...rows }
    : { left: left - 2 * wide, right: left - gap, ...rows };
}

/** Distances from the ground that lines and letters usually have. */
export interface Levels {
  lines: number;
  letters: number;
}

/** A copy in which lines that are fainter than the letters are gone from a place: they run through labels. */
function withoutFaint(look: Look, extent: Extent, levels: Levels | undefined): [Look, Extent] {
  if (levels === undefined) return [look, extent];
  const { lines, letters } = levels;
  const { picture, distance } = look;
  const [left, top] = [Math.max(0, Math.floor(extent.left)), Math.max(0, Math.floor(extent.top))];
  const [right, bottom] = [
    Math.min(picture.width, Math.ceil(extent.right)),
    Math.min(picture.height, Math.ceil(extent.bottom)),
  ];
  const [width, height] = [right - left, bottom - top];
  if (lines > letters * FAINT || width < 1 || height < 1) return [look, extent];
  const [least, most] = [lines + (letters - lines) * 0.25, letters];
  const part = straightened(picture, quadOf({ left, top, right, bottom }), width, height);
  const plane = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    plane.set(distance.data.subarray((y + top) * picture.width + left, (y + top) * picture.width + right), y * width);
  }
  const places = [...plane.keys()];
  const paper = places.reduce((best, at) => (plane[at]! < plane[best]! ? at : best));
  const letter = places.reduce((best, at) => (plane[at]! > plane[best]! ? at : best));
  const colours = [paper, letter].map((at) => part.pixels.slice(at * 3, at * 3 + 3)) as [Uint8Array, Uint8Array];
  for (const at of places) {
    const share = Math.max(0, Math.min(1, (plane[at]! - least) / (most - least)));
    for (let c = 0; c < 3; c++) part.pixels[at * 3 + c] = colours[0][c]! * (1 - share) + colours[1][c]! * share;
  }
  const whole = { left: 0, top: 0, right: width, bottom: height };
  return [{ ...look, picture: part, distance: { width, height, data: plane } }, whole];
}

function quadOf({ left, top, right, bottom }: Extent): Quad {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

async function readPart([{ picture, reader }, extent]: readonly [Look, Extent]) {
  const { left, right, top, bottom } = extent;
  const [width, height] = [right - left, bottom - top];
  const scale = Math.min(2, 96 / height);
  const size = [Math.max(8, Math.round(width * scale)), Math.max(8, Math.round(height * scale))] as const;
  const { regions } = await reader.read(straightened(picture, quadOf(extent), ...size));
  const text = regions.map((region) => region.text).join(' ');
  // A dot in a ring is no word.
  return !/[\p{L}\p{N}]/u.test(text)
    ? undefined
    : { text, confidence: Math.min(...regions.map(({ confidence }) => confidence)) };
}

/** Extent of what stands out from the middle of a shape, with some room around it; nothing where it is blank. */
function markInside({ width, data }: Plane, { hull, left, top, right, bottom }: Candidate) {
  const [w, h] = [right - left, bottom - top];
  const edge = Math.max(4, Math.min(w, h) * 0.12);
  const counts = new Uint32Array(256);
  const inside: number[] = [];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      if (distanceTo(hull, x + 0.5, y + 0.5) > -edge) continue;
      inside.push(y * width + x);
      counts[data[y * width + x]!]!++;
    }
  }
  const paper = medianOf(counts);
  const marks = inside.filter((at) => Math.abs(data[at]! - paper) > 40);
  if (marks.length < 12 || marks.length > inside.length * 0.45) return undefined;
  const xs = marks.map((at) => at % width);
  const ys = marks.map((at) => Math.floor(at / width));
  const [x0, x1, y0, y1] = [xs, ys].flatMap((all) => [
    all.reduce((a, b) => Math.min(a, b)),
    all.reduce((a, b) => Math.max(a, b)),
  ]) as [number, number, number, number];
  const room = Math.max(3, (y1 - y0) * 0.2);
  return {
    left: Math.max(left, x0 - room * 1.5),
    right: Math.min(right, x1 + room * 1.5),
    top: Math.max(top, y0 - room),
    bottom: Math.min(bottom, y1 + room),
  };
}
