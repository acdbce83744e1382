import { describe, expect, it } from 'vitest';
import { isLate, onPunctual, onTrouble, patienceOf, wellSince } from '../../../mesh/link/local-health.ts';

describe('Local health', () => {
  it('widens time-outs by half with each trouble, to 2.5 times', () => {
    let health = wellSince(0);
    expect(patienceOf(health)).toBe(1);
    const widths = [200, 400, 600, 800].map((now) => {
      health = onTrouble(health, now);
      return patienceOf(health);
    });
    expect(widths).toEqual([1.5, 2, 2.5, 2.5]);
  });

  it('counts a burst of lateness once', () => {
    const health = onTrouble(wellSince(0), 1000);
    expect(onTrouble(health, 1099)).toBe(health);
    expect(onTrouble(health, 1100).doubt).toBe(2);
  });

  it('trusts itself again step by step while it is punctual', () => {
    const health = onTrouble(onTrouble(wellSince(0), 0), 1000);
    expect(onPunctual(health, 2999).doubt).toBe(2);
    expect(onPunctual(health, 3000)).toEqual({ doubt: 1, changedAt: 3000 });
  });

  it('calls a timer late by a quarter of the interval, and ten milliseconds at least', () => {
    expect([isLate(10, 20), isLate(11, 20), isLate(25, 100), isLate(26, 100)]).toEqual([false, true, false, true]);
  });
});
