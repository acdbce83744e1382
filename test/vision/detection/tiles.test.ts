import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromPart, merged, partsOf } from '../../../vision/detection/tiles.ts';

const thing = (label: string, confidence: number, [x, y, width, height]: [number, number, number, number]) => ({
  ...{ label, confidence },
  box: { x, y, width, height },
});

describe('partsOf', () => {
  it('divides a picture in 2 × 2 parts that share a fifth of their side', () => {
    const side = expect.closeTo(0.5556, 4);
    const start = expect.closeTo(0.4444, 4);
    expect(partsOf(2)).toEqual([
      { x: 0, y: 0, width: side, height: side },
      { x: start, y: 0, width: side, height: side },
      { x: 0, y: start, width: side, height: side },
      { x: start, y: start, width: side, height: side },
    ]);
  });

  it('covers all of the picture, whole for 1', () => {
    expect(partsOf(1)).toEqual([]);
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), share, share, (tiles, x, y) => {
        const inside = (at: number, from: number, size: number) => at >= from - 1e-9 && at <= from + size + 1e-9;
        expect(partsOf(tiles).some((part) => inside(x, part.x, part.width) && inside(y, part.y, part.height))).toBe(
          true,
        );
      }),
    );
  });
});

describe('fromPart', () => {
  const part = { x: 0.4, y: 0, width: 0.6, height: 0.6 };

  it('puts boxes in the place that they have in the picture', () => {
    expect(fromPart([thing('car', 0.9, [0.5, 0.5, 0.25, 0.25])], part)).toEqual([
      { label: 'car', confidence: 0.9, box: { x: expect.closeTo(0.7), y: 0.3, width: 0.15, height: 0.15 } },
    ]);
  });

  it('leaves out what an inner side of the part cuts, and keeps what the picture itself cuts', () => {
    const at = { left: thing('a', 1, [0, 0.5, 0.1, 0.1]), bottom: thing('b', 1, [0.5, 0.9, 0.1, 0.1]) };
    const right = thing('c', 1, [0.9, 0.5, 0.1, 0.1]);
    expect(fromPart([at.left, at.bottom, right], part).map(({ label }) => label)).toEqual(['c']);
  });
});

describe('merged', () => {
  it('takes a thing once that was seen whole and in two parts, as it was seen best', () => {
    const whole = [thing('car', 0.5, [0.1, 0.1, 0.2, 0.2])];
    const parts = [thing('car', 0.8, [0.11, 0.1, 0.2, 0.2]), thing('car', 0.6, [0.1, 0.11, 0.2, 0.2])];
    expect(merged(whole, parts)).toEqual([parts[0]]);
  });

  it('leaves out pieces of a thing that was seen whole, but not another thing in front of it', () => {
    const bus = thing('bus', 0.4, [0, 0, 0.8, 0.8]);
    const piece = thing('bus', 0.9, [0.1, 0.1, 0.2, 0.2]);
    const person = thing('person', 0.4, [0.1, 0.1, 0.2, 0.2]);
    expect(merged([bus], [piece, person])).toEqual([bus, person]);
    expect(merged([{ ...bus, confidence: 0.2 }], [piece])[0]).toEqual(piece);
  });

  it('leaves large things to the whole picture', () => {
    expect(merged([], [thing('bus', 0.9, [0.1, 0.1, 0.5, 0.2])])).toEqual([]);
  });
});
