// What was drawn, told from what it was drawn on: the ground's colour is fitted as a smooth surface, so that uneven light
// and dark themes make no difference, and each pixel becomes its distance from the ground.

import type { Raster } from '../ocr/raster.ts';
import { dilated, medianOf, opened, type Plane } from './mask.ts';

/** Pixels of a cell's side whose median is one sample of the ground. */
const CELL = 24;
/** Terms of the surface: a polynomial of third degree in x and y. */
const TERMS = 10;
const ROUNDS = 12;

export interface Ground {
  /** Colour of the ground at each cell's middle, red, green, blue. */
  columns: number;
  rows: number;
  colours: Float32Array;
  /** Whether the ground is light. */
  light: boolean;
}

export function groundOf(picture: Raster): Ground {
  const columns = Math.max(1, Math.ceil(picture.width / CELL));
  const rows = Math.max(1, Math.ceil(picture.height / CELL));
  const samples = new Float32Array(columns * rows * 3);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let c = 0; c < 3; c++) samples[(row * columns + column) * 3 + c] = cellMedian(picture, column, row, c);
    }
  }
  const colours = fitted(samples, columns, rows);
  let sum = 0;
  for (const value of colours) sum += value;
  return { columns, rows, colours, light: sum / colours.length > 96 };
}

function cellMedian({ width, height, pixels }: Raster, column: number, row: number, channel: number): number {
  const counts = new Uint32Array(256);
  const [right, bottom] = [Math.min(width, (column + 1) * CELL), Math.min(height, (row + 1) * CELL)];
  for (let y = row * CELL; y < bottom; y += 2) {
    for (let x = column * CELL; x < right; x += 2) counts[pixels[(y * width + x) * 3 + channel]!]!++;
  }
  return medianOf(counts);
}

/** Fitted to where most cells agree: what is covered by filled shapes loses its say (iteratively reweighted). */
function fitted(samples: Float32Array, columns: number, rows: number): Float32Array {
  const count = columns * rows;
  const weights = startingWeights(samples, count);
  const terms = Array.from({ length: count }, (_, i) => termsAt(i % columns, Math.floor(i / columns), columns, rows));
  let values = samples;
  for (let round = 0; round < ROUNDS; round++) {
    const surfaces = [0, 1, 2].map((c) => solved(terms, weights, samples, c));
    values = new Float32Array(count * 3);
    const errors = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      let error = 0;
      for (let c = 0; c < 3; c++) {
        let value = 0;
        for (let k = 0; k < TERMS; k++) value += surfaces[c]![k]! * terms[i]![k]!;
        values[i * 3 + c] = Math.max(0, Math.min(255, value));
        error = Math.max(error, Math.abs(samples[i * 3 + c]! - value));
      }
      errors[i] = error;
    }
    const scale = Math.max(4, [...errors].sort((a, b) => a - b)[Math.floor(count * 0.4)]! * 3);
    for (let i = 0; i < count; i++) weights[i] = errors[i]! >= scale ? 1e-6 : (1 - (errors[i]! / scale) ** 2) ** 2;
  }
  return values;
}

/** Cells near the commonest colour, give or take what light does to it. */
function startingWeights(samples: Float32Array, count: number): Float32Array {
  const key = (i: number): number => (samples[i * 3]! + 2 * samples[i * 3 + 1]! + samples[i * 3 + 2]!) / 4;
  const counts = new Float32Array(256 + 40);
  for (let i = 0; i < count; i++) counts[Math.round(key(i)) + 20]!++;
  let [best, most] = [0, -1];
  for (let value = 0; value < 256; value++) {
    let sum = 0;
    for (let d = -16; d <= 16; d++) sum += counts[value + 20 + d]! * (17 - Math.abs(d));
    if (sum > most) [best, most] = [value, sum];
  }
  return Float32Array.from({ length: count }, (_, i) => (Math.abs(key(i) - best) < 45 ? 1 : 1e-6));
}

function termsAt(column: number, row: number, columns: number, rows: number): Float64Array {
  const x = columns === 1 ? 0 : (2 * column) / (columns - 1) - 1;
  const y = rows === 1 ? 0 : (2 * row) / (rows - 1) - 1;
  return Float64Array.of(1, x, y, x * x, x * y, y * y, x * x * x, x * x * y, x * y * y, y * y * y);
}

/** Weighted least squares by the normal equations, with a breath of ridge so that few cells do no harm. */
function solved(terms: Float64Array[], weights: Float32Array, samples: Float32Array, channel: number): Float64Array {
  const a = Array.from({ length: TERMS }, () => new Float64Array(TERMS + 1));
  for (const [i, term] of terms.entries()) {
    const weight = weights[i]!;
    for (let r = 0; r < TERMS; r++) {
      for (let c = 0; c < TERMS; c++) a[r]![c]! += weight * term[r]! * term[c]!;
      a[r]![TERMS]! += weight * term[r]! * samples[i * 3 + channel]!;
    }
  }
  for (let r = 0; r < TERMS; r++) a[r]![r]! += r === 0 ? 1e-6 : 0.01 * terms.length ** 0.5;
  for (let r = 0; r < TERMS; r++) {
    const pivot = a[r]![r]! || 1e-9;
    for (let k = 0; k < TERMS; k++) {
      if (k === r) continue;
      const times = a[k]![r]! / pivot;
      for (let c = r; c <= TERMS; c++) a[k]![c]! -= times * a[r]![c]!;
    }
  }
  return Float64Array.from(a, (row, r) => row[TERMS]! / (row[r]! || 1e-9));
}

/** For each pixel the distance from the ground, 0 to 255: the largest of its channels, as if the light were even. */
export function distanceFromGround(picture: Raster, ground: Ground): Plane {
  const { width, height, pixels } = picture;
  const data = new Uint8Array(width * height);
  const { columns, rows, colours, light } = ground;
  for (let y = 0; y < height; y++) {
    const v = Math.max(0, Math.min(rows - 1, y / CELL - 0.5));
    const row = Math.min(rows - 1, Math.floor(v));
    const down = row + 1 < rows ? columns * 3 : 0;
    const fy = v - row;
    for (let x = 0; x < width; x++) {
      const u = Math.max(0, Math.min(columns - 1, x / CELL - 0.5));
      const column = Math.min(columns - 1, Math.floor(u));
      const across = column + 1 < columns ? 3 : 0;
      const fx = u - column;
      const cell = (row * columns + column) * 3;
      let most = 0;
      for (let c = 0; c < 3; c++) {
        const above = colours[cell + c]! * (1 - fx) + colours[cell + across + c]! * fx;
        const below = colours[cell + down + c]! * (1 - fx) + colours[cell + down + across + c]! * fx;
        const value = above * (1 - fy) + below * fy;
        let off = Math.abs(pixels[(y * width + x) * 3 + c]! - value);
        if (light) off *= 255 / Math.max(60, value);
        if (off > most) most = off;
      }
      data[y * width + x] = Math.min(255, most);
    }
  }
  return { width, height, data };
}

/** How far the ground itself is from its surface: grain, compression. */
export function grainOf({ data }: Plane): number {
  const counts = new Uint32Array(48);
  for (let i = 0; i < data.length; i += 3) if (data[i]! < counts.length) counts[data[i]!]!++;
  return medianOf(counts);
}

/** Half the pixels that a stroke or an arrowhead is wide at most; what is wider is a filled area. */
const WIDEST = 10;

/** Strokes, on the ground as on filled areas, also beside something stronger: the blur around that does not count. */
export function inkOf(distance: Plane, threshold: number): Plane {
  const filled = opened(distance, WIDEST);
  const above = distance.data.map((value, i) => value - filled.data[i]!);
  const strongest = dilated({ ...distance, data: above }, 3);
  const data = new Uint8Array(above.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = above[i]! >= threshold && above[i]! > 0.38 * strongest.data[i]! ? 1 : 0;
  }
  return { width: distance.width, height: distance.height, data };
}

/** A little softer: each pixel's neighbours by 1-2-1, as often as asked. */
export function softened({ width, height, pixels }: Raster, times: number): Raster {
  let from = pixels;
  for (let time = 0; time < times; time++) {
    const across = new Uint8Array(from.length);
    const stride = width * 3;
    for (let y = 0; y < height; y++) {
      for (let i = 0; i < stride; i++) {
        const at = y * stride + i;
        const [left, right] = [i >= 3 ? from[at - 3]! : from[at]!, i + 3 < stride ? from[at + 3]! : from[at]!];
        across[at] = (left + 2 * from[at]! + right + 2) >> 2;
      }
    }
    const out = new Uint8Array(from.length);
    for (let at = 0; at < out.length; at++) {
      const [up, down] = [at >= stride ? across[at - stride]! : across[at]!, across[at + stride] ?? across[at]!];
      out[at] = (up + 2 * across[at]! + down + 2) >> 2;
    }
    from = out;
  }
  return { width, height, pixels: from };
}
