import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  groupsNeeded,
  largestGroups,
  spoiltGroups,
  spoiltTolerated,
} from '../../../../agents/federation/secure/group-size.ts';
import { commitmentOf, drawGroups, seedOf } from '../../../../agents/federation/secure/groups.ts';
import { type Plan, thresholdOf } from '../../../../agents/federation/secure/messages.ts';
import { groupNoise, partsOf } from '../../../../agents/federation/secure/noise-share.ts';

const nonceOf = (node: number): string => Buffer.alloc(32, node + 1).toString('base64');

function planOf(nodes: number, groupSize: number): Plan {
  return {
    kind: 'plan',
    node: 'coordinator',
    ...{ network: 'net', learner: 'parl-policy', format: 1, term: 1, round: 1, base: '0'.repeat(16), size: 10 },
    ...{ clip: 1, noise: 0, parts: 1, groupSize },
    invited: Array.from({ length: nodes }, (_, at) => ({ node: `node ${at}`, commitment: commitmentOf(nonceOf(at)) })),
  };
}

const drawn = (plan: Plan, digest: string, nonces: string[]): number[][] =>
  drawGroups(plan, seedOf(plan, digest, nonces)!, nonces);

describe('the draw', () => {
  test('puts everybody who came into one group, of sizes that differ by one at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 120 }),
        fc.integer({ min: 3, max: 16 }),
        fc.nat(),
        (nodes, groupSize, absent) => {
          const plan = planOf(nodes, groupSize);
          const nonces = plan.invited.map((_, at) => ((at * 7 + absent) % 5 === 0 ? '' : nonceOf(at)));
          const groups = drawn(plan, 'a'.repeat(64), nonces);
          const came = nonces.flatMap((nonce, at) => (nonce === '' ? [] : [at]));
          expect(groups.flat().toSorted((a, b) => a - b)).toEqual(came);
          const sizes = groups.map((group) => group.length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          if (came.length >= groupSize) expect(Math.min(...sizes)).toBeGreaterThanOrEqual(groupSize);
        },
      ),
    );
  });

  test('is the same for all who draw, and another for any other nonce or plan', () => {
    const plan = planOf(40, 8);
    const nonces = plan.invited.map((_, at) => nonceOf(at));
    const groups = drawn(plan, 'a'.repeat(64), nonces);
    expect(drawn(plan, 'a'.repeat(64), nonces)).toEqual(groups);
    expect(drawn(plan, 'b'.repeat(64), nonces)).not.toEqual(groups);
    const without = nonces.map((nonce, at) => (at === 39 ? '' : nonce));
    expect(drawn(plan, 'a'.repeat(64), without)).not.toEqual(groups);
    expect(seedOf(plan, 'a'.repeat(64), nonces.with(3, nonceOf(99)))).toBeUndefined();
  });

  test('favours nobody: over many rounds two nodes meet as often as chance says', () => {
    const plan = planOf(12, 4);
    const nonces = plan.invited.map((_, at) => nonceOf(at));
    let met = 0;
    for (let round = 0; round < 2000; round++) {
      const groups = drawn(plan, round.toString(16).padStart(64, '0'), nonces);
      if (groups.some((group) => group.includes(0) && group.includes(1))) met++;
    }
    // 3 of the 11 others are in node 0's group: 0.2727 ± 5 standard errors.
    expect(Math.abs(met / 2000 - 3 / 11)).toBeLessThan(0.05);
  });
});

describe('how large groups may be', () => {
  test('two liars among six nodes in three pairs meet in one pair with probability 1/5', () => {
    const chances = spoiltGroups([2, 2, 2], 2);
    expect(chances[0]).toBe(0);
    expect(chances[1]).toBeCloseTo(0.2, 12);
    expect(chances[2]).toBeCloseTo(0.8, 12);
    expect(chances[3]).toBe(0);
  });

  test('probabilities add up to one, and at most one group is spoilt by each liar', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 3, max: 9 }), { minLength: 1, maxLength: 12 }),
        fc.nat(20),
        (sizes, liars) => {
          const nodes = sizes.reduce((sum, size) => sum + size, 0);
          fc.pre(liars <= nodes);
          const chances = spoiltGroups(sizes, liars);
          expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 9);
          expect(chances.slice(Math.min(liars, sizes.length) + 1).every((chance) => chance === 0)).toBe(true);
        },
      ),
    );
  });

  test('the median stands less than half of the groups spoilt, Krum n ≥ 2f + 3', () => {
    expect(spoiltTolerated(7, 'median')).toBe(3);
    expect(spoiltTolerated(7, 'krum')).toBe(2);
    expect(spoiltTolerated(2, 'krum')).toBe(0);
    expect(groupsNeeded(3, 'median')).toBe(7);
    expect(groupsNeeded(3, 'krum')).toBe(9);
  });

  test('100 nodes: groups of 32 without liars, smaller ones with more, none with 30', () => {
    expect(largestGroups(100, 0, 'median')).toMatchObject({ groupSize: 32, groups: 3, sound: 1 });
    const five = largestGroups(100, 5, 'median')!;
    const ten = largestGroups(100, 10, 'median')!;
    expect(five.groupSize).toBeGreaterThan(ten.groupSize);
    expect(ten.sound).toBeGreaterThanOrEqual(0.99);
    // 11 groups stand 5 spoilt ones, 25 stand 12. 20 groups stand 9, and all ten liars are apart with probability 0.104.
    expect([five.groupSize, ten.groupSize]).toEqual([9, 4]);
    expect(spoiltGroups(new Array<number>(20).fill(5), 10)[10]).toBeCloseTo(0.1042, 4);
    expect(largestGroups(100, 30, 'median')).toBeUndefined();
  });

  test('two thirds and one must stay', () => {
    expect([3, 4, 8, 16, 32].map(thresholdOf)).toEqual([3, 3, 6, 11, 22]);
  });
});

describe('a node’s part of the noise', () => {
  const config = { noise: 0, spread: 'group' as const, colluders: 0.25 };

  test('of 16 with 11 to the end and 4 in league adds z/√7: seven of them have all of it', () => {
    expect(partsOf(16, 0.25)).toBe(7);
    const { added, counted } = groupNoise(config, { noise: 2, parts: 7 }, 16);
    expect(added).toBeCloseTo(2 / Math.sqrt(7), 12);
    expect(counted).toBe(2);
  });

  test('adds all of it alone where the node does not count on others', () => {
    expect(groupNoise({ ...config, spread: 'node', noise: 3 }, { noise: 2, parts: 7 }, 16)).toEqual({
      added: 3,
      counted: 3,
    });
  });

  test('whatever the plan and the node say, the members that are counted on have all of the node’s noise', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 64 }),
        fc.double({ min: 0, max: 16, noNaN: true }),
        fc.double({ min: 0, max: 16, noNaN: true }),
        fc.integer({ min: 1, max: 64 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (size, own, planned, parts, colluders) => {
          const { added, counted } = groupNoise(
            { noise: own, spread: 'group', colluders },
            { noise: planned, parts },
            size,
          );
          const others = Math.max(1, thresholdOf(size) - Math.ceil(colluders * size)) - 1;
          const sum = Math.sqrt(added ** 2 + (others * planned ** 2) / parts);
          expect(sum).toBeGreaterThanOrEqual(counted - 1e-9);
          expect(counted).toBe(Math.max(own, planned));
          expect(added ** 2).toBeGreaterThanOrEqual(planned ** 2 / parts - 1e-9);
        },
      ),
    );
  });
});
