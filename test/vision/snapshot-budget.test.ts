import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../core/clock.ts';
import { SnapshotBudget } from '../../vision/snapshot-budget.ts';

describe('The budget of snapshots', () => {
  it('allows an hour’s worth at once, then what an hour lets through', () => {
    const clock = new VirtualClock();
    const budget = new SnapshotBudget(clock, { bytesPerHour: 3_600_000 });
    let written = 0;
    for (; budget.allows(); written++) budget.spend(36_000);
    expect(written).toBe(100);
    for (let minute = 0; minute < 60; minute++) {
      clock.advance(60_000);
      for (; budget.allows(); written++) budget.spend(36_000);
    }
    expect(written).toBeGreaterThanOrEqual(199);
    expect(written).toBeLessThanOrEqual(201);
  });

  it('allows nothing when it is nothing', () => {
    expect(new SnapshotBudget(new VirtualClock(), { bytesPerHour: 0 }).allows()).toBe(false);
  });
});
