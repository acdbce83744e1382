// That products at all shifts are what summing them one by one gives.

import { expect, it } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { correlate } from '../../../vision/anomaly/correlate.ts';

const [width, height] = [48, 36];
const random = seededRandom(4);
const values = (): Float32Array => Float32Array.from({ length: width * height }, () => random.next() - 0.5);

it('sums the products of two fields at every shift', () => {
  const [a, b] = [0, 1].map(() => ({ gx: values(), gy: values(), width, height })) as [Field, Field];
  const products = correlate(a, b);
  for (const [x, y] of [
    [0, 0],
    [3, -5],
    [-26, 20],
    [26, -20],
  ] as const) {
    let sum = 0;
    for (let row = Math.max(0, -y); row < Math.min(height, height - y); row++) {
      for (let column = Math.max(0, -x); column < Math.min(width, width - x); column++) {
        const [i, j] = [(row + y) * width + column + x, row * width + column];
        sum += a.gx[i]! * b.gx[j]! + a.gy[i]! * b.gy[j]!;
      }
    }
    expect(products(x, y)).toBeCloseTo(sum, 6);
  }
});

type Field = Parameters<typeof correlate>[0];
