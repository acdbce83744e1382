import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resized } from '../../../vision/ocr/raster.ts';
import type { Point, Quad } from '../../../vision/ocr/reading.ts';
import { convexHull, cornersOf, grownBy, smallestRectangle } from '../../../vision/ocr/rectangle.ts';
import { pointIn, sidesOf, straightened } from '../../../vision/ocr/straighten.ts';

describe('the smallest rectangle', () => {
  it('of an upright block is the block', () => {
    const hull = convexHull([
      [2, 1],
      [12, 1],
      [12, 5],
      [2, 5],
      [7, 3],
    ]);
    expect(hull).toHaveLength(4);
    expect(smallestRectangle(hull)).toEqual({ center: [7, 3], width: 10, height: 4, angle: 0 });
  });

  it('of a tilted line has its tilt, and its width along it', () => {
    const corners = cornersOf({ center: [50, 40], width: 60, height: 10, angle: 0.3 });
    const found = smallestRectangle(convexHull(corners));
    expect(found.angle).toBeCloseTo(0.3);
    expect(found.width).toBeCloseTo(60);
    expect(found.height).toBeCloseTo(10);
  });

  it('grows on every side', () => {
    expect(grownBy({ center: [5, 5], width: 10, height: 4, angle: 0 }, 2)).toMatchObject({ width: 14, height: 8 });
  });

  it.each<{ points: Point[]; wide: number }>([
    { points: [], wide: 0 },
    { points: [[3, 4]], wide: 0 },
    {
      points: [
        [3, 4],
        [3, 4],
      ],
      wide: 0,
    },
    {
      points: [
        [0, 0],
        [4, 0],
      ],
      wide: 4,
    },
  ])('takes $points without fail', ({ points, wide }) => {
    const { width, height } = smallestRectangle(convexHull(points));
    expect([width, height]).toEqual([wide, 0]);
  });

  it('holds all points', () => {
    const point = fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 }));
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 40 }), (points) => {
        const { center, width, height, angle } = smallestRectangle(convexHull(points));
        for (const [x, y] of points) {
          const [dx, dy] = [x - center[0], y - center[1]];
          expect(Math.abs(dx * Math.cos(angle) + dy * Math.sin(angle))).toBeLessThanOrEqual(width / 2 + 1e-6);
          expect(Math.abs(dy * Math.cos(angle) - dx * Math.sin(angle))).toBeLessThanOrEqual(height / 2 + 1e-6);
        }
      }),
    );
  });
});

/** Each pixel tells where it is: red its column, green its row. */
function coordinates(width: number, height: number) {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels.set([x, y, 7], (y * width + x) * 3);
  return { width, height, pixels };
}

describe('straightening', () => {
  it('copies an upright part as it is', () => {
    const part = straightened(
      coordinates(20, 10),
      [
        [4, 2],
        [8, 2],
        [8, 5],
        [4, 5],
      ],
      4,
      3,
    );
    expect([...part.pixels.subarray(0, 6)]).toEqual([4, 2, 7, 5, 2, 7]);
    expect([...part.pixels.subarray(-3)]).toEqual([7, 4, 7]);
  });

  it('turns what runs downwards', () => {
    const part = straightened(
      coordinates(20, 20),
      [
        [8, 2],
        [8, 12],
        [4, 12],
        [4, 2],
      ],
      10,
      4,
    );
    // Its upper left is the picture's upper right.
    expect([...part.pixels.subarray(0, 3)]).toEqual([7, 2, 7]);
    expect([...part.pixels.subarray(3, 6)]).toEqual([7, 3, 7]);
  });

  it('goes on with the edge outside of the picture', () => {
    const part = straightened(
      coordinates(4, 4),
      [
        [-2, -2],
        [2, -2],
        [2, 2],
        [-2, 2],
      ],
      4,
      4,
    );
    expect([...part.pixels.subarray(0, 3)]).toEqual([0, 0, 7]);
  });

  it('follows perspective: corners to corners, and the middle to where the diagonals cross', () => {
    const quad: Quad = [
      [0, 0],
      [10, 0],
      [8, 10],
      [2, 10],
    ];
    expect(pointIn(quad, 0, 0)).toEqual([0, 0]);
    const [x, y] = pointIn(quad, 1, 1);
    expect([x, y]).toEqual([expect.closeTo(8), expect.closeTo(10)]);
    const middle = pointIn(quad, 0.5, 0.5);
    expect(middle[0]).toBeCloseTo(5);
    expect(middle[1]).toBeCloseTo(6.25);
    expect(sidesOf(quad).width).toBe(10);
  });
});

describe('scaling', () => {
  it('averages what becomes smaller', () => {
    const stripes = { width: 4, height: 1, pixels: Uint8Array.from([0, 100, 0, 100].flatMap((v) => [v, v, v])) };
    const half = resized(stripes, 2, 1);
    for (const value of half.pixels) expect(value).toSatisfy((v: number) => v > 30 && v < 70);
  });

  it('keeps a plain picture plain at any size', () => {
    const size = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(size, size, size, size, (width, height, toWidth, toHeight) => {
        const plain = { width, height, pixels: new Uint8Array(width * height * 3).fill(90) };
        const scaled = resized(plain, toWidth, toHeight);
        expect(scaled.pixels).toHaveLength(toWidth * toHeight * 3);
        expect(new Set(scaled.pixels)).toEqual(new Set([90]));
      }),
    );
  });
});
