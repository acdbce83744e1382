// Reads objects from YOLOX's output: for each cell of each level a centre and size relative to the cell, how sure it
// is that there is an object at all, and how sure of which class.

import { clipped } from '../geometry.ts';
import type { Detection } from './detector.ts';
import { noNumber } from './misfit.ts';
import { withoutRepeats } from './suppression.ts';

export interface YoloxHead {
  /** A row for each cell, level by level: x, y, log of width, log of height, objectness, one score a class. */
  rows: Float32Array;
  /** Input pixels for one cell, of each level. */
  strides: readonly number[];
  /** Of the input, in pixels. */
  width: number;
  height: number;
}

/** Two boxes of one class that overlap more than this are one object. */
const SAME_OBJECT = 0.6;
/** A size beyond any picture; more is cut to it, before it becomes infinite. */
const MOST_LOG = 20;

/** Objects at or above `minConfidence`, most confident first. Throws `MODEL_MISFIT` for values that are no numbers. */
export function decodeYolox(
  { rows, strides, width, height }: YoloxHead,
  classes: readonly string[],
  minConfidence: number,
): Detection[] {
  const found: Detection[] = [];
  const length = 5 + classes.length;
  let at = 0;
  for (const stride of strides) {
    const columns = Math.ceil(width / stride);
    const cells = columns * Math.ceil(height / stride);
    for (let cell = 0; cell < cells; cell++, at += length) {
      const objectness = rows[at + 4]!;
      if (objectness < minConfidence) continue;
      const [x, y, logWidth, logHeight] = [rows[at]!, rows[at + 1]!, rows[at + 2]!, rows[at + 3]!];
      if (Number.isNaN(objectness + x + y + logWidth + logHeight)) throw noNumber('outputs');
      const boxWidth = Math.exp(Math.min(MOST_LOG, logWidth)) * stride;
      const boxHeight = Math.exp(Math.min(MOST_LOG, logHeight)) * stride;
      const box = clipped({
        x: ((x + (cell % columns)) * stride - boxWidth / 2) / width,
        y: ((y + Math.floor(cell / columns)) * stride - boxHeight / 2) / height,
        width: boxWidth / width,
        height: boxHeight / height,
      });
      if (!(box.width > 0 && box.height > 0)) continue;
      for (let kind = 0; kind < classes.length; kind++) {
        const confidence = objectness * rows[at + 5 + kind]!;
        if (Number.isNaN(confidence)) throw noNumber('scores');
        if (confidence >= minConfidence)
          found.push({ label: classes[kind]!, confidence: Math.min(1, confidence), box });
      }
    }
  }
  return withoutRepeats(found, SAME_OBJECT);
}
