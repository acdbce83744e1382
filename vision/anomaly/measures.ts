// What is measured of one working picture: light, texture by cell and scale, flatness, colour. No memory of others.

import { CELL, CELLS, COLUMNS, HEIGHT, WIDTH, type WorkingPicture } from './working-picture.ts';

const PIXELS = WIDTH * HEIGHT;
/** Side of the blocks that the coarse picture averages. */
export const COARSE = 4;
export const COARSE_WIDTH = WIDTH / COARSE;
export const COARSE_HEIGHT = HEIGHT / COARSE;

export interface Measures {
  pixels: WorkingPicture;
  /** Brightness, 0 to 255. */
  grey: Float32Array;
  /** Brightness gradients of the lightly smoothed picture. */
  gx: Float32Array;
  gy: Float32Array;
  /** Brightness averaged over 4 × 4 pixels, and its gradients. */
  coarse: Float32Array;
  /** By cell: mean brightness, mean square of gradients, of the finest detail (Laplacian), of the coarse detail. */
  luma: Float32Array;
  energy: Float32Array;
  fine: Float32Array;
  rough: Float32Array;
  /** Of the whole picture. */
  meanLuma: number;
  /** Mean of the largest minus the smallest of red, green and blue. */
  chroma: number;
  /** Bits of the brightness histogram in 64 steps. */
  entropy: number;
  /** Shares of pixels: at or over 250, equal to their neighbours, at a strong edge. */
  saturated: number;
  flat: number;
  edges: number;
  /** Share of pixels of the most frequent colour (16 steps a channel), its chroma and brightness; colours of 4 % and more. */
  dominant: { share: number; chroma: number; luma: number; colours: number };
}

/** Measures a working picture of `WIDTH × HEIGHT × 3` bytes. */
export function measure(pixels: WorkingPicture): Measures {
  const grey = new Float32Array(PIXELS);
  const histogram = new Int32Array(64);
  const colours = new Int32Array(4096);
  let [sum, chroma, saturated] = [0, 0, 0];
  for (let i = 0, at = 0; i < PIXELS; i++, at += 3) {
    const red = pixels[at]!;
    const green = pixels[at + 1]!;
    const blue = pixels[at + 2]!;
    const luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    grey[i] = luma;
    sum += luma;
    chroma += Math.max(red, green, blue) - Math.min(red, green, blue);
    if (luma >= 250) saturated++;
    histogram[luma >> 2]!++;
    // Colours of every second pixel tell as much.
    if ((i & 1) === 0) colours[((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4)]! += 2;
  }
  const { gx, gy, edges } = gradientsOf(grey);
  const coarse = coarseOf(grey);
  return {
    pixels,
    grey,
    gx,
    gy,
    coarse,
    ...cellsOf(grey, gx, gy, coarse),
    meanLuma: sum / PIXELS,
    chroma: chroma / PIXELS,
    entropy: entropyOf(histogram),
    saturated: saturated / PIXELS,
    flat: flatShare(pixels),
    edges: edges / PIXELS,
    dominant: dominantOf(colours),
  };
}

/** Gradients of a picture smoothed by 1-2-1; zero at the border. */
export function gradientsOf(grey: Float32Array): { gx: Float32Array; gy: Float32Array; edges: number } {
  const gx = new Float32Array(PIXELS);
  const gy = new Float32Array(PIXELS);
  let edges = 0;
  for (let y = 1; y < HEIGHT - 1; y++) {
    for (let i = y * WIDTH + 1, end = (y + 1) * WIDTH - 1; i < end; i++) {
      const falling = grey[i + WIDTH + 1]! - grey[i - WIDTH - 1]!;
      const rising = grey[i - WIDTH + 1]! - grey[i + WIDTH - 1]!;
      const dx = (falling + rising + 2 * (grey[i + 1]! - grey[i - 1]!)) / 4;
      const dy = (falling - rising + 2 * (grey[i + WIDTH]! - grey[i - WIDTH]!)) / 4;
      gx[i] = dx;
      gy[i] = dy;
      if (dx * dx + dy * dy > 3600) edges++;
    }
  }
  return { gx, gy, edges };
}

function coarseOf(grey: Float32Array): Float32Array {
  const coarse = new Float32Array(COARSE_WIDTH * COARSE_HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    let block = Math.floor(y / COARSE) * COARSE_WIDTH;
    for (let i = y * WIDTH, end = i + WIDTH; i < end; i += COARSE, block++) {
      coarse[block]! += (grey[i]! + grey[i + 1]! + grey[i + 2]! + grey[i + 3]!) / (COARSE * COARSE);
    }
  }
  return coarse;
}

function cellsOf(
  grey: Float32Array,
  gx: Float32Array,
  gy: Float32Array,
  coarse: Float32Array,
): Pick<Measures, 'luma' | 'energy' | 'fine' | 'rough'> {
  const luma = new Float32Array(CELLS);
  const energy = new Float32Array(CELLS);
  const fine = new Float32Array(CELLS);
  const rough = new Float32Array(CELLS);
  const share = 1 / (CELL * CELL);
  for (let y = 0; y < HEIGHT; y++) {
    const inside = y > 0 && y < HEIGHT - 1;
    for (let column = 0, i = y * WIDTH; column < COLUMNS; column++) {
      const cell = Math.floor(y / CELL) * COLUMNS + column;
      const end = i + CELL;
      let sum = 0;
      for (let at = i; at < end; at++) sum += grey[at]!;
      luma[cell]! += sum * share;
      const last = column === COLUMNS - 1 ? end - 1 : end;
      let squares = 0;
      let details = 0;
      for (let at = column === 0 ? i + 1 : i; inside && at < last; at++) {
        squares += gx[at]! * gx[at]! + gy[at]! * gy[at]!;
        const detail = 4 * grey[at]! - grey[at - 1]! - grey[at + 1]! - grey[at - WIDTH]! - grey[at + WIDTH]!;
        details += detail * detail;
      }
      energy[cell]! += squares * share;
      fine[cell]! += details * share;
      i = end;
    }
  }
  const perCell = CELL / COARSE;
  for (let y = 1; y < COARSE_HEIGHT - 1; y++) {
    const row = Math.floor(y / perCell) * COLUMNS;
    for (let x = 1, i = y * COARSE_WIDTH + 1; x < COARSE_WIDTH - 1; x++, i++) {
      const around = coarse[i - 1]! + coarse[i + 1]! + coarse[i - COARSE_WIDTH]! + coarse[i + COARSE_WIDTH]!;
      const detail = 4 * coarse[i]! - around;
      rough[row + Math.floor(x / perCell)]! += (detail * detail) / (perCell * perCell);
    }
  }
  return { luma, energy, fine, rough };
}

function entropyOf(histogram: Int32Array): number {
  let bits = 0;
  for (const count of histogram) if (count > 0) bits -= (count / PIXELS) * Math.log2(count / PIXELS);
  return bits;
}

/** Pixels that differ by no more than 1 from the right and the lower neighbour, in every channel. */
function flatShare(pixels: WorkingPicture): number {
  let flat = 0;
  const down = WIDTH * 3;
  for (let y = 0; y < HEIGHT - 1; y++) {
    for (let at = y * down, end = at + down - 3; at < end; at += 3) {
      const same =
        Math.abs(pixels[at]! - pixels[at + 3]!) <= 1 &&
        Math.abs(pixels[at + 1]! - pixels[at + 4]!) <= 1 &&
        Math.abs(pixels[at + 2]! - pixels[at + 5]!) <= 1 &&
        Math.abs(pixels[at]! - pixels[at + down]!) <= 1 &&
        Math.abs(pixels[at + 1]! - pixels[at + down + 1]!) <= 1 &&
        Math.abs(pixels[at + 2]! - pixels[at + down + 2]!) <= 1;
      if (same) flat++;
    }
  }
  return flat / ((WIDTH - 1) * (HEIGHT - 1));
}

function dominantOf(colours: Int32Array): Measures['dominant'] {
  let [best, frequent] = [0, 0];
  for (let colour = 0; colour < colours.length; colour++) {
    if (colours[colour]! > colours[best]!) best = colour;
    if (colours[colour]! >= 0.04 * PIXELS) frequent++;
  }
  const [red, green, blue] = [(best >> 8) * 17, ((best >> 4) & 15) * 17, (best & 15) * 17];
  return {
    share: colours[best]! / PIXELS,
    chroma: Math.max(red, green, blue) - Math.min(red, green, blue),
    luma: 0.299 * red + 0.587 * green + 0.114 * blue,
    colours: frequent,
  };
}

/** Share of pixels of which any byte differs between two pictures. */
export function changedShare(a: WorkingPicture, b: WorkingPicture): number {
  let changed = 0;
  for (let at = 0; at < PIXELS * 3; at += 3) {
    if (a[at] !== b[at] || a[at + 1] !== b[at + 1] || a[at + 2] !== b[at + 2]) changed++;
  }
  return changed / PIXELS;
}
