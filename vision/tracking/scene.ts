// Whether two still pictures show the same place: a coarse fingerprint of brightness, compared by correlation. A
// photo that has nothing to do with the one before must not continue its observations.

import type { ModelInput } from '../detection/detector.ts';

const GRID = 16;
/** Correlation at or above which two pictures show one place. */
const SAME_PLACE = 0.7;

/** Brightness in a grid, with mean 0 and length 1. */
export type SceneFingerprint = Float32Array;

/**
 * Samples every fourth pixel of every fourth row.
 * @param used shares of the input that the picture takes: padding is the same in all pictures and says nothing
 */
export function fingerprint(input: ModelInput, used: { width: number; height: number }): SceneFingerprint {
  const width = Math.round(input.width * used.width);
  const height = Math.round(input.height * used.height);
  const sums = new Float32Array(GRID * GRID);
  for (let y = 0; y < height; y += 4) {
    const row = Math.floor((y * GRID) / height) * GRID;
    for (let x = 0; x < width; x += 4) {
      const at = (y * input.width + x) * 3;
      const brightness = input.pixels[at]! + 2 * input.pixels[at + 1]! + input.pixels[at + 2]!;
      sums[row + Math.floor((x * GRID) / width)]! += brightness;
    }
  }
  const mean = sums.reduce((total, value) => total + value, 0) / sums.length;
  const length = Math.hypot(...sums.map((value) => value - mean)) || 1;
  return sums.map((value) => (value - mean) / length);
}

export function samePlace(a: SceneFingerprint, b: SceneFingerprint): boolean {
  return a.reduce((total, value, i) => total + value * b[i]!, 0) >= SAME_PLACE;
}
