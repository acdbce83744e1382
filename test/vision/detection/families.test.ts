import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placesAbove } from '../../../vision/detection/above.ts';
import { decodeGfl, type GflHeads } from '../../../vision/detection/gfl.ts';
import { InputTensor } from '../../../vision/detection/input-tensor.ts';
import type { ModelInputLayout } from '../../../vision/detection/manifest.ts';
import { withoutRepeats } from '../../../vision/detection/suppression.ts';
import { decodeYolox } from '../../../vision/detection/yolox.ts';

const CLASSES = ['person', 'car'];

describe('decodeYolox', () => {
  /** 64 × 32 pixels with strides 32 and 16: two cells, then eight. */
  const head = (rows: Record<number, number[]>) => {
    const values = new Float32Array(10 * 7);
    for (const [cell, row] of Object.entries(rows)) values.set(row, Number(cell) * 7);
    return { rows: values, strides: [32, 16], width: 64, height: 32 };
  };

  it('reads centre and size relative to the cell, and multiplies the scores', () => {
    const found = decodeYolox(head({ 1: [0.5, 0.5, 0, Math.log(0.5), 0.8, 0.1, 0.9] }), CLASSES, 0.5);
    expect(found).toEqual([
      {
        label: 'car',
        confidence: expect.closeTo(0.72),
        box: { x: 0.5, y: expect.closeTo(0.25), width: 0.5, height: expect.closeTo(0.5) },
      },
    ]);
  });

  it('goes on to the next level after the cells of the first', () => {
    // The second row, third column of stride 16.
    const found = decodeYolox(head({ 8: [0.5, 0.5, 0, 0, 1, 1, 0] }), CLASSES, 0.5);
    expect(found[0]).toMatchObject({ label: 'person', box: { x: 0.5, y: 0.5, width: 0.25, height: 0.5 } });
  });

  it('cuts boxes where the picture ends, also endless ones', () => {
    const found = decodeYolox(head({ 0: [0, 0, 1000, 1000, 1, 1, 0] }), CLASSES, 0.5);
    expect(found[0]?.box).toEqual({ x: 0, y: 0, width: 1, height: 1 });
  });

  it.each([
    ['objectness', [0, 0, 0, 0, Number.NaN, 1, 1]],
    ['a size', [0, 0, Number.NaN, 0, 1, 1, 1]],
    ['a score', [0, 0, 0, 0, 1, Number.NaN, 1]],
  ])('refuses %s that is no number', (_what, row) => {
    expect(() => decodeYolox(head({ 3: row }), CLASSES, 0.5)).toThrow('no numbers');
  });
});

describe('decodeGfl', () => {
  /** One level of two cells of 32 pixels; each side's distribution is at one step. */
  function heads(scores: number[][], steps: number[][], centre = 0.5): GflHeads {
    const bins = 4;
    const logits = steps.flat().flatMap((step) => Array.from({ length: bins }, (_, bin) => (bin === step ? 50 : 0)));
    return {
      levels: [
        {
          ...{ rows: 1, columns: 2, stride: 32 },
          scores: { values: Float32Array.from(scores.flat()), first: 0, step: 2 },
          sides: { values: Float32Array.from(logits), first: 0, step: 4 * bins },
        },
      ],
      ...{ bins, centre, width: 64, height: 32 },
    };
  }

  it('reads the distances from the middle of the cell', () => {
    const still = [0, 0, 0, 0];
    const found = decodeGfl(
      heads(
        [
          [0, 0],
          [0.1, 0.7],
        ],
        [still, [1, 0, 0, 3]],
      ),
      CLASSES,
      0.5,
    );
    expect(found).toEqual([
      { label: 'car', confidence: expect.closeTo(0.7), box: { x: 0.25, y: 0.5, width: 0.5, height: 0.5 } },
    ]);
  });

  it('takes the mean of a distribution', () => {
    const flat = heads(
      [
        [0.9, 0],
        [0, 0],
      ],
      [
        [0, 0, 3, 0],
        [0, 0, 0, 0],
      ],
    );
    // Equal weights on the steps 0 to 3: 1.5 steps of 32 pixels below the middle, which is cut at the picture's end.
    flat.levels[0]!.sides.values.fill(0, 12, 16);
    const [found] = decodeGfl({ ...flat, height: 128 }, CLASSES, 0.5);
    expect(found!.box.y).toBeCloseTo(0.125);
    expect(found!.box.height).toBeCloseTo(48 / 128);
  });

  it('reads them from the corner where the family does so', () => {
    const found = decodeGfl(
      heads(
        [
          [0, 0],
          [0.9, 0],
        ],
        [
          [0, 0, 0, 0],
          [1, 0, 1, 1],
        ],
        0,
      ),
      CLASSES,
      0.5,
    );
    expect(found[0]?.box).toEqual({ x: 0, y: 0, width: 1, height: 1 });
  });

  it('reads scores and sides that stand in one row', () => {
    const { levels, ...rest } = heads(
      [
        [0, 0],
        [0.1, 0.7],
      ],
      [
        [0, 0, 0, 0],
        [1, 0, 0, 3],
      ],
    );
    const [level] = levels;
    const rows = [0, 1].flatMap((cell) => [
      ...level!.scores.values.subarray(2 * cell, 2 * cell + 2),
      ...level!.sides.values.subarray(16 * cell, 16 * cell + 16),
    ]);
    const values = Float32Array.from(rows);
    const inRows = { ...level!, scores: { values, first: 0, step: 18 }, sides: { values, first: 2, step: 18 } };
    expect(decodeGfl({ ...rest, levels: [inRows] }, CLASSES, 0.5)).toEqual(
      decodeGfl({ ...rest, levels }, CLASSES, 0.5),
    );
  });

  it.each([
    ['scores', { score: Number.NaN, side: 0 }],
    ['sides', { score: 0.9, side: Number.NaN }],
  ])('refuses %s that are no numbers', (what, { score, side }) => {
    const broken = heads(
      [
        [score, 0],
        [0, 0],
      ],
      [
        [1, 1, 1, 1],
        [0, 0, 0, 0],
      ],
    );
    if (Number.isNaN(side)) broken.levels[0]!.sides.values[3] = side;
    expect(() => decodeGfl(broken, CLASSES, 0.5)).toThrow(`its ${what} hold values that are no numbers`);
  });
});

it('finds the places of high values and of those that are no numbers', () => {
  const value = fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(Number.NaN, 0.5, -1));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 40 }), (list) => {
      const values = Float32Array.from(list);
      const expected = [...values.keys()].filter((at) => values[at]! >= 0.5 || Number.isNaN(values[at]));
      expect(placesAbove(values, 0.5)).toEqual(expected);
    }),
  );
});

describe('withoutRepeats', () => {
  const at = (label: string, confidence: number, x: number) => ({
    ...{ label, confidence },
    box: { x, y: 0, width: 0.1, height: 0.1 },
  });

  it('sees one vehicle as one kind, the surest, and leaves other kinds of things that share a place', () => {
    const found = [at('truck', 0.3, 0.5), at('car', 0.9, 0.505), at('person', 0.4, 0.5), at('bus', 0.5, 0.55)];
    expect(withoutRepeats(found, 0.6).map(({ label }) => label)).toEqual(['car', 'bus', 'person']);
  });

  it('keeps at most a hundred, sorted, no two of a class on each other', () => {
    const thing = fc.record({
      label: fc.constantFrom('person', 'car', 'truck'),
      confidence: fc.float({ min: 0, max: 1, noNaN: true }),
      box: fc.record({
        x: fc.double({ min: 0, max: 0.9, noNaN: true }),
        y: fc.constant(0),
        width: fc.constant(0.1),
        height: fc.constant(1),
      }),
    });
    fc.assert(
      fc.property(fc.array(thing, { maxLength: 150 }), (found) => {
        const kept = withoutRepeats(found, 0.5);
        expect(kept.length).toBeLessThanOrEqual(100);
        expect(kept.map(({ confidence }) => confidence)).toEqual(
          kept.map(({ confidence }) => confidence).sort((a, b) => b - a),
        );
        const cars = kept
          .filter(({ label }) => label === 'car')
          .map(({ box }) => box.x)
          .sort((a, b) => a - b);
        expect(cars.every((x, i) => i === 0 || x - cars[i - 1]! > 0.1 / 3 - 1e-9)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe('InputTensor', () => {
  const layout: ModelInputLayout = {
    ...{ name: 'x', width: 2, height: 1, layout: 'nchw', type: 'float32', order: 'rgb', fit: 'stretch' },
  };
  const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6);

  it.each<[string, Partial<ModelInputLayout>, number[], number[]]>([
    ['planes, blue first', { order: 'bgr' }, [3, 6, 2, 5, 1, 4], [1, 3, 1, 2]],
    ['pixels, blue first', { order: 'bgr', layout: 'nhwc' }, [3, 2, 1, 6, 5, 4], [1, 1, 2, 3]],
    [
      'planes, taken from a mean and scaled',
      { mean: [1, 2, 3], scale: [1, 2, 0.5] },
      [0, 3, 0, 6, 0, 1.5],
      [1, 3, 1, 2],
    ],
    ['planes of bytes', { type: 'uint8' }, [1, 4, 2, 5, 3, 6], [1, 3, 1, 2]],
    ['bytes as they are', { type: 'uint8', layout: 'nhwc' }, [1, 2, 3, 4, 5, 6], [1, 1, 2, 3]],
  ])('gives %s', (_what, more, values, dims) => {
    const tensor = new InputTensor({ ...layout, ...more });
    expect(Array.from(tensor.of(pixels))).toEqual(values);
    expect(tensor.dims).toEqual(dims);
  });

  it('takes the mean of each colour in the order of the model’s colours', () => {
    const tensor = new InputTensor({ ...layout, order: 'bgr', mean: [3, 2, 1] });
    expect(Array.from(tensor.of(pixels))).toEqual([0, 3, 0, 3, 0, 3]);
  });

  it('refuses a picture of another size', () => {
    expect(() => new InputTensor(layout).of(new Uint8Array(3))).toThrow('2 × 1 pixels');
  });
});
