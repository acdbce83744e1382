import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../../agents/parl/evaluation.ts';
import { judge } from '../../../agents/parl/guard.ts';

const comparison = (seconds: Record<string, number>): Comparison => {
  const estimate = (value: number) => ({ value, low: value, high: value });
  return {
    schedulers: Object.entries(seconds).map(([scheduler, mean]) => ({
      ...{ scheduler, mean: estimate(mean), p95: estimate(2 * mean) },
    })),
    gain: { ...estimate(1), subject: 'parl', over: 'heft' },
  };
};

describe('the guard', () => {
  it('lets the learned policy serve where nothing else does better', () => {
    const { serves, why } = judge(comparison({ parl: 8, heft: 10, fifo: 20 }), 'heft');
    expect(serves).toBe('parl');
    expect(why).toBe('in a replay of recent jobs the learned policy finished them 1.25 times as fast as heft');
  });

  it('takes the best other one the moment the policy falls behind, however little', () => {
    const { serves, why } = judge(comparison({ parl: 10.01, heft: 10, fifo: 20 }), 'parl');
    expect(serves).toBe('heft');
    expect(why).toContain('1.00 times slower than heft');
  });

  it('does not change between two that are nearly alike', () => {
    expect(judge(comparison({ parl: 12, heft: 10, fifo: 10.1 }), 'fifo').serves).toBe('fifo');
    expect(judge(comparison({ parl: 12, heft: 10, fifo: 10.3 }), 'fifo').serves).toBe('heft');
    expect(judge(comparison({ parl: 9.9, heft: 10, fifo: 20 }), 'heft').serves).toBe('heft');
    expect(judge(comparison({ parl: 9.9, heft: 10, fifo: 20 }), 'parl').serves).toBe('parl');
  });
});
