import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sparse } from '../../bench/soak/sparse.ts';
import { slopePerMinute } from '../../bench/soak/trend.ts';
import { seededRandom } from '../../core/random.ts';

describe('The soak bench', () => {
  it('reads the slope of a line out of its noise', () => {
    const random = seededRandom(3);
    const samples = Array.from({ length: 300 }, (_, at) => ({
      at: at * 5000,
      value: 150_000 + at * 5 + (random.next() - 0.5) * 1000,
    }));
    expect(slopePerMinute(samples)).toBeGreaterThan(55);
    expect(slopePerMinute(samples)).toBeLessThan(65);
    expect(slopePerMinute(samples.slice(0, 1))).toBeNaN();
  });

  it('joins every node to a ring and others at random, each pair once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 40 }), fc.integer(), (nodes, seed) => {
        const { cables } = sparse(nodes, 4, seededRandom(seed));
        const pairs = new Set(cables.map(([a, b]) => [Math.min(a, b), Math.max(a, b)].join()));
        expect(pairs.size).toBe(cables.length);
        expect(cables.length).toBe(Math.min(2 * nodes, (nodes * (nodes - 1)) / 2));
        expect(cables.slice(0, nodes).map(([a]) => a)).toEqual(Array.from({ length: nodes }, (_, node) => node));
      }),
    );
  });
});
