import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesOf } from '../../../vision/ocr/batches.ts';
import { alphabetOf, decodeLine } from '../../../vision/ocr/ctc.ts';
import type { Quad } from '../../../vision/ocr/reading.ts';
import { inReadingOrder } from '../../../vision/ocr/reading-order.ts';
import { looksForeign } from '../../../vision/ocr/script.ts';
import { linesIn, type MapLimits } from '../../../vision/ocr/text-map.ts';

const LIMITS: MapLimits = { pixel: 0.3, mean: 0.6, growth: 1.5, leastSide: 3, most: 10 };

/** A map from rows of digits: 9 is .9. */
function mapOf(...rows: string[]) {
  const values = Float32Array.from(rows.join(''), (digit) => Number(digit) / 10);
  return { width: rows[0]!.length, height: rows.length, values };
}

describe('lines in a map', () => {
  it('are its areas, grown by their area over their perimeter', () => {
    const map = mapOf('0000000000000', '0888888888880', '0888888888880', '0888888888880', '0000000000000');
    const [line, ...others] = linesIn(map, LIMITS);
    expect(others).toEqual([]);
    expect(line!.score).toBeCloseTo(0.8);
    // 11 × 3 pixels: 33 · 1.5 / 28 = 1.77 on every side.
    expect(line!.rectangle.center).toEqual([6.5, 2.5]);
    expect(line!.rectangle.width).toBeCloseTo(14.54, 2);
    expect(line!.rectangle.height).toBeCloseTo(6.54, 2);
  });

  it('that touch by a corner are one, and a branch joins what began apart', () => {
    const map = mapOf('90000009', '99000099', '09900990', '00999900', '00099000');
    expect(linesIn(map, { ...LIMITS, mean: 0.1 })).toHaveLength(1);
  });

  it('that are too thin or too faint are none', () => {
    expect(linesIn(mapOf('0000000', '0999990', '0999990', '0000000'), LIMITS)).toEqual([]);
    expect(linesIn(mapOf('44444', '44444', '44444', '44444'), LIMITS)).toEqual([]);
  });

  it('are the surest where there are too many', () => {
    const map = mapOf('9990777', '9990777', '9990777');
    expect(linesIn(map, { ...LIMITS, most: 1 }).map(({ score }) => Number(score.toFixed(1)))).toEqual([0.9]);
  });

  it('are as many as separate blocks, anywhere', () => {
    const cells = fc.uniqueArray(fc.integer({ min: 0, max: 24 }), { maxLength: 25 });
    fc.assert(
      fc.property(cells, (blocks) => {
        const values = new Float32Array(40 * 40);
        for (const block of blocks) {
          for (let y = 0; y < 5; y++)
            for (let x = 0; x < 5; x++) values[((block / 5) | 0) * 320 + y * 40 + (block % 5) * 8 + x] = 1;
        }
        expect(linesIn({ width: 40, height: 40, values }, { ...LIMITS, most: 100 })).toHaveLength(blocks.length);
      }),
    );
  });
});

describe('decoding a line', () => {
  const alphabet = alphabetOf(['', 'a', 'b', '水', ' ']);
  /** Each step as [most likely, its probability, the space's]. */
  const decode = (...steps: [string, number, number][]) => {
    const probabilities = new Float32Array(steps.length * 5);
    steps.forEach(([character, probability, space], i) => {
      probabilities[i * 5 + 4] = space;
      probabilities[i * 5 + alphabet.characters.indexOf(character)] = probability;
    });
    return decodeLine(probabilities, steps.length, alphabet);
  };

  it('takes a repeated step once, and twice with a blank between', () => {
    expect(decode(['a', 0.9, 0], ['a', 0.9, 0], ['b', 0.8, 0]).text).toBe('ab');
    expect(decode(['a', 0.9, 0], ['', 0.9, 0], ['a', 0.7, 0])).toEqual({ text: 'aa', confidence: expect.closeTo(0.8) });
  });

  it('puts a space where one is a little likely, though never most likely', () => {
    expect(decode(['a', 0.9, 0], ['', 0.9, 0.04], ['b', 0.9, 0]).text).toBe('a b');
    expect(decode(['a', 0.9, 0], ['', 0.9, 0.005], ['b', 0.9, 0]).text).toBe('ab');
  });

  it('believes a faint space only in a wide gap', () => {
    const narrow = decode(['a', 0.9, 0], ['', 0.9, 0.02], ['b', 0.9, 0], ['', 0.9, 0], ['a', 0.9, 0]);
    expect(narrow.text).toBe('aba');
    const wide = decode(['a', 1, 0], ['b', 1, 0], ['a', 1, 0], ['', 0.9, 0.02], ['', 0.9, 0], ['b', 1, 0]);
    expect(wide.text).toBe('aba b');
  });

  it('reads a stray Han character among others as the next likely sign', () => {
    const probabilities = new Float32Array(5 * 5);
    probabilities.set([0, 0.9, 0, 0, 0], 0);
    probabilities.set([0.9, 0, 0, 0, 0], 5);
    probabilities.set([0, 0, 0.3, 0.6, 0], 10);
    probabilities.set([0.9, 0, 0, 0, 0], 15);
    probabilities.set([0, 0.9, 0, 0, 0], 20);
    expect(decodeLine(probabilities, 5, alphabet).text).toBe('aba');
    expect(decode(['水', 0.9, 0], ['', 0.9, 0], ['水', 0.9, 0]).text).toBe('水水');
  });

  it('of nothing is nothing', () => {
    expect(decode(['', 1, 0.5])).toEqual({ text: '', confidence: 0 });
  });
});

describe('batches', () => {
  it('hold lines of about the same width, filled up to the widest and to no less than 320', () => {
    expect(batchesOf([900, 20, 500, 330])).toEqual([
      { lines: [1, 3], width: 336 },
      { lines: [2], width: 504 },
      { lines: [0], width: 904 },
    ]);
  });

  it('of many lines fill short ones up to less', () => {
    expect(batchesOf(Array.from({ length: 12 }, () => 40)).map(({ width }) => width)).toEqual([160, 160]);
  });

  it('hold every line once, bounded', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2_400 }), { maxLength: 60 }), (widths) => {
        const batches = batchesOf(widths);
        expect(batches.flatMap(({ lines }) => lines).sort((a, b) => a - b)).toEqual(widths.map((_, i) => i));
        for (const { lines, width } of batches) {
          expect(lines.length * width).toBeLessThanOrEqual(4_096);
          for (const line of lines) expect(widths[line]).toBeLessThanOrEqual(width);
        }
      }),
    );
  });
});

const at = (name: string, left: number, top: number, width = 100, height = 20): { name: string; box: Quad } => ({
  name,
  box: [
    [left, top],
    [left + width, top],
    [left + width, top + height],
    [left, top + height],
  ],
});
const orderOf = (...items: { name: string; box: Quad }[]) =>
  inReadingOrder(items).map((line) => line.map(({ name }) => name).join(' '));

describe('reading order', () => {
  it('goes from line to line, from left to right, also where parts are not quite level', () => {
    expect(orderOf(at('total', 0, 54), at('5.00', 200, 50), at('milk', 0, 4), at('1.20', 200, 0))).toEqual([
      'milk 1.20',
      'total 5.00',
    ]);
  });

  it('reads columns of running text one after the other', () => {
    const lines = [0, 1, 2].flatMap((i) => [at(`a${i}`, 0, i * 30, 180), at(`b${i}`, 220, i * 30 + 2, 180)]);
    expect(orderOf(...lines)).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2']);
  });

  it('reads a table across: its right column is mostly empty', () => {
    const rows = [0, 1, 2].flatMap((i) => [at(`item${i}`, 0, i * 30, 180), at(`${i}.00`, 360, i * 30, 40)]);
    expect(orderOf(...rows)).toEqual(['item0 0.00', 'item1 1.00', 'item2 2.00']);
  });

  it('follows the tilt of a page', () => {
    const tilted = (name: string, x: number, y: number): { name: string; box: Quad } => {
      const point = (u: number, v: number) => [u * 0.97 - v * 0.24, u * 0.24 + v * 0.97] as const;
      return { name, box: [point(x, y), point(x + 100, y), point(x + 100, y + 20), point(x, y + 20)] };
    };
    const items = [tilted('d', 300, 40), tilted('c', 0, 40), tilted('b', 300, 0), tilted('a', 0, 0)];
    expect(orderOf(...items)).toEqual(['a b', 'c d']);
  });

  it('loses nothing', () => {
    const item = fc.record({ left: fc.integer({ min: 0, max: 500 }), top: fc.integer({ min: 0, max: 500 }) });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 30 }), (items) => {
        const placed = items.map(({ left, top }, i) => at(String(i), left, top));
        expect(
          inReadingOrder(placed)
            .flat()
            .map(({ name }) => Number(name))
            .sort((a, b) => a - b),
        ).toEqual(items.map((_, i) => i));
      }),
    );
  });
});

describe('text of a script that is not known', () => {
  it.each(['pИBeT MИp', 'E>nvikα pαμμαtα'])('%s is never believed', (text) => {
    expect([looksForeign(text, true), looksForeign(text, false)]).toEqual([true, true]);
  });

  it('is not believed either when capitals stand inside of words, unless they were read surely', () => {
    expect(looksForeign('puBeT MUp KaK ena', false)).toBe(true);
    expect(looksForeign('McDonald YouTube', true)).toBe(false);
  });

  it.each(['10 kΩ', '5 µm', 'Größe', 'Hello world', 'iPhone 5 is here', '水位 3 m', ''])('%s is text', (text) => {
    expect([looksForeign(text, true), looksForeign(text, false)]).toEqual([false, false]);
  });
});
