// Lines of text as upright boxes, for finding out which of what is drawn is writing.

import type { Quad } from '../ocr/reading.ts';
import type { ReadText } from './graph.ts';
import { areasOf, medianOf, type Plane } from './mask.ts';

export interface TextBox {
  left: number;
  top: number;
  right: number;
  bottom: number;
  text: string;
  confidence: number;
}

export function textBox({ box, text, confidence }: ReadText): TextBox {
  return { ...extentOf(box), text, confidence };
}

/** Radians that a label may lean: what runs steeper is a dashed line that was taken for writing. */
const STEEPEST = 0.5;

export function isLevel({ box: [[ax, ay], [bx, by]] }: { box: Quad }): boolean {
  return Math.abs(Math.atan2(by - ay, bx - ax)) < STEEPEST;
}

export function extentOf(quad: Quad): { left: number; top: number; right: number; bottom: number } {
  const xs = quad.map(([x]) => x);
  const ys = quad.map(([, y]) => y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/** Pixels that the usual line of text is high. */
export function usualHeight(boxes: readonly TextBox[]): number {
  const heights = boxes.map(({ top, bottom }) => bottom - top).sort((a, b) => a - b);
  return heights[Math.floor(heights.length / 2)] ?? 24;
}

/** Pixels around a box that are looked at for what it stands on. */
const RIM = 3;

/** The mask of all boxes. */
export function coveredBy(boxes: readonly TextBox[], width: number, height: number, margin: number): Plane {
  const data = new Uint8Array(width * height);
  for (const box of boxes) {
    const [left, right] = [Math.max(0, Math.floor(box.left - margin)), Math.min(width, Math.ceil(box.right + margin))];
    for (let y = Math.max(0, Math.floor(box.top - margin)); y < Math.min(height, box.bottom + margin); y++) {
      if (right > left) data.fill(1, y * width + left, y * width + right);
    }
  }
  return { width, height, data };
}

/** Ink without writing: connected strokes that lie in the boxes nearly whole are dropped, lines through them stay. */
export function withoutText(ink: Plane, boxes: Plane): Plane {
  const { labels, areas } = areasOf(ink, 1, true);
  const inside = new Uint32Array(areas.length);
  for (let i = 0; i < labels.length; i++) if (labels[i]! >= 0 && boxes.data[i] === 1) inside[labels[i]!]!++;
  const drop = areas.map(({ id, pixels }) => inside[id]! >= 0.75 * pixels);
  const data = new Uint8Array(ink.data.length);
  for (let i = 0; i < data.length; i++) data[i] = labels[i]! >= 0 && !drop[labels[i]!] ? 1 : 0;
  return { width: ink.width, height: ink.height, data };
}

/** Ink with nothing left where there is writing: a line that runs through it has a gap there. */
export function cutOut(ink: Plane, boxes: Plane): Plane {
  return { ...ink, data: ink.data.map((value, i) => (boxes.data[i] === 1 ? 0 : value)) };
}

/**
 * Distances from the ground with the writing painted over: each box takes the colour that it is written on.
 * @param fill distance from which on an area is filled: blur around letters may come to twice that on bare ground
 */
export function paintedOver(distance: Plane, boxes: readonly TextBox[], fill: number): Plane {
  const data = distance.data.slice();
  const { width, height } = distance;
  for (const box of boxes) {
    const [left, right] = [Math.max(0, Math.floor(box.left)), Math.min(width, Math.ceil(box.right))];
    const [top, bottom] = [Math.max(0, Math.floor(box.top)), Math.min(height, Math.ceil(box.bottom))];
    const [inside, around] = [new Uint32Array(256), new Uint32Array(256)];
    for (let y = Math.max(0, top - RIM); y < Math.min(height, bottom + RIM); y++) {
      for (let x = Math.max(0, left - RIM); x < Math.min(width, right + RIM); x++) {
        const isInside = y >= top && y < bottom && x >= left && x < right;
        (isInside ? inside : around)[distance.data[y * width + x]!]!++;
      }
    }
    // Letters take less than half of their line.
    const [paper, beside] = [medianOf(inside), medianOf(around)];
    const colour = beside < fill && paper < 2 * fill ? beside : paper;
    for (let y = top; y < bottom; y++) if (right > left) data.fill(colour, y * width + left, y * width + right);
  }
  return { width, height, data };
}
