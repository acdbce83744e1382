import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Aggregator, Update } from '../../../../agents/federation/aggregation/aggregator.ts';
import { defaultAggregator } from '../../../../agents/federation/aggregation/default-aggregator.ts';
import { bulyan } from '../../../../agents/federation/aggregation/rules/bulyan.ts';
import { consensus } from '../../../../agents/federation/aggregation/rules/consensus.ts';
import { fedAvg } from '../../../../agents/federation/aggregation/rules/fed-avg.ts';
import { geometricMedian } from '../../../../agents/federation/aggregation/rules/geometric-median.ts';
import { krum, multiKrum } from '../../../../agents/federation/aggregation/rules/krum.ts';
import { normClipping } from '../../../../agents/federation/aggregation/rules/norm-clipping.ts';
import { rootTrust } from '../../../../agents/federation/aggregation/rules/root-trust.ts';
import { coordinateMedian, trimmedMean } from '../../../../agents/federation/aggregation/rules/trimmed-mean.ts';
import { dot, normOf } from '../../../../agents/federation/aggregation/update-set.ts';
import { WasmArithmetic } from '../../../../agents/federation/aggregation/wasm-arithmetic.ts';
import { honestUpdates, updatesOf } from './fixtures.ts';

const arithmetic = new WasmArithmetic();
const liars = 0.2;
const robust: Aggregator[] = [
  coordinateMedian({ arithmetic }),
  trimmedMean({ liars, arithmetic }),
  krum({ liars, arithmetic }),
  multiKrum({ liars, arithmetic }),
  bulyan({ liars, arithmetic }),
  geometricMedian(),
  normClipping(consensus({ arithmetic }), { timesMedian: 1.5 }),
];
const all = [fedAvg(), ...robust, defaultAggregator({ arithmetic, clip: { timesMedian: 1.5 } })];

/** Far out in one direction, of no use to anybody. */
function loud(count: number, size = 400): Update[] {
  return Array.from({ length: count }, (_, i) => ({
    node: `loud-${i}`,
    delta: new Float32Array(size).fill(100 + i),
    weight: 1,
  }));
}

describe.each(all.map((rule) => [rule.name, rule] as const))('%s', (_, rule) => {
  it('says of every update what became of it, in order', () => {
    const updates = honestUpdates(20);
    const { delta, verdicts } = rule.aggregate(updates);
    expect(delta).toHaveLength(400);
    expect(verdicts.map(({ node }) => node)).toEqual(updates.map(({ node }) => node));
    for (const { share } of verdicts) expect(share).toBeGreaterThanOrEqual(0);
    for (const { share } of verdicts) expect(share).toBeLessThanOrEqual(1);
  });

  it('gives the same whatever the order of the updates', () => {
    const updates = honestUpdates(20);
    const { delta } = rule.aggregate(updates);
    const turned = rule.aggregate(updates.toReversed()).delta;
    turned.forEach((value, i) => {
      expect(value).toBeCloseTo(delta[i]!, 5);
    });
  });

  it('gives back what all agree on', () => {
    const { delta } = rule.aggregate(updatesOf(Array.from({ length: 20 }, () => [1, -2, 3])));
    expect([...delta].map((value) => Number(value.toFixed(5)))).toEqual([1, -2, 3]);
  });

  it('leaves the updates as they came', () => {
    const updates = honestUpdates(20);
    const before = updates.map(({ delta }) => delta.slice());
    rule.aggregate(updates);
    expect(updates.map(({ delta }) => delta)).toEqual(before);
  });

  it('keeps within what came in, whatever that is', () => {
    const number = fc.oneof(fc.float({ min: -1e6, max: 1e6, noNaN: true }), fc.constantFrom(0, 1, -1));
    const row = fc.array(number, { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 11, maxLength: 14 }), (rows) => {
        const { delta, verdicts } = rule.aggregate(updatesOf(rows));
        const bound = Math.max(...rows.flat().map(Math.abs));
        expect(delta.every((value) => Math.abs(value) <= bound * (1 + 1e-6))).toBe(true);
        expect(verdicts.every(({ share }) => share >= 0 && share <= 1 + 1e-9)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses updates of unlike lengths', () => {
    const updates = [...honestUpdates(20), ...loud(1, 399)];
    expect(() => rule.aggregate(updates)).toThrow('has 399 numbers, that of honest-0 400');
  });

  it('refuses to make something of nothing', () => {
    expect(() => rule.aggregate([])).toThrow(expect.objectContaining({ code: 'AGGREGATION_TOO_FEW' }));
  });
});

describe.each(robust.map((rule) => [rule.name, rule] as const))('%s against loud liars', (_, rule) => {
  it('stays with the honest, and names each liar with its evidence', () => {
    const honest = honestUpdates(16);
    const { delta, verdicts } = rule.aggregate([...loud(4), ...honest]);
    const mean = fedAvg().aggregate(honest).delta;
    expect(dot(delta, mean) / normOf(delta) / normOf(mean)).toBeGreaterThan(0.6);
    expect(normOf(delta)).toBeLessThan(2);
    for (const { doubt } of verdicts.slice(0, 4)) {
      expect(doubt?.evidence).toMatch(/\d/);
    }
    expect(verdicts.slice(0, 4).every(({ share }) => share < 0.05)).toBe(true);
  });
});

describe('FedAvg', () => {
  it('weighs by examples', () => {
    const { delta, verdicts } = fedAvg().aggregate(updatesOf([[1], [5]], [30, 10]));
    expect(delta[0]).toBe(2);
    expect(verdicts.map(({ share }) => share)).toEqual([0.75, 0.25]);
  });

  it('is drawn away by a single liar: the reason for all other rules', () => {
    const { delta } = fedAvg().aggregate(updatesOf([[1], [1], [1], [-997]]));
    expect(delta[0]).toBe(-248.5);
  });
});

describe('rules with a least number of updates', () => {
  it.each([
    ['krum', krum({ liars: 0.4, arithmetic }), 5, '2 liars', 7],
    ['multi-krum', multiKrum({ liars: 0.3, arithmetic }), 4, '1 liar', 5],
    ['bulyan', bulyan({ liars: 0.3, arithmetic }), 10, '3 liars', 15],
    ['krum', krum({ liars: 0.45, arithmetic }), 7, '3 liars', 9],
  ] as const)('%s says what it needs', (_, rule, count, among, least) => {
    expect(() => rule.aggregate(honestUpdates(count))).toThrow(`needs at least ${least} updates against ${among}`);
  });
});

describe('the geometric median', () => {
  it('of three points on a line is the one in the middle', () => {
    const { delta } = geometricMedian().aggregate(updatesOf([[0], [1], [100]]));
    expect(delta[0]).toBeCloseTo(1, 4);
  });

  it('of the corners of a square is its centre', () => {
    const corners = [
      [0, 0],
      [0, 2],
      [2, 0],
      [2, 2],
    ];
    const { delta } = geometricMedian().aggregate(updatesOf(corners));
    expect([...delta]).toEqual([1, 1]);
  });

  it('takes weights for so many updates in one place', () => {
    const { delta } = geometricMedian().aggregate(updatesOf([[0], [1], [2]], [1, 1, 5]));
    expect(delta[0]).toBeCloseTo(2, 4);
  });
});

describe('norm clipping', () => {
  it('cuts to the median norm, and doubts who was cut to less than half', () => {
    const rows = [
      [3, 4],
      [0, 5],
      [5, 0],
      [6, 8],
      [30, 40],
    ];
    const { delta, verdicts } = normClipping(fedAvg(), { timesMedian: 1 }).aggregate(updatesOf(rows));
    expect([...delta].map((value) => Number(value.toFixed(5)))).toEqual([2.8, 3.4]);
    expect(verdicts.map(({ doubt }) => doubt?.reason)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      'too-long',
    ]);
    expect(verdicts[4]?.doubt?.evidence).toBe('its norm of 50 was cut to 5');
  });

  it('holds to an absolute bound', () => {
    const { delta } = normClipping(fedAvg(), { timesMedian: 0, norm: 1 }).aggregate(updatesOf([[0, 5]]));
    expect([...delta]).toEqual([0, 1]);
  });
});

describe('root trust', () => {
  const rule = rootTrust({ root: Float32Array.of(2, 0) });

  it('scales to the norm of the root, and believes by the cosine', () => {
    const { delta, verdicts } = rule.aggregate(
      updatesOf([
        [10, 0],
        [0.6, 0.8],
        [-1, 0],
      ]),
    );
    // Trust is 1, 0.6 and 0; the updates become (2, 0) and (1.2, 1.6).
    expect(delta[0]).toBeCloseTo((2 + 0.6 * 1.2) / 1.6, 5);
    expect(delta[1]).toBeCloseTo((0.6 * 1.6) / 1.6, 5);
    expect(verdicts.map(({ share }) => Number(share.toFixed(3)))).toEqual([0.625, 0.375, 0]);
    expect(verdicts[2]?.doubt?.evidence).toBe('its cosine with the coordinator’s own update is -1');
  });

  it('goes its own way where all are against it', () => {
    expect([
      ...rule.aggregate(
        updatesOf([
          [-1, 0],
          [0, 0],
        ]),
      ).delta,
    ]).toEqual([2, 0]);
  });

  it('stands a majority of liars', () => {
    const lies = Array.from({ length: 9 }, () => [-50, 0]);
    expect([...rule.aggregate(updatesOf([...lies, [1, 0]])).delta]).toEqual([2, 0]);
  });
});
