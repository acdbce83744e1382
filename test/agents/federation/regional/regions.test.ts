// Regions and what they stand, with literal numbers.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  auditFinds,
  badRegion,
  breaks,
  standsAcross,
  standsInside,
  worstCase,
} from '../../../../agents/federation/regional/breakdown.ts';
import {
  LEAST_SIZE,
  planRegions,
  type RegionalNode,
  regionSize,
} from '../../../../agents/federation/regional/regions.ts';
import { seededRandom } from '../../../../core/random.ts';

const places = new Map<string, [number, number]>();
const at = (id: string, x: number, y: number, more: Partial<RegionalNode> = {}): RegionalNode => {
  places.set(id, [x, y]);
  return { id, cost: 1, mayHead: true, ...more };
};
const distance = (a: string, b: string): number => {
  const [from, to] = [places.get(a)!, places.get(b)!];
  return Math.hypot(from[0] - to[0], from[1] - to[1]);
};
const scattered = (count: number, seed: number): RegionalNode[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, node) =>
    at(`s${node}`, random.next(), random.next(), { cost: random.next(), mayHead: random.next() < 0.8 }),
  );
};

describe('regions', () => {
  it('are about √n, and of few nodes there are none', () => {
    expect(regionSize(1000)).toBe(32);
    expect(regionSize(10)).toBe(LEAST_SIZE);
    expect(planRegions(scattered(47, 1), distance)).toMatchObject({ regions: [] });
    const { regions } = planRegions(scattered(1000, 2), distance);
    expect(regions.length).toBeGreaterThanOrEqual(25);
    expect(regions.length).toBeLessThanOrEqual(36);
  });

  it('keep four far towns apart, each with its best node as head', () => {
    const nodes = Array.from({ length: 64 }, (_, node) => {
      const town = node % 4;
      return at(`t${node}`, 100 * (town % 2) + (node >> 2) / 100, 100 * (town >> 1), {
        cost: node < 8 && node >= 4 ? 0.1 : 1,
      });
    });
    const { regions, direct } = planRegions(nodes, distance, 16);
    expect(direct).toEqual([]);
    expect(regions.map(({ head }) => head).sort()).toEqual(['t4', 't5', 't6', 't7']);
    for (const { head, members } of regions) {
      const town = Number(head.slice(1)) % 4;
      expect(members.every((id) => Number(id.slice(1)) % 4 === town)).toBe(true);
    }
  });

  it('have each node once, a head of their own, and bounded sizes, whatever is known of distances', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 48, max: 300 }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.boolean(),
        (count, seed, isKnown) => {
          const nodes = scattered(count, seed);
          const { regions, direct } = planRegions(nodes, isKnown ? distance : () => undefined);
          const placed = [...regions.flatMap(({ members }) => members), ...direct].sort();
          expect(placed).toEqual(nodes.map(({ id }) => id).sort());
          for (const { head, members } of regions) {
            expect(members).toContain(head);
            expect(nodes.find(({ id }) => id === head)!.mayHead).toBe(true);
            expect(members.length).toBeGreaterThanOrEqual(LEAST_SIZE);
            expect(members.length).toBeLessThanOrEqual(Math.ceil(1.5 * regionSize(count)));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are the same in whatever order the nodes are named', () => {
    const nodes = scattered(200, 5);
    expect(planRegions(nodes.toReversed(), distance)).toEqual(planRegions(nodes, distance));
  });
});

describe('what two levels stand', () => {
  const levels = { regions: 32, size: 31, inside: 0.5, across: 0.5 };

  it('is the product of what each stands, where liars choose their places', () => {
    expect(standsInside(levels)).toBe(15);
    expect(standsAcross(levels)).toBe(15);
    // A quarter of 992: 16 bad regions take 16 liars each.
    expect(worstCase(levels)).toBe(255);
    expect(worstCase({ ...levels, inside: 0.3, across: 0.3 })).toBe(99);
    // Each lying head that is not found makes a bad region alone.
    expect(worstCase(levels, 15)).toBe(15 + 15);
    expect(worstCase(levels, 16)).toBe(0);
  });

  it('is nearly a half where they stand at random', () => {
    expect(badRegion(levels, 992, 298)).toBeCloseTo(0.008692, 6);
    expect(breaks(levels, 992, 298)).toBeLessThan(1e-20);
    expect(breaks(levels, 992, 446)).toBeLessThan(0.02);
    expect(breaks(levels, 992, 600)).toBeGreaterThan(0.99);
  });

  it('agrees with drawing regions', () => {
    const random = seededRandom(3);
    const small = { regions: 5, size: 7, inside: 0.3, across: 0.5 };
    let bad = 0;
    for (let trial = 0; trial < 20_000; trial++) {
      let [liars, left] = [0, 35];
      let remaining = 10;
      for (let drawn = 0; drawn < 7; drawn++, left--) {
        if (random.below(left) < remaining) {
          liars++;
          remaining--;
        }
      }
      if (liars > 2) bad++;
    }
    expect(bad / 20_000).toBeCloseTo(badRegion(small, 35, 10), 1);
  });

  it('finds a lying head by audits that it cannot foresee', () => {
    expect(auditFinds(32, 1, 1)).toBeCloseTo(1 / 32, 12);
    expect(auditFinds(32, 8, 2)).toBeCloseTo(1 - (24 * 23) / (32 * 31), 12);
    expect(auditFinds(4, 2, 3)).toBe(1);
  });
});
