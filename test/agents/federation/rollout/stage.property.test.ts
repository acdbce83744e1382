// The stages under whatever nodes do: come, go, refuse, answer late, twice or not at all.

import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { RolloutConfig } from '../../../../agents/federation/rollout/config.ts';
import { orderOf } from '../../../../agents/federation/rollout/order.ts';
import {
  beginStages,
  type StageEffect,
  type StageEvent,
  StageState,
  stepStage,
  targetOf,
} from '../../../../agents/federation/rollout/stage.ts';

const config: RolloutConfig = Value.Parse(
  RolloutConfig,
  Value.Default(RolloutConfig, { samples: 10, leastHold: 20, mostHold: 200 }),
);
const NODES = Array.from({ length: 12 }, (_, index) => `n${index}`);
const node = fc.constantFrom(...NODES);
const measure = fc.record({
  cost: fc.double({ min: -1, max: 1, noNaN: true }),
  samples: fc.integer({ min: 1, max: 30 }),
  deviation: fc.double({ min: 0, max: 1, noNaN: true }),
});
const events: fc.Arbitrary<StageEvent> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('tick' as const),
      elapsed: fc.integer({ min: 0, max: 30_000 }),
      reachable: fc.subarray(NODES),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('adopted' as const),
      node,
      before: fc.option(measure, { nil: undefined }),
    }),
  },
  fc.record({ kind: fc.constant('declined' as const), node, cause: fc.string() }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('measured' as const),
      node,
      serves: fc.boolean(),
      measure: fc.option(measure, { nil: undefined }),
    }),
  },
);

describe('the stages of a roll-out', () => {
  it('ask no more nodes than their stage allows, never go back, and can be written down at any moment', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 120 }), (all) => {
        let state = beginStages();
        for (const event of all) {
          const before = state;
          const { state: next, effects } = stepStage(state, event, config);
          state = next;
          expect(Value.Check(StageState, JSON.parse(JSON.stringify(state)))).toBe(true);
          expect(state.stage).toBeGreaterThanOrEqual(before.stage);
          const asked = (effect: StageEffect) => effect.kind === 'adopt';
          // Whoever is asked is in what is written down first.
          for (const effect of effects.filter(asked)) {
            expect('node' in effect && state.nodes.some((each) => each.node === effect.node)).toBe(true);
          }
          const fresh = state.nodes.length - before.nodes.length;
          if (event.kind === 'tick') {
            const serving = state.nodes.filter(({ standing }) => standing === 'asked' || standing === 'serves').length;
            const most = targetOf(before.stage, event.reachable.length, config);
            if (fresh > 0) expect(serving).toBeLessThanOrEqual(most);
          } else expect(fresh).toBe(0);
          if (effects.some(({ kind }) => kind === 'ended')) break;
        }
      }),
      { numRuns: 200 },
    );
  });

  it('come to an end whatever is measured, as long as time passes and somebody serves it', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 40 }), (all) => {
        let state = beginStages();
        let isEnded = false;
        for (const event of all) ({ state } = stepStage(state, event, config));
        for (let tick = 0; tick < 200 && !isEnded; tick++) {
          const step = stepStage(state, { kind: 'tick', elapsed: 10_000, reachable: NODES }, config);
          state = step.state;
          for (const effect of step.effects) {
            if (effect.kind === 'ended') isEnded = true;
            if (effect.kind === 'adopt') ({ state } = stepStage(state, { kind: 'adopted', node: effect.node }, config));
          }
        }
        expect(isEnded).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('are never more than half of the nodes at first', () => {
    expect([1, 2, 3, 4, 6, 100].map((size) => targetOf(0, size, config))).toEqual([1, 1, 1, 2, 3, 3]);
    expect([0, 1, 2, 3].map((stage) => targetOf(stage, 40, config))).toEqual([3, 4, 20, 40]);
  });
});

describe('the order in which nodes are asked', () => {
  const nodes = NODES.map((id, index) => ({ id, group: `board-${index % 3}`, score: id === 'n4' ? 0.9 : 0 }));

  it('begins with unlike boards, and ends with those that are not well', () => {
    const order = orderOf(nodes, '0123456789abcdef');
    const groups = order.slice(0, 3).map((id) => Number(id.slice(1)) % 3);
    expect(new Set(groups).size).toBe(3);
    expect(order.at(-1)).toBe('n4');
    expect(order.toSorted()).toEqual(NODES.toSorted());
  });

  it('is the same wherever it is asked for, and another for another model', () => {
    expect(orderOf(nodes.toReversed(), 'aa')).toEqual(orderOf(nodes, 'aa'));
    expect(orderOf(nodes, 'bb')).not.toEqual(orderOf(nodes, 'aa'));
  });
});
