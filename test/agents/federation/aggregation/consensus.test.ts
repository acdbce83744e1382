import { describe, expect, it } from 'vitest';
import type { Update } from '../../../../agents/federation/aggregation/aggregator.ts';
import { defaultAggregator } from '../../../../agents/federation/aggregation/default-aggregator.ts';
import { consensus } from '../../../../agents/federation/aggregation/rules/consensus.ts';
import { fedAvg } from '../../../../agents/federation/aggregation/rules/fed-avg.ts';
import { krum } from '../../../../agents/federation/aggregation/rules/krum.ts';
import { dot, normOf, scaled, weightedMean } from '../../../../agents/federation/aggregation/update-set.ts';
import { WasmArithmetic } from '../../../../agents/federation/aggregation/wasm-arithmetic.ts';
import { normal } from '../../../../agents/parl/normal.ts';
import { seededRandom } from '../../../../core/random.ts';
import { honestUpdates, updatesOf } from './fixtures.ts';

const arithmetic = new WasmArithmetic();
const rule = defaultAggregator({ arithmetic, clip: { timesMedian: 1.5 } });

/** Noise of 2, as in reinforcement learning, gives two honest updates a cosine of 0.2; noise of 0.5 gives 0.8. */
const honest = (count: number, seed = 1, noise = 2): Update[] => honestUpdates(count, { size: 3000, noise, seed });
const liars = (deltas: Float32Array[]): Update[] => deltas.map((delta, i) => ({ node: `liar-${i}`, delta, weight: 1 }));
const meanOf = (updates: readonly Update[]): Float32Array =>
  weightedMean(
    updates.map(({ delta }) => delta),
    updates.map(() => 1),
  );
const cosine = (a: Float32Array, b: Float32Array): number => dot(a, b) / normOf(a) / normOf(b);

const networks = [
  [7, 3, 2],
  [21, 9, 2],
  [7, 3, 0.5],
  [21, 9, 0.5],
  [4, 1, 1],
] as const;

const attacks: [name: string, forge: (own: Update[], others: Update[]) => Float32Array[]][] = [
  ['sign flip', (own) => own.map(({ delta }) => scaled(delta, -1))],
  ['scaled', (own) => own.map(({ delta }) => scaled(delta, -100))],
  [
    'noise',
    (own) => {
      const random = seededRandom(77);
      return own.map(({ delta }) => delta.map(() => normal(random)));
    },
  ],
  ['inner-product manipulation', (own, others) => own.map(() => scaled(meanOf(others), -1))],
  ['a little is enough', (own, others) => own.map(() => littleIsEnough(others, 0.5))],
  [
    'inner-product manipulation behind noise',
    (own, others) => {
      const against = scaled(meanOf(others), -1);
      const random = seededRandom(78);
      return own.map(() => against.map((value) => value + 0.01 * normal(random)));
    },
  ],
];

function littleIsEnough(others: readonly Update[], z: number): Float32Array {
  const mean = meanOf(others);
  return mean.map((value, i) => {
    const squares = others.reduce((sum, { delta }) => sum + (delta[i]! - value) ** 2, 0);
    return value - z * Math.sqrt(squares / others.length);
  });
}

describe.each(networks)('the default with %i honest nodes, %i liars and noise of %d', (good, bad, noise) => {
  it.each(attacks)('goes the honest way under %s, and names every liar', (name, forge) => {
    const others = honest(good, 1, noise);
    const { delta, verdicts } = rule.aggregate([...liars(forge(honest(bad, 1, noise), others)), ...others]);
    const direction = meanOf(others);
    expect(cosine(delta, direction)).toBeGreaterThan(0.93);
    // How far the model gets in that direction, compared with what the honest alone would do.
    expect(dot(delta, direction) / dot(direction, direction)).toBeGreaterThan(0.8);
    expect(dot(delta, direction) / dot(direction, direction)).toBeLessThan(1.25);
    const doubted = verdicts.slice(0, bad).filter(({ doubt }) => /\d/.test(doubt?.evidence ?? ''));
    // Nothing tells a single one that stays so near the mean, and it does no harm.
    expect(doubted).toHaveLength(name === 'a little is enough' && bad === 1 ? 0 : bad);
    expect(verdicts.slice(bad).every(({ doubt }) => doubt === undefined)).toBe(true);
  });
});

describe('the default without liars', () => {
  it.each([1, 2, 3, 4, 5, 10, 30])('makes of %i updates nearly what FedAvg makes', (count) => {
    const updates = honest(count, 5);
    const { delta, verdicts } = rule.aggregate(updates);
    expect(cosine(delta, fedAvg().aggregate(updates).delta)).toBeGreaterThan(0.999);
    expect(verdicts.filter(({ doubt }) => doubt !== undefined)).toEqual([]);
    expect(verdicts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  });

  it('takes updates that agree almost perfectly for what they are', () => {
    const { verdicts } = rule.aggregate(honestUpdates(12, { noise: 0.02 }));
    expect(verdicts.every(({ doubt }) => doubt === undefined)).toBe(true);
  });

  it('takes updates that have nothing in common for strangers, not for copies', () => {
    const alone = Array.from({ length: 9 }, (_, i) => honestUpdates(1, { seed: 50 + i })[0]!);
    const { verdicts } = rule.aggregate(alone.map((update, i) => ({ ...update, node: `stranger-${i}` })));
    expect(verdicts.filter(({ doubt }) => doubt?.reason === 'too-alike')).toEqual([]);
    const opposed = updatesOf([
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
      [1, 1],
      [-1, -1],
    ]);
    expect(rule.aggregate(opposed).delta.every(Number.isFinite)).toBe(true);
  });

  it('does not choke on updates of zeros', () => {
    const nothing = honest(6).map((update) => ({ ...update, delta: new Float32Array(3000) }));
    expect(rule.aggregate(nothing).delta.every((value) => value === 0)).toBe(true);
    const [idle, ...busy] = honest(8);
    const { delta } = rule.aggregate([{ ...idle!, delta: new Float32Array(3000) }, ...busy]);
    expect(cosine(delta, meanOf(busy))).toBeGreaterThan(0.999);
  });
});

describe('consensus', () => {
  it('counts copies as one and says of whom', () => {
    const updates = honest(8);
    const copies = [0, 1, 2].map((i) => ({ ...updates[0]!, node: `copy-${i}` }));
    const { verdicts } = consensus({ arithmetic }).aggregate([...updates, ...copies]);
    const [first, second] = [verdicts[0]!, verdicts[1]!];
    expect(first.share).toBeCloseTo(second.share / 4, 9);
    expect(first.doubt).toEqual({
      reason: 'too-alike',
      evidence: 'nearly the same as that of copy-0, copy-1, copy-2 (cosine 1): together they count as one',
      severity: 1,
    });
  });

  it('holds where distances fail: Krum takes the update of a liar who stays near the middle', () => {
    const others = honest(7);
    const against = scaled(meanOf(others), -0.5);
    const all = [...liars([against, against, against]), ...others];
    const direction = meanOf(others);
    expect(cosine(krum({ liars: 0.3, arithmetic }).aggregate(all).delta, direction)).toBeLessThan(-0.9);
    expect(cosine(rule.aggregate(all).delta, direction)).toBeGreaterThan(0.93);
  });
});

describe('what a node claims', () => {
  it('does not count for more than three times the median of examples', () => {
    const updates = honest(8).map((update, i) => ({ ...update, weight: i === 0 ? 1e9 : 100 }));
    const { verdicts } = rule.aggregate(updates);
    expect(verdicts[0]).toMatchObject({
      share: 0.3,
      doubt: { reason: 'outlying', evidence: 'it claims 1000000000 examples and counts as 300, 3 times the median' },
    });
  });
});

describe('with root data', () => {
  it('leaves out who points against the root, even where they are the majority', () => {
    const others = honest(4);
    const root = meanOf(others);
    const lies = liars(honestUpdates(6, { size: 3000, noise: 2, seed: 1 }).map(({ delta }) => scaled(delta, -1)));
    const rooted = defaultAggregator({ arithmetic, clip: { timesMedian: 1.5 }, root });
    const { delta, verdicts } = rooted.aggregate([...lies, ...others]);
    expect(cosine(delta, root)).toBeGreaterThan(0.99);
    expect(verdicts.slice(0, 6).map(({ doubt }) => doubt?.reason)).toEqual(Array(6).fill('against-root'));
  });

  it('goes the root’s way where all are against it', () => {
    const root = Float32Array.of(1, 0);
    const lies = liars([Float32Array.of(-1, 0), Float32Array.of(-2, 0)]);
    expect(defaultAggregator({ arithmetic, clip: { timesMedian: 1.5 }, root }).aggregate(lies).delta).toEqual(root);
  });
});
