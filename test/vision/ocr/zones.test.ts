import { describe, expect, it } from 'vitest';
import type { OcrReading } from '../../../vision/ocr/config.ts';
import type { Quad, TextReading } from '../../../vision/ocr/reading.ts';
import { zonePicture } from '../../../vision/ocr/zone-picture.ts';
import { ZoneReader } from '../../../vision/ocr/zone-reader.ts';
import { parseNumber, ZoneValueReader } from '../../../vision/ocr/zone-value.ts';

const METER: OcrReading = {
  ...{ zone: 'meter', interval: 10, pattern: '([0-9.]+) *kWh', number: true, unit: 'kWh' },
  ...{ minConfidence: 0.7, agreeing: 2 },
};
const BOX: Quad = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

function reading(text: string, confidence = 0.95): Pick<TextReading, 'text' | 'regions' | 'unreadable'> {
  return { text, regions: text === '' ? [] : [{ box: BOX, text, confidence }], unreadable: [] };
}

describe('a number in a text', () => {
  it.each([
    ['57 %', 57],
    ['88.96 C', 88.96],
    ['-12,5°C', -12.5],
    ['− 3', -3],
    ['1,234', 1_234],
    ['0,254 m3', 0.254],
    ['1.234,56', 1_234.56],
    ['1 234 567.8', 1_234_567.8],
    ['0 4 7 1 1', 4_711],
    ['22.5 45', 22.5],
    ['EXP 01/09/2027', 1],
  ])('%s is %d', (text, value) => expect(parseNumber(text)).toBe(value));

  it.each(['', 'none', '- .'])('%j has none', (text) => expect(parseNumber(text)).toBeUndefined());
});

describe('the value of a zone', () => {
  const values = new ZoneValueReader(METER);

  it('is what the pattern matches, as a number with its unit', () => {
    expect(values.valueOf(reading('Energy\n0471.5 kWh'))).toEqual({
      kind: 'value',
      value: { text: '0471.5', number: 471.5, unit: 'kWh', confidence: 0.95 },
    });
  });

  it.each([
    ['no text', reading('')],
    ['unreadable', { ...reading(''), unreadable: [{ box: BOX, confidence: 0.4 }] }],
    ['unsure', reading('0471.5 kWh', 0.6)],
    ['no match', reading('Error 3')],
    ['no number', reading('... kWh')],
  ])('is none for a reason: %s', (why, read) => expect(values.valueOf(read)).toEqual({ kind: 'none', why }));

  it('is the whole text where no pattern is set', () => {
    const { pattern: _, unit: __, ...plain } = METER;
    const outcome = new ZoneValueReader({ ...plain, number: false }).valueOf(reading('EXIT\nLEFT'));
    expect(outcome).toMatchObject({ value: { text: 'EXIT\nLEFT' } });
  });

  it('is given up for a pattern that would take for ever', () => {
    const slow = new ZoneValueReader({ ...METER, pattern: '(a+)+$' });
    const started = performance.now();
    expect(slow.valueOf(reading(`${'a'.repeat(60)}!`))).toEqual({ kind: 'none', why: 'no match' });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('needs a pattern that is one', () => {
    expect(() => new ZoneValueReader({ ...METER, pattern: '([0-9]+' })).toThrow('zone meter is no regular expression');
  });
});

describe('ZoneReader', () => {
  const polygon = [
    [0.25, 0.25],
    [0.75, 0.25],
    [0.75, 0.75],
    [0.25, 0.75],
  ];
  const reader = (more: Partial<OcrReading> = {}) =>
    new ZoneReader({ readings: [{ ...METER, ...more }], zones: [{ name: 'meter', polygon }] });

  /** Grey with some noise; `digit` is where a dark block stands in the zone. */
  function picture(digit: number, { light = 0, noise = 0 } = {}) {
    const pixels = new Uint8Array(200 * 100 * 3).fill(150 + light);
    for (let i = 0; i < pixels.length; i++) pixels[i]! += (i * 7919) % (noise + 1);
    for (let y = 40; y < 60; y++) pixels.fill(20, (y * 200 + 60 + digit * 10) * 3, (y * 200 + 68 + digit * 10) * 3);
    return { width: 200, height: 100, pixels };
  }

  it('reads a zone when it is due, not while it is being read, and leaves it alone once it is settled', () => {
    const zones = reader();
    expect(zones.lookAt(picture(0), 0)).toEqual([{ name: 'meter', polygon }]);
    expect(zones.isDue(10_000)).toBe(false);
    expect(zones.onRead('meter', reading('471 kWh'), 1)).toBeUndefined();
    expect(zones.isDue(9_999)).toBe(false);
    expect(zones.lookAt(picture(0), 10_000)).toHaveLength(1);
    expect(zones.onRead('meter', reading('471 kWh'), 2)).toEqual({
      ...{ zone: 'meter', why: undefined, at: 2 },
      value: { text: '471', number: 471, unit: 'kWh', confidence: 0.95 },
    });
    expect(zones.lookAt(picture(0, { noise: 6 }), 20_000)).toEqual([]);
    expect(zones.lookAt(picture(0, { light: 40 }), 30_000)).toEqual([]);
    expect(zones.lookAt(picture(1), 40_000)).toHaveLength(1);
  });

  it('tells a value once it was read twice the same, and no mistake between', () => {
    const zones = reader();
    const told = ['471', '471', '477', '471', '472', '472', '472'].map((number, i) => {
      zones.lookAt(picture(i), i * 10_000);
      return zones.onRead('meter', reading(`${number} kWh`), i)?.value?.number;
    });
    expect(told).toEqual([undefined, 471, undefined, undefined, undefined, 472, undefined]);
  });

  it('tells that there is no value any more, and why', () => {
    const zones = reader({ agreeing: 1 });
    zones.lookAt(picture(0), 0);
    expect(zones.onRead('meter', reading('471 kWh'), 0)?.value?.number).toBe(471);
    zones.lookAt(picture(1), 10_000);
    expect(zones.onRead('meter', reading(''), 5)).toEqual({ zone: 'meter', value: undefined, why: 'no text', at: 5 });
  });

  it('reads a still zone again now and then', () => {
    const zones = reader({ agreeing: 1 });
    zones.lookAt(picture(0), 0);
    zones.onRead('meter', reading('471 kWh'), 0);
    const looks = Array.from({ length: 60 }, (_, i) => zones.lookAt(picture(0), (i + 1) * 10_000).length);
    expect(looks.indexOf(1)).toBe(59);
  });

  it('tries again after a failure of the reader', () => {
    const zones = reader({ agreeing: 1 });
    zones.lookAt(picture(0), 0);
    zones.onRead('meter', reading('471 kWh'), 0);
    zones.lookAt(picture(1), 10_000);
    zones.onFailed('meter');
    expect(zones.lookAt(picture(1), 20_000)).toHaveLength(1);
  });
});

describe('the picture of a zone', () => {
  const whole = { width: 100, height: 50, pixels: new Uint8Array(100 * 50 * 3) };

  it('is a display stood straight, whichever corner was drawn first, and boxes lead back', () => {
    for (const polygon of [
      [
        [0.2, 0.2],
        [0.6, 0.2],
        [0.6, 0.8],
        [0.2, 0.8],
      ],
      [
        [0.6, 0.8],
        [0.6, 0.2],
        [0.2, 0.2],
        [0.2, 0.8],
      ],
    ]) {
      const zone = zonePicture(whole, polygon);
      expect([zone.picture.width, zone.picture.height]).toEqual([40, 30]);
      expect(
        zone.toWhole([
          [0, 0],
          [40, 0],
          [40, 30],
          [0, 30],
        ]),
      ).toEqual([
        [20, 10],
        [60, 10],
        [60, 40],
        [20, 40],
      ]);
    }
  });

  it('is the box around any other shape', () => {
    const zone = zonePicture(whole, [
      [0.5, 0],
      [1, 1],
      [0, 1],
    ]);
    expect([zone.picture.width, zone.picture.height]).toEqual([100, 50]);
  });
});
