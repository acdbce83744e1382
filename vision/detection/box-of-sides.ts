// From a point and its distances to four sides to a box.

import { type Box, clipped } from '../geometry.ts';
import { noNumber } from './misfit.ts';

/**
 * The box in shares of the input, cut where the input ends; undefined where nothing is left of it.
 * @param x of the point, in input pixels, like `y`, the distances (left, top, right, bottom) and `size`
 */
export function boxOfSides(
  x: number,
  y: number,
  distances: readonly number[],
  size: { width: number; height: number },
): Box | undefined {
  const [left = 0, top = 0, right = 0, bottom = 0] = distances;
  if (Number.isNaN(left + top + right + bottom)) throw noNumber('sides');
  const box = clipped({
    x: (x - left) / size.width,
    y: (y - top) / size.height,
    width: (left + right) / size.width,
    height: (top + bottom) / size.height,
  });
  return box.width > 0 && box.height > 0 ? box : undefined;
}
