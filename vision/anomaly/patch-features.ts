// What a cell of the working picture looks like, as a few numbers that light changes little: directions of its edges,
// contrast at two scales, brightness beside the whole picture, colour.

import type { Measures } from './measures.ts';
import { CELL, CELLS, COLUMNS, HEIGHT, WIDTH } from './working-picture.ts';

const DIRECTIONS = 8;
/** Numbers that describe a cell. */
export const FEATURES = DIRECTIONS + 5;

/** Typical differences between two looks at the same thing: distances are in these. */
const DIRECTION_SCALE = 0.1;
const CONTRAST_SCALE = 0.45;
const LIGHT_SCALE = 0.25;
const COLOUR_SCALE = 0.06;

/** `CELLS × FEATURES` numbers, scaled so that a distance of 1 is little. */
export function describe({ pixels, gx, gy, luma, energy, rough, meanLuma }: Measures): Float32Array {
  const features = new Float32Array(CELLS * FEATURES);
  const colours = new Float32Array(CELLS * 3);
  for (let y = 0; y < HEIGHT; y++) {
    const row = Math.floor(y / CELL) * COLUMNS;
    for (let x = 0, i = y * WIDTH; x < WIDTH; x++, i++) {
      const cell = row + Math.floor(x / CELL);
      colours[cell * 3]! += pixels[i * 3]!;
      colours[cell * 3 + 1]! += pixels[i * 3 + 1]!;
      colours[cell * 3 + 2]! += pixels[i * 3 + 2]!;
      const dx = gx[i]!;
      const dy = gy[i]!;
      const length = Math.abs(dx) + Math.abs(dy);
      if (length > 0) features[cell * FEATURES + direction(dx, dy)]! += length;
    }
  }
  for (let cell = 0; cell < CELLS; cell++) {
    const at = cell * FEATURES;
    let total = 0;
    for (let i = 0; i < DIRECTIONS; i++) total += features[at + i]!;
    // Directions of noise mean nothing: they count as far as there is texture.
    const weight = energy[cell]! / (energy[cell]! + 25) / (total + 1e-6) / DIRECTION_SCALE;
    for (let i = 0; i < DIRECTIONS; i++) features[at + i]! *= weight;
    const bright = (luma[cell]! + 10) ** 2;
    features[at + DIRECTIONS] = Math.log((energy[cell]! + 15) / bright) / 2 / CONTRAST_SCALE;
    features[at + DIRECTIONS + 1] = Math.log((rough[cell]! + 15) / bright) / 2 / CONTRAST_SCALE;
    features[at + DIRECTIONS + 2] = Math.log((luma[cell]! + 10) / (meanLuma + 10)) / LIGHT_SCALE;
    const [red, green, blue] = [colours[cell * 3]!, colours[cell * 3 + 1]!, colours[cell * 3 + 2]!];
    const sum = red + green + blue + 60 * CELL * CELL;
    features[at + DIRECTIONS + 3] = (red - green) / sum / COLOUR_SCALE;
    features[at + DIRECTIONS + 4] = (blue - green) / sum / COLOUR_SCALE;
  }
  return features;
}

/** Which of eight sectors of a half turn a gradient lies in; light and dark may change places. */
function direction(dx: number, dy: number): number {
  const turned = dy < 0 || (dy === 0 && dx < 0);
  const x = turned ? -dx : dx;
  const y = turned ? -dy : dy;
  const upper = x > 0 ? (y < 0.4142 * x ? 0 : y < x ? 1 : y < 2.4142 * x ? 2 : 3) : undefined;
  if (upper !== undefined) return upper;
  const left = -x;
  return y > 2.4142 * left ? 4 : y > left ? 5 : y > 0.4142 * left ? 6 : 7;
}
