// Reads objects from CenterNet's two heads. An object is a local peak of a class's score; four distances from the
// peak to the box's sides stand at the same place. A large object can have two peaks: the weaker box is dropped.

import { clipped, overlap } from '../geometry.ts';
import type { Detection } from './detector.ts';

export interface CenterNetHeads {
  /** Scores of each class, class by class, then row by row. */
  scores: Float32Array;
  /** Distances left, top, right, bottom in input pixels, in the same order. */
  sides: Float32Array;
  rows: number;
  columns: number;
  /** Input pixels for one cell. */
  stride: number;
}

/** At most this many objects are read from a picture. */
const MOST = 100;
/** Two boxes of one class that overlap more than this are one object. */
const SAME_OBJECT = 0.65;

/** Objects at or above `minConfidence`, most confident first. Never throws. */
export function decodeCenterNet(
  { scores, sides, rows, columns, stride }: CenterNetHeads,
  classes: readonly string[],
  minConfidence: number,
): Detection[] {
  const cells = rows * columns;
  const found: Detection[] = [];
  for (let at = 0; at < cells * classes.length; at++) {
    const confidence = scores[at]!;
    if (!(confidence >= minConfidence)) continue;
    const cell = at % cells;
    const row = Math.floor(cell / columns);
    const column = cell % columns;
    const plane = at - cell;
    if (!isPeak(scores, plane, row, column, rows, columns)) continue;
    const left = column * stride - sides[cell]!;
    const top = row * stride - sides[cells + cell]!;
    const right = column * stride + sides[2 * cells + cell]!;
    const bottom = row * stride + sides[3 * cells + cell]!;
    if (!(right > left && bottom > top)) continue;
    const width = columns * stride;
    const height = rows * stride;
    const box = clipped({
      x: left / width,
      y: top / height,
      width: (right - left) / width,
      height: (bottom - top) / height,
    });
    found.push({ label: classes[plane / cells]!, confidence: Math.min(1, confidence), box });
  }
  return withoutRepeats(found.sort((a, b) => b.confidence - a.confidence));
}

function withoutRepeats(sorted: readonly Detection[]): Detection[] {
  const kept: Detection[] = [];
  for (const candidate of sorted) {
    if (kept.length === MOST) break;
    const repeats = kept.some(
      ({ label, box }) => label === candidate.label && overlap(box, candidate.box) > SAME_OBJECT,
    );
    if (!repeats) kept.push(candidate);
  }
  return kept;
}

/** True where no neighbour scores higher; of equal neighbours the first one counts. */
function isPeak(
  scores: Float32Array,
  plane: number,
  row: number,
  column: number,
  rows: number,
  columns: number,
): boolean {
  const own = scores[plane + row * columns + column]!;
  for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
    for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
      const other = scores[plane + r * columns + c]!;
      if (other > own) return false;
      if (other === own && (r < row || (r === row && c < column))) return false;
    }
  }
  return true;
}
