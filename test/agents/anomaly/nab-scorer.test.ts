import { describe, expect, it } from 'vitest';
import { readPublishedResults, SCOREBOARD } from '../../../bench/nab/published.ts';
import { optimiseAll, PROFILES, probation, scaledSigmoid, scoreAt } from '../../../bench/nab/scorer.ts';

const { files, results } = readPublishedResults();

describe("NAB's rules", () => {
  it.each([
    ['ARTime', 'ARTime'],
    ['twitterADVec', 'Twitter ADVec'],
    ['skyline', 'Etsy Skyline'],
  ])('give the published result files of %s the scores of the scoreboard', (detector, name) => {
    const scores = optimiseAll(files, results.get(detector)!);
    for (const profile of Object.keys(PROFILES) as (keyof typeof PROFILES)[]) {
      expect(scores[profile].score).toBeCloseTo(SCOREBOARD[name]![profile], 2);
    }
  });

  it('find the threshold that was published for ARTime', () => {
    expect(optimiseAll(files, results.get('ARTime')!).standard).toMatchObject({ threshold: 0.317486, windows: 116 });
  });

  it('weigh where in a window a detection lies', () => {
    expect(scaledSigmoid(-1)).toBeCloseTo(0.98661, 5);
    expect(scaledSigmoid(-0.5)).toBeCloseTo(0.84828, 5);
    expect(scaledSigmoid(0)).toBe(0);
    expect(scaledSigmoid(1)).toBeCloseTo(-0.98661, 5);
    expect(scaledSigmoid(3.1)).toBe(-1);
    expect([probation(1127), probation(22_695)]).toEqual([169, 750]);
  });

  it('give 100 to who finds all at once, 0 to who finds nothing', () => {
    const file = { name: 'x', rows: 1000, windows: [[400, 499] as const] };
    const perfect = new Map([['x', Float64Array.from({ length: 1000 }, (_, row) => (row === 400 ? 1 : 0))]]);
    const nothing = new Map([['x', new Float64Array(1000)]]);
    for (const profile of Object.values(PROFILES)) {
      expect(scoreAt([file], perfect, profile, 0.5).score).toBeCloseTo(100);
      expect(scoreAt([file], nothing, profile, 0.5).score).toBe(0);
    }
    expect(() => optimiseAll([file], new Map())).toThrow('x has 1000 rows, but no scores');
  });

  it('count a detection far from any window as one false positive', () => {
    const file = { name: 'x', rows: 1000, windows: [[400, 499] as const] };
    const early = new Map([['x', Float64Array.from({ length: 1000 }, (_, row) => (row === 200 ? 1 : 0))]]);
    expect(scoreAt([file], early, PROFILES.standard, 0.5)).toMatchObject({ raw: -1.11, falsePositives: 1, found: 0 });
  });
});
