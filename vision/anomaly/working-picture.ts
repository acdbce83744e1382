// The small picture that tamper detection and unusual scenes look at: always the same size, so that two moments can be
// compared pixel by pixel whatever the camera delivers.

import type { Mask } from '../picture/mask.ts';
import { preparePicture } from '../picture/prepare.ts';

/** Pixels of a working picture. */
export const WIDTH = 192;
export const HEIGHT = 144;
/** Pixels of a cell's side; texture is compared cell by cell. */
export const CELL = 12;
export const COLUMNS = WIDTH / CELL;
export const ROWS = HEIGHT / CELL;
export const CELLS = COLUMNS * ROWS;

/** RGB, three bytes a pixel, `WIDTH` × `HEIGHT`, row by row. */
export type WorkingPicture = Uint8Array;

/** Decodes a picture file. Rejects with `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE`. */
export async function readWorkingPicture(bytes: Uint8Array, mask?: Mask): Promise<WorkingPicture> {
  const { input } = await preparePicture(bytes, { width: WIDTH, height: HEIGHT }, 'stretch', mask);
  return input.pixels;
}

/**
 * The working picture of pixels that are decoded already, by averaging areas (about 1 ms for 512 × 512).
 * @param source RGB, three bytes a pixel; `stride` is the pixels of a row, where a picture fills only a part of it.
 */
export function shrink(source: { pixels: Uint8Array; width: number; height: number; stride?: number }): WorkingPicture {
  const { pixels, width, height, stride = width } = source;
  const small = new Uint8Array(WIDTH * HEIGHT * 3);
  if (width < 1 || height < 1) return small;
  const columns = edges(width, WIDTH);
  const rows = edges(height, HEIGHT);
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    const [top, bottom] = [rows[y * 2]!, rows[y * 2 + 1]!];
    for (let x = 0; x < WIDTH; x++, at += 3) {
      const [left, right] = [columns[x * 2]!, columns[x * 2 + 1]!];
      let [red, green, blue] = [0, 0, 0];
      for (let row = top; row < bottom; row++) {
        for (let from = (row * stride + left) * 3, end = (row * stride + right) * 3; from < end; from += 3) {
          red += pixels[from] ?? 0;
          green += pixels[from + 1] ?? 0;
          blue += pixels[from + 2] ?? 0;
        }
      }
      const count = (bottom - top) * (right - left);
      small[at] = Math.round(red / count);
      small[at + 1] = Math.round(green / count);
      small[at + 2] = Math.round(blue / count);
    }
  }
  return small;
}

/** First and last (exclusive) source pixel of each target pixel; at least one. */
function edges(from: number, to: number): Int32Array {
  const all = new Int32Array(to * 2);
  for (let i = 0; i < to; i++) {
    const first = Math.min(from - 1, Math.floor((i * from) / to));
    all[i * 2] = first;
    all[i * 2 + 1] = Math.max(first + 1, Math.floor(((i + 1) * from) / to));
  }
  return all;
}
