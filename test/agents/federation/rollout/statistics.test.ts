// Is it better, and does work go worse? With literal numbers, and how often chance misleads.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgedBy, type Word, wordOf } from '../../../../agents/federation/rollout/judging.ts';
import { judgeWork, poolGains, verdictOn } from '../../../../agents/federation/rollout/statistics.ts';
import { normal } from '../../../../agents/parl/normal.ts';
import { type Random, seededRandom } from '../../../../core/random.ts';

const said = (gain: number, low: number, high: number) => ({
  gain,
  interval: [low, high] as [number, number],
  trials: 10,
  sentence: '',
});

describe('gains of several nodes', () => {
  it('are pooled by the random-effects model', () => {
    // Two nodes that agree: the error of the mean is 0.02 / √2.
    const half = 1.959964 * 0.02;
    const agreeing = [1.1, 1.1].map((gain) => said(gain, gain * Math.exp(-half), gain * Math.exp(half)));
    const pooled = poolGains(agreeing)!;
    expect(pooled.gain).toBeCloseTo(1.1, 9);
    expect(Math.log(pooled.high / pooled.gain)).toBeCloseTo(half / Math.SQRT2, 9);
    // Two that differ by 0.2, errors 0.02: Q = 50, τ² = 49 / 2500 = 0.0196, error √((0.0004 + 0.0196) / 2) = 0.1.
    const differing = [0, 0.2].map((y) => said(Math.exp(y), Math.exp(y - half), Math.exp(y + half)));
    const unsure = poolGains(differing)!;
    expect(Math.log(unsure.gain)).toBeCloseTo(0.1, 9);
    expect(Math.log(unsure.high / unsure.gain)).toBeCloseTo(1.959964 * 0.1, 6);
  });

  it('leave the best and the worst of five out', () => {
    const honest = [1.02, 1.03, 1.04].map((gain) => said(gain, gain - 0.01, gain + 0.01));
    const lied = poolGains([...honest, said(50, 49, 51), said(0.5, 0.4, 0.6)])!;
    expect(lied.gain).toBeCloseTo(1.03, 2);
    expect(lied.nodes).toBe(3);
  });

  it('are never beyond those of the nodes that count, whatever they say', () => {
    const gains = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    const word = fc.record({ gain: gains, width: fc.double({ min: 0, max: 2, noNaN: true }), isSure: fc.boolean() });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), (words) => {
        const comparisons = words.map(({ gain, width, isSure }) => ({
          ...{ gain, trials: 3, sentence: '' },
          ...(isSure && { interval: [gain * Math.exp(-width), gain * Math.exp(width)] as [number, number] }),
        }));
        const { gain, low, high } = poolGains(comparisons)!;
        expect(gain).toBeGreaterThanOrEqual(Math.min(...words.map((each) => each.gain)) * (1 - 1e-6));
        expect(gain).toBeLessThanOrEqual(Math.max(...words.map((each) => each.gain)) * (1 + 1e-6));
        expect(low).toBeLessThanOrEqual(gain);
        expect(high).toBeGreaterThanOrEqual(gain);
      }),
    );
  });

  it('are better by the margin and beyond chance, worse beyond chance, or unclear', () => {
    const pooled = (gain: number, low: number, high: number) => ({ gain, low, high, nodes: 3, trials: 30 });
    expect(verdictOn(pooled(1.02, 1.01, 1.03), 0.005)).toBe('better');
    expect(verdictOn(pooled(1.02, 0.99, 1.05), 0.005)).toBe('unclear');
    expect(verdictOn(pooled(1.002, 1.001, 1.003), 0.005)).toBe('unclear');
    expect(verdictOn(pooled(0.98, 0.97, 0.99), 0.005)).toBe('worse');
  });
});

describe('the words of nodes', () => {
  const verdict = (gain: number): Word => ({ kind: 'verdict', comparison: said(gain, gain - 0.01, gain + 0.01) });
  const doubt: Word = { kind: 'doubtful', cause: 'it waits in 90 of 160' };
  const silent: Word = { kind: 'silent', cause: 'nothing was held back' };
  const words = (...all: Word[]) => new Map(all.map((word, index) => [`n${index}`, word]));
  const config = { margin: 0.005 };

  it('are waited for until all have spoken or time is up', () => {
    expect(judgedBy(words(verdict(1.1)), 3, false, config)).toBeUndefined();
    expect(judgedBy(words(verdict(1.1), verdict(1.1)), 3, true, config)).toMatchObject({ as: 'better' });
    expect(judgedBy(words(verdict(1.1)), 3, true, config)).toMatchObject({ as: 'unclear' });
    expect(judgedBy(words(), 3, true, config)?.reason).toBe('only 0 of 3 nodes could play it');
  });

  it('that are mostly refusals refuse it, and single ones do not', () => {
    expect(judgedBy(words(doubt, doubt, verdict(1.2), verdict(1.2)), 4, false, config)).toMatchObject({
      as: 'doubtful',
    });
    expect(judgedBy(words(doubt, verdict(1.2), verdict(1.2)), 3, false, config)).toMatchObject({ as: 'better' });
    expect(judgedBy(words(silent, silent, verdict(1.2)), 3, false, config)?.reason).toContain('nothing was held back');
  });

  it('are told apart from no answer', () => {
    expect(wordOf(undefined)).toBeUndefined();
    expect(wordOf({ kind: 'working' })).toBeUndefined();
    expect(wordOf({ kind: 'refused', reason: 'not-coordinator', cause: '' })).toBeUndefined();
    expect(wordOf({ kind: 'refused', reason: 'no-trials', cause: 'none' })).toEqual({ kind: 'silent', cause: 'none' });
    expect(wordOf({ kind: 'refused', reason: 'doubtful', cause: 'odd' })).toEqual({ kind: 'doubtful', cause: 'odd' });
  });
});

describe('work', () => {
  const measure = (cost: number, samples = 100, deviation = 0.4) => ({ cost, samples, deviation });
  const options = { unit: 'ln(job time / ideal)', worse: 0.05, isEnd: true };

  it('goes worse when it does more so than elsewhere, told in numbers', () => {
    const judged = judgeWork(
      [{ before: measure(0.5), after: measure(0.8) }],
      [{ before: measure(0.5), after: measure(0.6) }],
      options,
    );
    // 0.3 against 0.1; four means of error 0.04 each: z = 0.2 / 0.08.
    expect(judged.isWorse).toBe(true);
    expect(judged.sentence).toContain('1.35 times as much as before (0.50 to 0.80');
    expect(judged.sentence).toContain('1.11 times as much as before (0.50 to 0.60');
    expect(judged.sentence).toContain('z = 2.5');
    // While the stage lasts that could be chance.
    expect(
      judgeWork([{ before: measure(0.5), after: measure(0.8) }], [{ before: measure(0.5), after: measure(0.6) }], {
        ...options,
        isEnd: false,
      }).isWorse,
    ).toBe(false);
  });

  it('does not go worse for little, for chance, or for nothing known', () => {
    const sure = (cost: number) => measure(cost, 100_000);
    expect(judgeWork([{ before: sure(0.5), after: sure(0.54) }], [], options).isWorse).toBe(false);
    expect(judgeWork([{ before: sure(0.5), after: sure(0.56) }], [], options).isWorse).toBe(true);
    expect(judgeWork([{ before: measure(0.5, 5), after: measure(0.8, 5) }], [], options).isWorse).toBe(false);
    expect(judgeWork([{ after: measure(5) }], [], options).isWorse).toBe(false);
    expect(judgeWork([{ before: { cost: 0, samples: 9 }, after: { cost: 9, samples: 9 } }], [], options).isWorse).toBe(
      false,
    );
  });

  it('is taken for worse by chance seldom, and a slow-down by half is seen', { timeout: 20_000 }, () => {
    const random = seededRandom(4);
    const trials = 400;
    const share = (slower: number): number => {
      let seen = 0;
      for (let trial = 0; trial < trials; trial++) if (stage(random, slower)) seen++;
      return seen / trials;
    };
    expect(share(1)).toBeLessThan(0.03);
    expect(share(1 / 1.2)).toBeLessThan(0.01);
    expect(share(1.5)).toBeGreaterThan(0.95);
  });

  /** Three canaries and five others with jobs of log-normal times, looked at after every four jobs. */
  function stage(random: Random, slower: number): boolean {
    const jobs = (count: number, factor: number): number[] =>
      Array.from({ length: count }, () => 0.6 + Math.log(factor) + 0.4 * normal(random));
    const canaries = [1, 2, 3].map(() => ({ before: told(jobs(60, 1)), after: jobs(14, slower) }));
    const others = [1, 2, 3, 4, 5].map(() => ({ before: told(jobs(60, 1)), after: jobs(14, 1) }));
    for (let count = 4; count <= 14; count += 2) {
      const until = (pairs: typeof canaries) =>
        pairs.map(({ before, after }) => ({ before, after: told(after.slice(0, count)) }));
      if (judgeWork(until(canaries), until(others), { ...options, isEnd: count === 14 }).isWorse) return true;
    }
    return false;
  }

  function told(logs: number[]) {
    const cost = logs.reduce((sum, log) => sum + log, 0) / logs.length;
    const deviation = Math.sqrt(logs.reduce((sum, log) => sum + (log - cost) ** 2, 0) / (logs.length - 1));
    return { cost, deviation, samples: logs.length };
  }
});
