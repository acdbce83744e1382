import { describe, expect, it } from 'vitest';
import { decodeCenterNet } from '../../../vision/detection/centernet.ts';

const CLASSES = ['person', 'car'];

/** Heads of a 4 × 4 grid (16 × 16 pixels) with the given scores and sides of 4 pixels everywhere. */
function heads(peaks: { label: string; row: number; column: number; score: number }[]) {
  const scores = new Float32Array(2 * 16);
  for (const { label, row, column, score } of peaks) scores[CLASSES.indexOf(label) * 16 + row * 4 + column] = score;
  return { scores, sides: new Float32Array(4 * 16).fill(4), rows: 4, columns: 4, stride: 4 };
}

describe('decodeCenterNet', () => {
  it('reads a box from the sides at a peak', () => {
    const found = decodeCenterNet(heads([{ label: 'car', row: 2, column: 1, score: 0.9 }]), CLASSES, 0.5);
    expect(found).toEqual([
      { label: 'car', confidence: expect.closeTo(0.9), box: { x: 0, y: 0.25, width: 0.5, height: 0.5 } },
    ]);
  });

  it('takes only the highest of neighbouring scores', () => {
    const peaks = [
      { label: 'person', row: 1, column: 1, score: 0.8 },
      { label: 'person', row: 1, column: 2, score: 0.7 },
    ];
    expect(decodeCenterNet(heads(peaks), CLASSES, 0.5)).toHaveLength(1);
  });

  it('takes the first of equal neighbours, so that a plateau is one object', () => {
    const peaks = [
      { label: 'person', row: 1, column: 1, score: 0.8 },
      { label: 'person', row: 2, column: 2, score: 0.8 },
    ];
    expect(decodeCenterNet(heads(peaks), CLASSES, 0.5)).toHaveLength(1);
  });

  it('drops the weaker of two boxes of one class that overlap, and keeps those of two classes', () => {
    const wide = { ...heads([]), sides: new Float32Array(64).fill(40) };
    wide.scores[0] = 0.9;
    wide.scores[2] = 0.8;
    wide.scores[16] = 0.7;
    expect(decodeCenterNet(wide, CLASSES, 0.5).map(({ label, confidence }) => [label, confidence.toFixed(1)])).toEqual([
      ['person', '0.9'],
      ['car', '0.7'],
    ]);
  });

  it('ignores boxes without an area', () => {
    const broken = heads([{ label: 'car', row: 0, column: 0, score: 0.9 }]);
    broken.sides.fill(-1);
    expect(decodeCenterNet(broken, CLASSES, 0.5)).toEqual([]);
  });

  it.each(['scores', 'sides'] as const)('refuses %s that are no numbers', (what) => {
    const broken = heads([{ label: 'car', row: 1, column: 0, score: 0.9 }]);
    broken[what].fill(Number.NaN, what === 'scores' ? 3 : 0, 16);
    expect(() => decodeCenterNet(broken, CLASSES, 0.5)).toThrow(`its ${what} hold values that are no numbers`);
  });

  it('sorts by confidence and reads a hundred objects at most', () => {
    const many = {
      scores: new Float32Array(2 * 64 * 64),
      sides: new Float32Array(4 * 64 * 64).fill(1),
      rows: 64,
      columns: 64,
      stride: 4,
    };
    for (let row = 0; row < 64; row += 2)
      for (let column = 0; column < 64; column += 2) many.scores[row * 64 + column] = 0.5 + row / 1000;
    const found = decodeCenterNet(many, CLASSES, 0.5);
    expect(found).toHaveLength(100);
    expect(found[0]!.confidence).toBeCloseTo(0.562);
  });
});
