import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { AggregationConfig } from '../../../../agents/federation/aggregation/config.ts';
import { createAggregator } from '../../../../agents/federation/aggregation/create-aggregator.ts';
import { PlainArithmetic } from '../../../../agents/federation/aggregation/plain-arithmetic.ts';
import {
  freshOptimizer,
  readOptimizer,
  type ServerOptimizerConfig,
  serverStep,
  writeOptimizer,
} from '../../../../agents/federation/aggregation/server-optimizer.ts';
import { updatesOf } from './fixtures.ts';

const BASE: ServerOptimizerConfig = { kind: 'plain', rate: 1, momentum: 0.9, secondMoment: 0.99, adaptivity: 1e-3 };

/** The steps that follow from one aggregate after another, of one number. */
function steps(config: Partial<ServerOptimizerConfig>, aggregates: readonly number[]): number[] {
  let state = freshOptimizer();
  return aggregates.map((aggregate) => {
    const next = serverStep(state, Float32Array.of(aggregate), { ...BASE, ...config });
    state = next.state;
    return Number(next.step[0]!.toPrecision(5));
  });
}

describe('server optimisers', () => {
  it('plain takes the aggregate, times its rate', () => {
    expect(steps({}, [1, -2])).toEqual([1, -2]);
    expect(steps({ rate: 0.5 }, [1, -2])).toEqual([0.5, -1]);
  });

  it('momentum adds what is left of the last step', () => {
    expect(steps({ kind: 'momentum' }, [1, 1, 1])).toEqual([1, 1.9, 2.71]);
  });

  it('adam is algorithm 2 of Reddi et al., without correction of the bias', () => {
    // m = 0.1, v = 0.01: 0.01 · 0.1 / (0.1 + 0.001); then m = 0.19, v = 0.0199.
    expect(steps({ kind: 'adam', rate: 0.01 }, [1, 1])).toEqual(
      [0.009901 / 1, 0.013374].map((v) => Number(v.toPrecision(5))),
    );
  });

  it('goes on after it was stored as if it had not been', () => {
    const config = { ...BASE, kind: 'adam' as const, rate: 0.01 };
    const { state } = serverStep(freshOptimizer(), Float32Array.of(0.3, -2, 1e-9), config);
    const stored = writeOptimizer(state);
    expect(readOptimizer(stored)).toEqual(state);
    expect(serverStep(readOptimizer(stored), Float32Array.of(1, 1, 1), config)).toEqual(
      serverStep(state, Float32Array.of(1, 1, 1), config),
    );
  });

  it('forgets moments of a model of another size', () => {
    const { state } = serverStep(freshOptimizer(), Float32Array.of(1, 1), { ...BASE, kind: 'momentum' });
    expect([...serverStep(state, Float32Array.of(1), { ...BASE, kind: 'momentum' }).step]).toEqual([1]);
  });

  it('does not hand out a step that is not finite', () => {
    expect(() => serverStep(freshOptimizer(), Float32Array.of(3e38), { ...BASE, rate: 10 })).toThrow(
      expect.objectContaining({ code: 'OPTIMIZER_DIVERGED' }),
    );
  });

  it.each([
    '',
    '[]',
    '{"format":1,"rounds":1,"first":"AAA=","second":""}',
    '{"format":1,"rounds":1,"first":"AADAfw==","second":""}',
  ])('reads no state from %j', (text) => {
    expect(() => readOptimizer(text)).toThrow(expect.objectContaining({ code: 'OPTIMIZER_INVALID' }));
  });
});

describe('the settings', () => {
  const defaults = Value.Default(AggregationConfig, {}) as AggregationConfig;

  it('have a default for everything, which is valid', () => {
    expect(Value.Check(AggregationConfig, defaults)).toBe(true);
    expect(defaults).toMatchObject({
      rule: 'default',
      liars: 0.3,
      clip: 1.5,
      reputation: { harm: 3 },
      server: { kind: 'plain' },
    });
  });

  it.each([
    'default',
    'fedavg',
    'median',
    'trimmed-mean',
    'krum',
    'multi-krum',
    'geometric-median',
    'root-trust',
    'consensus',
  ] as const)('make the rule %s', (rule) => {
    const aggregator = createAggregator(
      { ...defaults, rule },
      { arithmetic: new PlainArithmetic(), root: Float32Array.of(1, 1) },
    );
    expect(aggregator.name).toBe(rule);
    const rows = Array.from({ length: 7 }, () => [2, 2]);
    const { delta } = aggregator.aggregate(updatesOf(rows));
    expect(delta[0]).toBeCloseTo(rule === 'root-trust' ? 1 : 2, 4);
  });

  it('say what root trust lacks', () => {
    expect(() => createAggregator({ ...defaults, rule: 'root-trust' }, { arithmetic: new PlainArithmetic() })).toThrow(
      expect.objectContaining({ code: 'AGGREGATION_NO_ROOT' }),
    );
  });
});
