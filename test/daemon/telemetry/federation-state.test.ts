import { describe, expect, it } from 'vitest';
import { budgetLeft, federationState } from '../../../daemon/telemetry/federation-state.ts';
import { federationComponents } from '../../../daemon/telemetry/home-assistant/federation-components.ts';
import { TestNode } from './test-node.ts';

const { federationView: view } = new TestNode();

describe('the federation over MQTT', () => {
  it('says what somebody must know of first', () => {
    expect(federationState(view)).toMatchObject({ duty: 'held', held: 1, budgetLeft: 0.475 });
    const [duty] = view.duties;
    const busy = { ...view, duties: [duty!, { ...duty!, learner: 'other', kind: 'training' as const }], held: [] };
    expect(federationState({ ...busy, duties: busy.duties.slice(1) })).toMatchObject({ duty: 'training', held: 0 });
    expect(federationState(busy)).toMatchObject({ duty: 'held', learners: { other: { sentence: null } } });
  });

  it('counts what is decided no more, and says why nothing is known', () => {
    const denied = { ...view, held: view.held.map((one) => ({ ...one, state: 'denied' as const })) };
    expect(federationState(denied)).toMatchObject({ held: 0 });
    const { coordination: _none, ...alone } = view;
    expect(federationState({ ...alone, unknown: 'bravo does not answer' })).toMatchObject({
      sentence: 'bravo does not answer',
    });
  });

  it('has the least budget of all learners, and none left once nothing is proven', () => {
    const [account] = view.privacy;
    const { epsilonBefore: _, ...unproven } = account!;
    expect(budgetLeft({ privacy: [account!, { ...account!, epsilonBefore: 7 }] })).toBe(0.125);
    expect(budgetLeft({ privacy: [unproven] })).toBe(0);
    expect(budgetLeft({ privacy: [{ ...account!, epsilonBefore: 9 }] })).toBe(0);
    expect(budgetLeft({ privacy: [] })).toBeUndefined();
  });

  it('becomes entities only where the node takes part, and a budget only where one is set', () => {
    expect(Object.keys(federationComponents('t', view))).toEqual([
      ...['federation_round', 'federation_coordinator', 'federation_budget', 'federation_held'],
    ]);
    expect(Object.keys(federationComponents('t', { ...view, privacy: [] }))).not.toContain('federation_budget');
    expect(federationComponents('t', { ...view, enabled: false })).toEqual({});
    expect(federationComponents('t', undefined)).toEqual({});
  });
});
