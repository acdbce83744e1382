import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeriesDetector } from '../../../agents/anomaly/series-detector.ts';
import { alarms, DAY, judge, MINUTE, noise, START, series } from './series.ts';

describe('what is anomalous', () => {
  it('tells a spike at once, and only once', () => {
    const next = noise(1);
    const told = judge(series(1000, (index) => 50 + next() + (index === 700 ? 40 : 0)));
    expect(alarms(told, 200, 0.999999)).toEqual([700]);
  });

  it('tells a step at its first value, and then gets used to it', () => {
    const next = noise(2);
    const told = judge(series(1500, (index) => 20 + next() + (index >= 800 ? 15 : 0)));
    expect(alarms(told, 200, 0.999999)[0]).toBe(800);
    expect(alarms(told, 900)).toEqual([]);
  });

  it('tells a drift of a tenth of a deviation a value before it has gone far', () => {
    const next = noise(3);
    const told = judge(series(1200, (index) => 10 + next() + Math.max(0, index - 800) * 0.1));
    const [first] = alarms(told, 200, 0.9995);
    expect(first).toBeGreaterThan(800);
    expect(first).toBeLessThan(900);
  });

  it('tells the one change of what was always the same', () => {
    const told = judge(series(600, (index) => (index === 400 ? 8 : 7)));
    expect(alarms(told)).toEqual([400]);
  });

  it('tells a day without its usual peak though all its values are usual', () => {
    const next = noise(4);
    const shape = (index: number): number => (index % 288 >= 100 && index % 288 < 190 ? 60 : 20);
    const told = judge(series(288 * 12, (index) => (Math.floor(index / 288) === 10 ? 20 : shape(index)) + next()));
    expect(alarms(told, 288 * 9, 0.99).filter((index) => Math.floor(index / 288) === 10)).not.toEqual([]);
  });

  it('names the traits that told it', () => {
    const next = noise(5);
    const detector = new SeriesDetector();
    judge(
      series(500, () => next()),
      MINUTE,
      detector,
    );
    detector.push(60, START + 500 * MINUTE);
    expect(detector.reasons()[0]).toMatchObject({ trait: 'value' });
    expect(detector.reasons().every(({ surprise }) => surprise > 0)).toBe(true);
  });
});

describe('what is not', () => {
  it('is silent while it learns', () => {
    const told = judge(series(30, (index) => (index === 20 ? 1e6 : 1)));
    expect(told.every(({ likelihood, score }) => likelihood === 0 && score === 0)).toBe(true);
  });

  it('leaves noise alone: of ten thousand values few are told, and the likelihood is one', () => {
    const next = noise(6);
    const told = judge(series(10_000, () => next()));
    const above = (likelihood: number): number => told.filter((each) => each.likelihood > likelihood).length / 10_000;
    expect(above(0.9)).toBeLessThan(0.2);
    expect(above(0.99)).toBeLessThan(0.02);
    expect(alarms(told, 200).length).toBeLessThanOrEqual(16);
  });

  it('knows a daily course after some days', () => {
    const next = noise(7);
    const told = judge(series(288 * 10, (index) => 50 + 30 * Math.sin((2 * Math.PI * index) / 288) + next()));
    expect(alarms(told, 288 * 5).length).toBeLessThanOrEqual(2);
  });

  it('says nothing of a constant', () => {
    expect(alarms(judge(series(3000, () => 0)))).toEqual([]);
    expect(alarms(judge(series(3000, () => -1e300)))).toEqual([]);
  });

  it('leaves out what is no number, and goes on as if it had not been there', () => {
    const next = noise(8);
    const values = series(800, () => next());
    const holed = values.flatMap((value, index) =>
      index % 7 === 0 ? [Number.NaN, Number.POSITIVE_INFINITY, value] : [value],
    );
    const plain = new SeriesDetector();
    const other = new SeriesDetector();
    judge(values, MINUTE, plain);
    let index = 0;
    for (const value of holed) other.push(value, START + (Number.isFinite(value) ? index++ : index) * MINUTE);
    expect(other.save()).toBe(plain.save());
  });

  it('takes a gap of two days, and a clock that is set back, as no anomaly of the values', () => {
    const next = noise(9);
    const detector = new SeriesDetector();
    const course = (at: number): number => 50 + 20 * Math.sin((2 * Math.PI * at) / DAY) + next();
    let worst = 0;
    for (let index = 0; index < 288 * 8; index++) {
      const shift = index > 288 * 7 ? 2 * DAY - 60 * MINUTE : index > 288 * 6 ? 2 * DAY : 0;
      const at = START + index * 5 * MINUTE + shift;
      const { score } = detector.push(course(at), at);
      if (index > 288 * 6) worst = Math.max(worst, score);
    }
    expect(worst).toBeLessThan(0.9986);
  });
});

describe('its memory', () => {
  it('stays the same from ten thousand values to a hundred thousand', () => {
    const next = noise(10);
    const detector = new SeriesDetector();
    const sizes: number[] = [];
    for (let index = 0; index < 60_000; index++) {
      detector.push(next() * (1 + index / 1000), START + index * 5000);
      if (index % 10_000 === 9999) sizes.push(detector.save().length);
    }
    expect(Math.max(...sizes)).toBeLessThan(16_000);
  });

  it('goes on after a restart as if there had been none', () => {
    const next = noise(11);
    for (const before of [0, 12, 29, 30, 31, 250, 1500]) {
      const values = series(before + 300, () => next());
      const kept = new SeriesDetector();
      judge(values.slice(0, before), MINUTE, kept);
      const restored = SeriesDetector.restored(kept.save());
      for (let index = before; index < values.length; index++) {
        const at = START + index * MINUTE;
        const [a, b] = [kept.push(values[index]!, at), restored.push(values[index]!, at)];
        expect(b.surprise).toBeCloseTo(a.surprise, 2);
      }
    }
  });

  it('refuses what it did not write, whatever that is', () => {
    const detector = new SeriesDetector();
    const next = noise(12);
    judge(
      series(400, () => next()),
      MINUTE,
      detector,
    );
    const bytes = Buffer.from(detector.save(), 'base64');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, byte, length) => {
        const broken = Buffer.from(bytes).subarray(0, length);
        if (at < length) broken[at] = byte;
        let read: SeriesDetector;
        try {
          read = SeriesDetector.restored(broken.toString('base64'));
        } catch (error) {
          expect(error).toMatchObject({ code: 'ANOMALY_STATE_INVALID' });
          return;
        }
        const { likelihood } = read.push(3, START);
        expect(likelihood >= 0 && likelihood <= 1).toBe(true);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('gives a likelihood from 0 to 1 for any numbers at any times', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double(), fc.double({ min: -8e15, max: 8e15, noNaN: true })), { maxLength: 120 }),
        (points) => {
          const detector = new SeriesDetector();
          for (const [value, at] of points) {
            const { likelihood, score } = detector.push(value, at);
            expect(likelihood >= score && score >= 0 && likelihood <= 1).toBe(true);
          }
        },
      ),
      { numRuns: 100, seed: 2 },
    );
  });
});
