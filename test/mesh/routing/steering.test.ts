import { describe, expect, it } from 'vitest';
import { begin, inForce, type Observation, onPeriod, STEPS, type Steering } from '../../../mesh/routing/steering.ts';

const before: Observation = { peak: 0.4, lost: 0 };
const target = [{ from: 'a', to: 'b', factor: 3 }];

function passed(periods: number, observed: Observation | undefined, from = begin(target, before)) {
  let state: Steering = from;
  for (let period = 0; period < periods; period++) {
    const { next, worse } = onPeriod(state, observed);
    state = next;
    if (worse !== undefined) return { state, worse };
  }
  return { state, worse: undefined };
}

describe('A plan that is put into force', () => {
  it('goes a fourth of the way at each period, and then holds', () => {
    const factors = [0, 1, 2, 3, 4, 5].map((periods) => inForce(passed(periods, before).state)[0]?.factor);
    expect(factors).toEqual([1.5, 2, 2.5, 3, 3, 3]);
    expect(passed(STEPS, before).state.kind).toBe('holding');
  });

  it('is taken back when the busiest link is worse twice in a row, also when it holds', () => {
    for (const periods of [1, STEPS + 1]) {
      const { state, worse } = passed(2, { peak: 0.5, lost: 0 }, passed(periods, before).state);
      expect(worse).toBe('the busiest link carries 25 % more of all traffic than before');
      expect(state).toEqual({ kind: 'idle' });
      expect(inForce(state)).toEqual([]);
    }
  });

  it('stands still when it is worse once, and goes on', () => {
    const doubted = passed(1, { peak: 0.5, lost: 0 }).state;
    expect(inForce(doubted)).toEqual(inForce(begin(target, before)));
    expect(inForce(passed(1, before, doubted).state)[0]?.factor).toBe(2);
  });

  it('stands still while too little is sent to judge by', () => {
    expect(passed(9, undefined).state).toEqual(begin(target, before));
  });

  it('is taken back when frames are lost', () => {
    expect(passed(2, { peak: 0.3, lost: 12 }).worse).toMatch(/12.0 frames a second find no room, 0.0 did before/);
  });

  it('stays through what wavers', () => {
    expect(passed(9, { peak: 0.43, lost: 0.5 }).worse).toBeUndefined();
  });
});
