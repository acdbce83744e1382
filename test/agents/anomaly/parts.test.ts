import { describe, expect, it } from 'vitest';
import { ALARM_RULE, type AlarmState, CALM, observe } from '../../../agents/anomaly/alarm-state.ts';
import { CounterRate } from '../../../agents/anomaly/counter-rate.ts';
import { anyOf, believable } from '../../../agents/anomaly/evidence.ts';
import { compareFleet } from '../../../agents/anomaly/fleet.ts';
import { HourlyProfile } from '../../../agents/anomaly/hourly-profile.ts';
import { News } from '../../../agents/anomaly/news.ts';
import { Prototypes } from '../../../agents/anomaly/prototypes.ts';
import { Acknowledgements, isQuiet } from '../../../agents/anomaly/quiet.ts';
import { SeriesCsv } from '../../../agents/anomaly/series-csv.ts';
import { UpperTail } from '../../../agents/anomaly/upper-tail.ts';
import { seededRandom } from '../../../core/random.ts';
import { DAY, noise, START } from './series.ts';

describe('the upper tail', () => {
  it('gives the improbability that exponential values have', () => {
    const random = seededRandom(1);
    const tail = new UpperTail(100);
    for (let n = 0; n < 5000; n++) tail.push(-Math.log(1 - random.next()));
    // P(X > 9.21) is one of ten thousand.
    expect(tail.push(Math.log(10_000))).toBeCloseTo(4, 0);
    expect(tail.push(1)).toBe(0);
  });
});

describe('prototypes', () => {
  it('know what came, and how far the rest is', () => {
    const seen = new Prototypes(1, 8);
    expect([3, 5, 3, 9].map((value) => seen.push(Float32Array.of(value)))).toEqual([0, 2, 0, 4]);
  });

  it('forget what has not come for forty thousand values', () => {
    const seen = new Prototypes(1, 8);
    seen.push(Float32Array.of(100));
    for (let n = 0; n < 40_100; n++) seen.push(Float32Array.of(1));
    expect(seen.push(Float32Array.of(100))).toBe(99);
  });
});

describe('news', () => {
  it('lets what follows count only where it is worse, until 80 values have passed', () => {
    const news = new News();
    expect([3, 2, 4, 4].map((surprise) => news.push(surprise))).toEqual([3, 0, 4, 0]);
    for (let n = 0; n < 79; n++) news.push(0);
    expect(news.push(1)).toBe(1);
  });
});

describe('a counter', () => {
  it('is a rate a second, through a new start, and never of no time', () => {
    const rate = new CounterRate();
    expect(rate.push(100, 0)).toBeNaN();
    expect(rate.push(150, 5000)).toBe(10);
    expect(rate.push(20, 10_000)).toBe(4);
    expect(rate.push(40, 10_000)).toBeNaN();
    expect(rate.push(-1, 15_000)).toBeNaN();
    expect(rate.push(40, 15_000)).toBe(4);
  });
});

describe('one likelihood of many', () => {
  it('does not grow with the number of usual series', () => {
    const random = seededRandom(2);
    const usual = Array.from({ length: 200 }, () => random.next());
    expect(anyOf(usual)).toBeLessThan(0.95);
    expect(anyOf([...usual, 0.999999])).toBeGreaterThan(0.999);
    expect(anyOf([0.99])).toBeCloseTo(0.99);
    expect(anyOf([])).toBe(0);
  });

  it('believes as many as the share of false ones allows', () => {
    expect(believable([0.2, 0.999, 0.97, 0.5], 0.05)).toEqual([1]);
    expect(believable([0.2, 0.999, 0.98, 0.5], 0.05)).toEqual([1, 2]);
    expect(believable([0.9, 0.9], 0.05)).toEqual([]);
  });
});

describe('an alarm', () => {
  const rule = { ...ALARM_RULE, raise: 0.999 };
  const run = (observations: [score: number, usual: boolean][]): AlarmState['kind'][] => {
    let state: AlarmState = CALM;
    return observations.map(([score, usual], at) => {
      state = observe(state, { likelihood: score, score, usual, at }, rule);
      return state.kind;
    });
  };

  it('is raised by what lasts, not by one odd value', () => {
    expect(
      run([
        [0.9999, false],
        [0, true],
        [0, true],
        [0, true],
      ]),
    ).toEqual(['suspected', 'suspected', 'suspected', 'calm']);
    expect(
      run([
        [0.9999, false],
        [0, true],
        [0, false],
      ]),
    ).toEqual(['suspected', 'suspected', 'raised']);
  });

  it('ends after twelve usual values in a row, not before', () => {
    const hovering = Array.from({ length: 40 }, (_, n): [number, boolean] => [0, n % 10 !== 0]);
    const kinds = run([
      [0.9999, false],
      [0, false],
      ...hovering,
      ...Array.from({ length: 12 }, (): [number, boolean] => [0, true]),
    ]);
    expect(kinds.slice(1, 42).every((kind) => kind === 'raised')).toBe(true);
    expect(kinds.at(-1)).toBe('calm');
  });

  it('takes what lasts for 1,440 values for the new normal', () => {
    const kinds = run([[0.9999, false], ...Array.from({ length: 1441 }, (): [number, boolean] => [0, false])]);
    expect(kinds.at(-2)).toBe('raised');
    expect(kinds.at(-1)).toBe('calm');
  });
});

describe('the usual range', () => {
  it('is that of the hour, and a tenth of wild values does not move it', () => {
    const next = noise(3);
    const profile = new HourlyProfile();
    for (let n = 0; n < 288 * 20; n++) {
      const at = START + n * 300_000;
      const base = at % DAY < DAY / 2 ? 10 : 30;
      profile.push(n % 10 === 3 ? 5000 : base + next(), at);
    }
    expect(profile.at(3)!.location).toBeCloseTo(10, 0);
    expect(profile.at(20)!.location).toBeCloseTo(30, 0);
    expect(profile.at(3)!.scale).toBeLessThan(3);
    expect(profile.exported()).toHaveLength(24);
    expect(HourlyProfile.restored(profile.save()).exported()).toEqual(profile.exported());
    expect(() => HourlyProfile.restored([1, 2])).toThrow(expect.objectContaining({ code: 'ANOMALY_STATE_INVALID' }));
  });
});

describe('quiet', () => {
  const minutes = (text: string): number => Date.parse(`${text}Z`) / 60_000;
  it('holds over midnight, on the days on which it begins', () => {
    const hours = { from: '22:00', to: '06:00', days: [5] };
    // 2026-01-02 is a Friday.
    expect(isQuiet(hours, 'node', minutes('2026-01-02T23:00'))).toBe(true);
    expect(isQuiet(hours, 'node', minutes('2026-01-03T05:59'))).toBe(true);
    expect(isQuiet(hours, 'node', minutes('2026-01-03T06:00'))).toBe(false);
    expect(isQuiet(hours, 'node', minutes('2026-01-02T05:00'))).toBe(false);
    expect(isQuiet(hours, 'node', minutes('2026-01-03T23:00'))).toBe(false);
    expect(isQuiet({ ...hours, subject: 'camera/' }, 'node', minutes('2026-01-02T23:00'))).toBe(false);
  });

  it('acknowledges until a time, 256 things at most', () => {
    const acknowledged = new Acknowledgements();
    for (let n = 0; n < 300; n++)
      acknowledged.add({ subject: `link/${n}`, by: 'ann', reason: '', at: 0, until: 1000 + n });
    expect(acknowledged.current(0)).toHaveLength(256);
    expect(acknowledged.covers('link/299', 'loss', 1298)).toBe(true);
    expect(acknowledged.covers('link/299', 'loss', 1299)).toBe(false);
    expect(acknowledged.covers('link/0', 'loss', 0)).toBe(false);
  });
});

describe('a fleet', () => {
  const next = noise(4);
  const like = (temperature: number) => ({
    profile: 'raspberry-pi-4',
    readings: [
      { metric: 'temperature', value: temperature },
      { metric: 'load', value: 0.3 },
    ],
  });
  const nodes = Array.from({ length: 20 }, (_, n): [string, ReturnType<typeof like>] => [`n${n}`, like(50 + next())]);

  it('names the node that is unlike its like, and why', () => {
    const [worst] = compareFleet(new Map([...nodes, ['hot', like(78)]])).sort((a, b) => b.likelihood - a.likelihood);
    expect(worst).toMatchObject({ node: 'hot', of: 21, differences: [{ metric: 'temperature', value: 78 }] });
    expect(worst!.likelihood).toBeGreaterThan(0.99);
  });

  it('makes only the liars look odd where a third of the nodes lie', () => {
    const liars = Array.from({ length: 9 }, (_, n): [string, ReturnType<typeof like>] => [`liar${n}`, like(1e9)]);
    const found = compareFleet(new Map([...nodes, ...liars]));
    expect(found.filter(({ likelihood }) => likelihood > 0.9).map(({ node }) => node)).toEqual(
      liars.map(([name]) => name),
    );
  });

  it('says nothing of four nodes, nor of what is no number', () => {
    const few = new Map<string, ReturnType<typeof like>>([...nodes.slice(0, 3), ['x', like(200)]]);
    expect(compareFleet(few).every(({ likelihood }) => likelihood === 0)).toBe(true);
    const broken = compareFleet(new Map([...nodes, ['x', like(Number.NaN)]]));
    expect(broken.every(({ likelihood }) => likelihood < 0.9)).toBe(true);
  });
});

describe('a CSV file', () => {
  it('may have a header in any order, quotes, missing values and labels', () => {
    const csv = new SeriesCsv('x.csv');
    expect(csv.next('\uFEFFlabel,value,Timestamp')).toBeUndefined();
    expect(csv.next('0,"1.5",2026-01-01 00:05:00')).toEqual({
      timestamp: '2026-01-01 00:05:00',
      at: START + 300_000,
      value: 1.5,
      label: '0',
    });
    expect(csv.next('')).toBeUndefined();
    expect(csv.next('1,NaN,2026-01-01T02:00:00+02:00')).toMatchObject({ at: START, value: Number.NaN });
    expect(new SeriesCsv('x').next('1767225600,-2e3')).toMatchObject({ at: START, value: -2000 });
  });

  it.each([
    ['2026-13-01 00:00:00,1', '"2026-13-01 00:00:00" is no time'],
    ['2026-01-01,12a', '"12a" is no number'],
    ['2026-01-01', 'it has 1 of at least 2 columns'],
    [`2026-01-01,${'1'.repeat(5000)}`, 'it is longer than 4096 characters'],
  ])('names the line %s', (line, why) => {
    const csv = new SeriesCsv('x.csv');
    csv.next('timestamp,value');
    expect(() => csv.next(line)).toThrow(`x.csv:2: ${why}`);
  });
});
