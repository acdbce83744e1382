import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWorkingPicture, shrink } from '../../../vision/anomaly/working-picture.ts';
import { loadSharp } from '../../../vision/picture/decode.ts';

describe('the working picture', () => {
  it('averages what is larger and spreads what is smaller', () => {
    const large = {
      width: 384,
      height: 288,
      pixels: new Uint8Array(384 * 288 * 3).map((_, i) => (Math.floor(i / 3) % 2) * 200),
    };
    expect(shrink(large).every((value) => value === 100)).toBe(true);
    const one = shrink({ width: 1, height: 1, pixels: new Uint8Array([10, 20, 30]) });
    expect([...one.subarray(0, 3), ...one.subarray(-3)]).toEqual([10, 20, 30, 10, 20, 30]);
  });

  it('takes a part of wider rows', () => {
    const pixels = new Uint8Array(4 * 2 * 3).fill(9);
    pixels.fill(255, 6, 12);
    expect(new Set(shrink({ width: 2, height: 1, stride: 4, pixels }))).toEqual(new Set([9]));
  });

  it('is always of one size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }), (width, height) => {
        expect(shrink({ width, height, pixels: new Uint8Array(width * height * 3) }).length).toBe(192 * 144 * 3);
      }),
      { numRuns: 30 },
    );
  });

  it('is read from a picture of one pixel', async () => {
    const sharp = await loadSharp();
    const bytes = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#0a141e' } })
      .png()
      .toBuffer();
    expect([...(await readWorkingPicture(bytes)).subarray(0, 3)]).toEqual([10, 20, 30]);
  });
});
