import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import type { Statement } from '../../../mesh/membership/statement.ts';
import type { NetworkPlan } from '../../../mesh/routing/network-plan.ts';
import { PlanSteering } from '../../../mesh/routing/plan-steering.ts';
import { readOrder } from '../../../mesh/routing/weight-order.ts';

const key = SigningKey.generate();
const [A, B] = [1, 2].map(() => SigningKey.generate().nodeId) as [string, string];
const MINUTE = 60_000;

const PLAN: NetworkPlan = {
  ...{
    nodes: 2,
    links: 1,
    traffic: 'measured',
    capacities: 'equal',
    busiest: [],
    cutNodes: [],
    cutLinks: [],
    threads: 1,
  },
  weights: {
    ...{ maximum: 10, improved: 6, trials: 1, changes: [{ a: A, b: B, cost: 10, better: 30 }] },
    moved: { pairs: 1, share: 0.5 },
    meanCost: { before: 10, after: 11 },
  },
};

function steering({ auto = false, plan = PLAN }: { auto?: boolean; plan?: NetworkPlan } = {}) {
  const clock = new VirtualClock();
  const orders: Statement[] = [];
  const said: string[] = [];
  const measured = { peak: 0.5, lost: 0 };
  const one = new PlanSteering({
    ...{ network: 'home', key, clock, auto, observe: () => ({ ...measured }), plan: async () => plan },
    journal: { record: ({ message }) => said.push(message) },
    ordered: (statement) => orders.push(statement),
  });
  one.start({ publish: () => {} });
  const factors = (): number[] =>
    orders.map((order) => readOrder({ id: 'home', authority: key.publicKey }, order)?.links[0]?.factor ?? 1);
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { one, said, measured, factors, pass };
}

describe('The steering of a plan', () => {
  it('orders step by step, and repeats the order while it is in force', async () => {
    const { one, said, factors, pass } = steering();
    one.apply(PLAN, 'asked for');
    await pass(9 * MINUTE);
    expect(factors()).toEqual([1.5, 2, 2.5, 3, 3, 3, 3]);
    expect(one.state).toMatchObject({ kind: 'holding', step: 4, links: 1 });
    expect(said.at(-1)).toBe('The plan is wholly in force');
  });

  it('takes the order back, once, when it harms', async () => {
    const { one, said, measured, factors, pass } = steering();
    one.apply(PLAN, 'asked for');
    measured.peak = 0.9;
    await pass(9 * MINUTE);
    expect(factors()).toEqual([1.5, 1.5, 1]);
    expect(said.at(-1)).toMatch(/^The plan is taken back: the busiest link carries 80 % more/);
    expect(one.undo('asked for')).toBe(false);
  });

  it('looks for a plan by itself every half hour, and leaves it be for so long after one was taken back', async () => {
    const { one, measured, factors, pass } = steering({ auto: true });
    await pass(29 * MINUTE);
    expect(factors()).toEqual([]);
    await pass(2 * MINUTE);
    expect(one.state.kind).toBe('stepping');
    measured.peak = 0.9;
    await pass(28 * MINUTE);
    expect(one.state.kind).toBe('idle');
    await pass(2 * MINUTE);
    expect(one.state.kind).toBe('idle');
    await pass(31 * MINUTE);
    expect(one.state.kind).toBe('stepping');
  });

  it.each([
    ['on traffic that was not measured', { ...PLAN, traffic: 'uniform' as const }],
    ['that gains little', { ...PLAN, weights: { ...PLAN.weights, improved: 8.5 } }],
  ])('puts no plan into force unasked %s', async (_what, plan) => {
    const { one, pass } = steering({ auto: true, plan });
    await pass(65 * MINUTE);
    expect(one.state.kind).toBe('idle');
  });

  it('refuses a plan that changes nothing', () => {
    const { one } = steering();
    const nothing = { ...PLAN, weights: { ...PLAN.weights, changes: [] } };
    expect(() => one.apply(nothing, 'asked for')).toThrow(expect.objectContaining({ code: 'PLAN_EMPTY' }));
  });
});
