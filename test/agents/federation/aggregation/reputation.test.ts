import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../../agents/federation/aggregation/aggregator.ts';
import { defaultAggregator } from '../../../../agents/federation/aggregation/default-aggregator.ts';
import {
  afterRefusal,
  afterRound,
  noReputations,
  type Reputations,
  readReputations,
  reputationOf,
  trustIn,
} from '../../../../agents/federation/aggregation/reputation.ts';
import { fedAvg } from '../../../../agents/federation/aggregation/rules/fed-avg.ts';
import { withReputations } from '../../../../agents/federation/aggregation/rules/with-reputations.ts';
import { scaled } from '../../../../agents/federation/aggregation/update-set.ts';
import { WasmArithmetic } from '../../../../agents/federation/aggregation/wasm-arithmetic.ts';
import { honestUpdates, updatesOf } from './fixtures.ts';

const CONFIG = { memory: 0.9, harm: 3, floor: 0.25 };
const good: Verdict = { node: 'a', share: 0.1 };
const bad: Verdict = {
  node: 'a',
  share: 0,
  doubt: { reason: 'far-away', evidence: '9 where 1 is usual', severity: 1 },
};

function lived(verdicts: readonly Verdict[], from = noReputations()): Reputations {
  return verdicts.reduce((known, verdict, round) => afterRound(known, [verdict], round, CONFIG), from);
}
const standingAfter = (...verdicts: Verdict[]): number => Number(reputationOf(lived(verdicts), 'a').toFixed(3));
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('reputation', () => {
  it('begins at a half, rises with good rounds and falls faster with bad ones', () => {
    expect(standingAfter()).toBe(0.5);
    expect(standingAfter(good)).toBe(0.667);
    expect(standingAfter(bad)).toBe(0.2);
    expect(standingAfter(...times(50, good))).toBe(0.916);
    expect(standingAfter(...times(50, good), bad)).toBe(0.713);
  });

  it('recovers slowly: five good rounds after ten bad ones before an update counts again', () => {
    const trusts = Array.from({ length: 12 }, (_, rounds) =>
      trustIn(lived([...times(10, bad), ...times(rounds, good)]), 'a', CONFIG),
    );
    expect(trusts.findIndex((trust) => trust > 0)).toBe(5);
    expect(trusts[5]).toBeLessThan(0.3);
  });

  it('takes a doubt for what it is worth', () => {
    const slight: Verdict = { ...bad, doubt: { ...bad.doubt!, severity: 0.1 } };
    expect(standingAfter(...times(30, slight))).toBeGreaterThan(0.65);
  });

  it('counts sound updates of a node without trust as good', () => {
    const sound: Verdict = { node: 'a', share: 0, doubt: { reason: 'reputation', evidence: '', severity: 0 } };
    expect(standingAfter(sound)).toBe(standingAfter(good));
  });

  it('holds malformed updates against their node', () => {
    expect(reputationOf(afterRefusal(noReputations(), 'a', 1, CONFIG), 'a')).toBe(0.2);
  });

  it('does not change for who stays away', () => {
    const known = lived(times(5, bad));
    expect(reputationOf(afterRound(known, [{ node: 'b', share: 1 }], 6, CONFIG), 'a')).toBe(reputationOf(known, 'a'));
  });

  it('stays between 0 and 1 and survives being stored, whatever happens', () => {
    const severity = fc.double({ min: 0, max: 1, noNaN: true });
    const names = fc.constantFrom('a', 'b', '__proto__', 'constructor');
    fc.assert(
      fc.property(fc.array(fc.tuple(names, severity), { maxLength: 60 }), (rounds) => {
        let known = noReputations();
        rounds.forEach(([node, severity], round) => {
          const verdict: Verdict = { node, share: 0, doubt: { reason: 'outlying', evidence: '', severity } };
          known = afterRound(known, [verdict], round, CONFIG);
        });
        const again = readReputations(JSON.stringify(known));
        for (const node of ['a', 'b', '__proto__', 'constructor']) {
          const reputation = reputationOf(known, node);
          expect(reputation).toBeGreaterThan(0);
          expect(reputation).toBeLessThan(1);
          expect(reputationOf(again, node)).toBe(reputation);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('stays a document of less than 1 MB, and keeps who was judged last', () => {
    const verdicts = Array.from(
      { length: 3000 },
      (_, i): Verdict => ({ node: `node-${i}-${'x'.repeat(60)}`, share: 0 }),
    );
    let known = afterRound(noReputations(), verdicts, 1, CONFIG);
    const others = verdicts.map((verdict) => ({ ...verdict, node: `new-${verdict.node}` }));
    known = afterRound(known, others, 2, CONFIG);
    expect(Object.keys(known.nodes)).toHaveLength(5000);
    expect(others.every(({ node }) => Object.hasOwn(known.nodes, node))).toBe(true);
    expect(JSON.stringify(known).length).toBeLessThan(1_000_000);
  });

  it('is not read from what is no such document', () => {
    expect(() => readReputations('{')).toThrow(expect.objectContaining({ code: 'REPUTATIONS_INVALID' }));
    expect(() => readReputations('{"format":1,"nodes":{"a":{"good":-1,"bad":0,"round":1}}}')).toThrow('/nodes/a/good');
  });
});

describe('rules with reputations', () => {
  const trust = (node: string): number => ({ 'node-0': 0, 'node-1': 0.5 })[node] ?? 1;

  it('weigh by trust, and say why an update does not count', () => {
    const rule = withReputations(fedAvg(), { trust, judgesAll: false });
    const { delta, verdicts } = rule.aggregate(updatesOf([[100], [4], [1]]));
    expect(delta[0]).toBe(2);
    expect(verdicts.map(({ share, doubt }) => [Number(share.toFixed(3)), doubt?.reason])).toEqual([
      [0, 'reputation'],
      [0.333, undefined],
      [0.667, undefined],
    ]);
  });

  it('refuse to aggregate where nobody is trusted', () => {
    const rule = withReputations(fedAvg(), { trust: () => 0, judgesAll: true });
    expect(() => rule.aggregate(updatesOf([[1], [2]]))).toThrow('None of 2 updates comes from a node');
  });

  it('catch a liar for good, and take it back once it sends sound updates', () => {
    const arithmetic = new WasmArithmetic();
    let known = noReputations();
    const shares: number[] = [];
    for (let round = 0; round < 30; round++) {
      const [liar, ...others] = honestUpdates(8, { size: 2000, seed: round + 1 });
      const lie = round < 5 ? { ...liar!, delta: scaled(liar!.delta, -1) } : liar!;
      const rule = defaultAggregator({
        ...{ arithmetic, clip: { timesMedian: 1.5 } },
        trust: (node) => trustIn(known, node, CONFIG),
      });
      const { verdicts } = rule.aggregate([lie, ...others]);
      known = afterRound(known, verdicts, round, CONFIG);
      shares.push(verdicts[0]!.share);
      if (round === 7) expect(verdicts[0]!.doubt?.reason).toBe('reputation');
    }
    expect(shares.slice(0, 8)).toEqual(Array(8).fill(0));
    expect(shares.at(-1)).toBeGreaterThan(0.05);
  });
});
