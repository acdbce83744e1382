// A grid of activity as a picture that is laid over the camera's: clear where nothing was, over blue and yellow to red.

import { loadSharp } from '../picture/decode.ts';
import { COLUMNS, ROWS } from './activity-grid.ts';

const WIDTH = 320;
const HEIGHT = 240;
/** From rarely to most often; each grows more opaque, so that the order shows without colours too. */
const STOPS: readonly (readonly [share: number, r: number, g: number, b: number, alpha: number])[] = [
  [0, 40, 90, 160, 0],
  [0.05, 40, 110, 190, 70],
  [0.35, 90, 190, 160, 120],
  [0.65, 245, 205, 70, 165],
  [1, 225, 40, 30, 210],
];

/** @param shares row by row, as `ActivityGrid.shares` gives them */
export async function activityPicture(shares: readonly number[]): Promise<Buffer> {
  const pixels = new Uint8Array(COLUMNS * ROWS * 4);
  for (const [at, share] of shares.slice(0, COLUMNS * ROWS).entries()) pixels.set(colourOf(share), at * 4);
  const sharp = await loadSharp();
  return sharp(pixels, { raw: { width: COLUMNS, height: ROWS, channels: 4 } })
    .resize(WIDTH, HEIGHT, { fit: 'fill', kernel: 'cubic' })
    .png()
    .toBuffer();
}

function colourOf(share: number): [number, number, number, number] {
  // Most cells of most pictures have little: the root spreads them.
  const value = Math.sqrt(Math.min(1, Math.max(0, share)));
  const next = STOPS.findIndex(([stop]) => stop >= value);
  const [above, below] = [STOPS[next]!, STOPS[Math.max(0, next - 1)]!];
  const part = above[0] === below[0] ? 0 : (value - below[0]) / (above[0] - below[0]);
  const mix = (index: 1 | 2 | 3 | 4): number => Math.round(below[index] + (above[index] - below[index]) * part);
  return [mix(1), mix(2), mix(3), mix(4)];
}
