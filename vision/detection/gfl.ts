// Reads objects from heads of generalised focal loss (PicoDet, NanoDet): each cell of each level has a score for every
// class, and for each side a distribution over whole steps of the stride, whose mean is the distance.

import { placesAbove } from './above.ts';
import { boxOfSides } from './box-of-sides.ts';
import type { Detection } from './detector.ts';
import { noNumber } from './misfit.ts';
import { withoutRepeats } from './suppression.ts';

/** Values of cells, one after the other: those of cell `i` begin at `first + i * step`. */
interface Cells {
  values: Float32Array;
  first: number;
  step: number;
}

export interface GflLevel {
  rows: number;
  columns: number;
  /** Input pixels for one cell. */
  stride: number;
  /** For each class, 0 to 1. */
  scores: Cells;
  /** `bins` logits for each of left, top, right, bottom. */
  sides: Cells;
}

export interface GflHeads {
  levels: readonly GflLevel[];
  bins: number;
  /** Where in its cell a point lies, as a share of the stride. */
  centre: number;
  /** Of the input, in pixels. */
  width: number;
  height: number;
}

/** Two boxes of one class that overlap more than this are one object. */
const SAME_OBJECT = 0.6;

/** Objects at or above `minConfidence`, most confident first. Throws `MODEL_MISFIT` for values that are no numbers. */
export function decodeGfl(heads: GflHeads, classes: readonly string[], minConfidence: number): Detection[] {
  const found = heads.levels.flatMap((level) => decodeLevel(heads, level, classes, minConfidence));
  return withoutRepeats(found, SAME_OBJECT);
}

function decodeLevel(
  heads: GflHeads,
  { rows, columns, stride, scores, sides }: GflLevel,
  classes: readonly string[],
  minConfidence: number,
): Detection[] {
  const found: Detection[] = [];
  for (const { cell, kind } of sureCells(scores, rows * columns, classes.length, minConfidence)) {
    const confidence = scores.values[scores.first + cell * scores.step + kind]!;
    if (Number.isNaN(confidence)) throw noNumber('scores');
    const x = ((cell % columns) + heads.centre) * stride;
    const y = (Math.floor(cell / columns) + heads.centre) * stride;
    const distances = [0, 1, 2, 3].map((side) => stride * meanStep(sides, cell, side, heads.bins));
    const box = boxOfSides(x, y, distances, heads);
    if (box !== undefined) found.push({ label: classes[kind]!, confidence: Math.min(1, confidence), box });
  }
  return found;
}

/** Cells and kinds whose score is at least `least`, or no number. */
function sureCells(
  { values, first, step }: Cells,
  cells: number,
  kinds: number,
  least: number,
): { cell: number; kind: number }[] {
  if (step === kinds) {
    const all = values.subarray(first, first + cells * kinds);
    return placesAbove(all, least).map((at) => ({ cell: Math.floor(at / kinds), kind: at % kinds }));
  }
  return Array.from({ length: cells }, (_, cell) => {
    const from = first + cell * step;
    return placesAbove(values.subarray(from, from + kinds), least).map((kind) => ({ cell, kind }));
  }).flat();
}

/** The mean of a distribution that is given as logits. */
function meanStep({ values, first, step }: Cells, cell: number, side: number, bins: number): number {
  const from = first + cell * step + side * bins;
  const logits = values.subarray(from, from + bins);
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  let weighted = 0;
  for (let bin = 0; bin < bins; bin++) {
    const weight = Math.exp(logits[bin]! - most);
    sum += weight;
    weighted += weight * bin;
  }
  return weighted / sum;
}
