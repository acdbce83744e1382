import { describe, expect, it } from 'vitest';
import { type Flap, isForgotten, neverFlapped, onFlap, settled, untilReuse } from '../../../mesh/link/flap-damping.ts';

const failures = (times: number[]): Flap => times.reduce((flap, now) => onFlap(flap, now), neverFlapped(0));

describe('Flap damping', () => {
  it('lets a link fail three times in a row, and damps the fourth', () => {
    expect(failures([0, 1000, 2000])).toMatchObject({ damped: false, count: 3 });
    expect(failures([0, 1000, 2000, 3000])).toMatchObject({ damped: true, count: 4 });
  });

  it('does not mind a failure every fifteen seconds', () => {
    expect(failures(Array.from({ length: 50 }, (_, at) => at * 15_000)).damped).toBe(false);
  });

  it('halves the penalty each fifteen seconds, and uses the link again below the limit', () => {
    const flap = failures([0, 0, 0, 0]);
    expect(flap.penalty).toBe(4000);
    expect(untilReuse(flap, 0)).toBeCloseTo(30_000);
    expect(settled(flap, 15_000)).toMatchObject({ penalty: 2000, damped: true });
    expect(settled(flap, 30_000).damped).toBe(false);
    expect(isForgotten(flap, 30_000)).toBe(false);
    expect(isForgotten(settled(flap, 30_000), 80_000)).toBe(true);
  });

  it('never holds a link off for more than a minute', () => {
    expect(untilReuse(failures(Array.from({ length: 500 }, () => 0)), 0)).toBeCloseTo(60_000);
  });
});
