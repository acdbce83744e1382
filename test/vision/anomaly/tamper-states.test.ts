// That a state holds: it comes after its time, ends after some seconds, and does not flap.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DISTURBANCES, type Verdict } from '../../../vision/anomaly/judge.ts';
import { TamperStates } from '../../../vision/anomaly/tamper-states.ts';

const clear: Verdict = { kind: 'clear', strength: 1, hold: 0 };
const covered: Verdict = { kind: 'covered', strength: 0.9, hold: 3 };

describe('the state', () => {
  it('changes when a disturbance was seen for its time, and began when it was first seen', () => {
    const states = new TamperStates(0);
    expect(states.take(covered, 1, 1_000)).toBeUndefined();
    expect(states.take(covered, 1, 2_000)).toBeUndefined();
    expect(states.take(covered, 1, 3_000)).toEqual({ from: 'clear', to: 'covered' });
    expect(states.since).toBe(1_000);
    expect(states.confidence).toBeCloseTo(0.9);
  });

  it('needs three pictures where they are rare, and seconds where they are many', () => {
    const rare = new TamperStates(0);
    expect([1, 2, 3].map((n) => rare.take(covered, 60, n * 60_000)?.to)).toEqual([undefined, undefined, 'covered']);
    const many = new TamperStates(0);
    const changes = Array.from({ length: 40 }, (_, n) => many.take(covered, 0.1, n * 100)?.to);
    expect(changes.indexOf('covered')).toBe(29);
  });

  it('ends after three clear seconds, not at the first clear picture', () => {
    const states = new TamperStates(0);
    for (let n = 0; n < 5; n++) states.take(covered, 1, n * 1000);
    expect([5, 6, 7].map((n) => states.take(clear, 1, n * 1000)?.to)).toEqual([undefined, undefined, 'clear']);
  });

  it('counts different disturbances in a row as one that lasts', () => {
    const states = new TamperStates(0);
    const kinds = ['sprayed', 'covered', 'sprayed'] as const;
    expect(kinds.map((kind, n) => states.take({ kind, strength: 0.7, hold: 3 }, 1, n)?.to).at(-1)).toBeDefined();
  });

  it('does not flap, whatever is seen', () => {
    const verdict = fc.constantFrom<Verdict>(clear, ...DISTURBANCES.map((kind) => ({ kind, strength: 0.8, hold: 3 })));
    fc.assert(
      fc.property(fc.array(verdict, { maxLength: 200 }), (verdicts) => {
        const states = new TamperStates(0);
        let last = Number.NEGATIVE_INFINITY;
        verdicts.forEach((each, second) => {
          if (states.take(each, 1, second * 1000) === undefined) return;
          expect(second - last).toBeGreaterThanOrEqual(3);
          last = second;
        });
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
