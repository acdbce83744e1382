// Whether the picture is the reference's, only elsewhere: the shift at which the gradients correlate best.

import type { Measures } from './measures.ts';
import type { Reference } from './reference.ts';
import { HEIGHT, WIDTH } from './working-picture.ts';

const BLOCK = 4;
const COLUMNS = WIDTH / BLOCK;
const ROWS = HEIGHT / BLOCK;
/** Farthest shift that is looked for, in blocks: the rest must overlap. */
const FARTHEST_X = 26;
const FARTHEST_Y = 20;

export interface Shift {
  /** Pixels of the working picture, to the right and down. */
  x: number;
  y: number;
  /** Correlation of gradients over what overlaps, with and without the shift. */
  correlation: number;
  unshifted: number;
}

interface Field {
  gx: Float32Array;
  gy: Float32Array;
  width: number;
  height: number;
}

/** The best shift, first in blocks, then to the pixel. Takes about 3 ms: asked for only where something is wrong. */
export function findShift(measures: Measures, reference: Reference): Shift {
  const [now, usual] = [blocksOf(measures), blocksOf(reference)];
  let best = { x: 0, y: 0, score: -1 };
  for (let y = -FARTHEST_Y; y <= FARTHEST_Y; y++) {
    for (let x = -FARTHEST_X; x <= FARTHEST_X; x++) {
      const score = correlationAt(now, usual, x, y, 1);
      if (score > best.score) best = { x, y, score };
    }
  }
  const fine = { gx: measures.gx, gy: measures.gy, width: WIDTH, height: HEIGHT };
  const fineUsual = { gx: reference.gx, gy: reference.gy, width: WIDTH, height: HEIGHT };
  let exact = { x: best.x * BLOCK, y: best.y * BLOCK, score: -1 };
  for (let y = best.y * BLOCK - BLOCK; y <= best.y * BLOCK + BLOCK; y++) {
    for (let x = best.x * BLOCK - BLOCK; x <= best.x * BLOCK + BLOCK; x++) {
      const score = correlationAt(fine, fineUsual, x, y, 3);
      if (score > exact.score) exact = { x, y, score };
    }
  }
  return {
    x: exact.x,
    y: exact.y,
    correlation: correlationAt(fine, fineUsual, exact.x, exact.y, 1),
    unshifted: correlationAt(fine, fineUsual, 0, 0, 1),
  };
}

/** Gradients of every block, summed: what is finer than a block would not survive half a block's shift. */
function blocksOf({ gx, gy }: Pick<Reference, 'gx' | 'gy'>): Field {
  const field = {
    gx: new Float32Array(COLUMNS * ROWS),
    gy: new Float32Array(COLUMNS * ROWS),
    width: COLUMNS,
    height: ROWS,
  };
  for (let y = 0; y < HEIGHT; y++) {
    const row = Math.floor(y / BLOCK) * COLUMNS;
    for (let x = 0, i = y * WIDTH; x < WIDTH; x++, i++) {
      field.gx[row + (x >> 2)]! += gx[i]!;
      field.gy[row + (x >> 2)]! += gy[i]!;
    }
  }
  return field;
}

/** Of `now` moved back by (x, y) with `usual`, over every `step`-th pixel of what overlaps. */
function correlationAt(now: Field, usual: Field, x: number, y: number, step: number): number {
  const { width, height } = now;
  let together = 0;
  let own = 0;
  let other = 0;
  for (let row = Math.max(0, -y); row < Math.min(height, height - y); row += step) {
    for (let column = Math.max(0, -x); column < Math.min(width, width - x); column += step) {
      const i = (row + y) * width + column + x;
      const j = row * width + column;
      const ax = now.gx[i]!;
      const ay = now.gy[i]!;
      const bx = usual.gx[j]!;
      const by = usual.gy[j]!;
      together += ax * bx + ay * by;
      own += ax * ax + ay * ay;
      other += bx * bx + by * by;
    }
  }
  return together / Math.sqrt(own * other + 1e-6);
}
