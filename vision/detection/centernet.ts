// Reads objects from CenterNet's two heads. An object is a local peak of a class's score; four distances from the
// peak to the box's sides stand at the same place. A large object can have two peaks: the weaker box is dropped.

import { placesAbove } from './above.ts';
import { boxOfSides } from './box-of-sides.ts';
import type { Detection } from './detector.ts';
import { noNumber } from './misfit.ts';
import { withoutRepeats } from './suppression.ts';

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

/** Two boxes of one class that overlap more than this are one object. */
const SAME_OBJECT = 0.65;

/** Objects at or above `minConfidence`, most confident first. Throws `MODEL_MISFIT` for values that are no numbers. */
export function decodeCenterNet(
  { scores, sides, rows, columns, stride }: CenterNetHeads,
  classes: readonly string[],
  minConfidence: number,
): Detection[] {
  const cells = rows * columns;
  const size = { width: columns * stride, height: rows * stride };
  const found: Detection[] = [];
  for (const at of placesAbove(scores.subarray(0, cells * classes.length), minConfidence)) {
    const confidence = scores[at]!;
    if (Number.isNaN(confidence)) throw noNumber('scores');
    const cell = at % cells;
    const row = Math.floor(cell / columns);
    const column = cell % columns;
    const plane = at - cell;
    if (!isPeak(scores, plane, row, column, rows, columns)) continue;
    const distances = [0, 1, 2, 3].map((side) => sides[side * cells + cell]!);
    const box = boxOfSides(column * stride, row * stride, distances, size);
    if (box !== undefined) found.push({ label: classes[plane / cells]!, confidence: Math.min(1, confidence), box });
  }
  return withoutRepeats(found, SAME_OBJECT);
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
