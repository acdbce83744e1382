import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PowerConfig } from '../../../daemon/power/config.ts';
import { onReading, type Supply, stateAt, UNKNOWN_SUPPLY, windowAt } from '../../../daemon/power/power-state.ts';

const battery = { low: 0.15, critical: 0.05, recovery: 0.1, whenCritical: 'rest' } as const;
const dutyCycle = { awake: 120, every: 600 };
const MINUTE = 60_000;

/** What is known after these charges, in shares; negative ones are on mains. */
function hearing(charges: readonly number[], supply: Supply = UNKNOWN_SUPPLY): Supply {
  return charges.reduce(
    (known, charge) => onReading(known, { charge: Math.abs(charge), discharging: charge > 0 }, battery),
    supply,
  );
}
const kindOf = (supply: Supply, config: PowerConfig = { battery }, wall = 0) => stateAt(supply, wall, 0, config).kind;

describe('a battery', () => {
  it('has the board rest when it is low, more so when it is nearly empty, and lets go at recovery', () => {
    const low = hearing([0.5, 0.12, 0.12, 0.12]);
    expect(kindOf(low)).toBe('low');
    const critical = hearing([0.05, 0.04, 0.04], low);
    expect(kindOf(critical)).toBe('critical');
    expect(kindOf(hearing([0.14, 0.14], critical))).toBe('critical');
    const charged = hearing([0.16, 0.16], critical);
    expect(kindOf(charged)).toBe('low');
    expect(kindOf(hearing([0.26, 0.26], charged))).toBe('awake');
  });

  it('is not believed at one or two odd readings', () => {
    expect(kindOf(hearing([0.8, 0, 0, 0.8, 0, 0, 0.8]))).toBe('awake');
    expect(kindOf(hearing([0.12, 0.12, 0.12, 0.9, 0.12]))).toBe('low');
  });

  it('does not matter on mains', () => {
    expect(kindOf(hearing([0.12, 0.12, 0.12, -0.12, -0.12]))).toBe('awake');
    expect(kindOf(hearing([0.02, 0.02, 0.02, -0.02, -0.02]))).toBe('awake');
  });

  it('that is not told of any more leaves all as it is', () => {
    const low = hearing([0.12, 0.12, 0.12]);
    expect(onReading(low, undefined, battery)).toBe(low);
    expect(onReading(low, { charge: Number.NaN, discharging: false }, battery)).toBe(low);
  });

  it('never flaps: charges within a level and its recovery change nothing', () => {
    const within = fc.array(fc.double({ min: 0.151, max: 0.249, noNaN: true }), { maxLength: 50 });
    fc.assert(
      fc.property(within, fc.boolean(), (charges, isLow) => {
        const before = isLow ? hearing([0.12, 0.12, 0.12]) : hearing([0.9]);
        return kindOf(hearing(charges, before)) === kindOf(before);
      }),
    );
  });

  it('changes at most once in two readings, whatever they are', () => {
    const reading = fc.record({ charge: fc.double({ min: 0, max: 1, noNaN: true }), discharging: fc.boolean() });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 60 }), (readings) => {
        let supply = UNKNOWN_SUPPLY;
        let changedAt = Number.NEGATIVE_INFINITY;
        return readings.every((one, index) => {
          const next = onReading(supply, one, battery);
          const hasChanged = next.low.raised !== supply.low.raised;
          const isHeld = !hasChanged || index - changedAt >= 2;
          if (hasChanged) changedAt = index;
          supply = next;
          return isHeld;
        });
      }),
    );
  });

  it('with levels of 0 is never low', () => {
    const off = { battery: { ...battery, low: 0, critical: 0 } };
    const empty = { charge: 0, discharging: true };
    const supply = [empty, empty, empty, empty].reduce(
      (known, one) => onReading(known, one, off.battery),
      UNKNOWN_SUPPLY,
    );
    expect(kindOf(supply, off)).toBe('awake');
  });
});

describe('a duty cycle', () => {
  const config = { battery, dutyCycle };
  const onBattery = hearing([0.8]);

  it('works in the first part of each window and rests in the other', () => {
    const start = 1_800_000_000_000;
    expect(start % 600_000).toBe(0);
    expect(stateAt(onBattery, start, 0, config)).toEqual({ kind: 'awake', until: start + 2 * MINUTE });
    expect(stateAt(onBattery, start + 2 * MINUTE, 0, config)).toEqual({ kind: 'resting', until: start + 10 * MINUTE });
    expect(stateAt(onBattery, start - 1, 0, config)).toEqual({ kind: 'resting', until: start });
  });

  it('rests nothing on mains, and nothing without being asked for', () => {
    expect(stateAt(hearing([-0.8]), 5 * MINUTE, 0, config)).toEqual({ kind: 'awake' });
    expect(stateAt(onBattery, 5 * MINUTE, 0, { battery })).toEqual({ kind: 'awake' });
  });

  it('gives way to whoever wants the board awake, as a low battery does and a critical one does not', () => {
    const until = 9 * MINUTE;
    expect(stateAt(onBattery, 5 * MINUTE, until, config)).toEqual({ kind: 'awake', until });
    expect(stateAt(onBattery, until, until, config).kind).toBe('resting');
    expect(stateAt(hearing([0.12, 0.12, 0.12]), 5 * MINUTE, until, config)).toEqual({ kind: 'awake', until });
    expect(stateAt(hearing([0.02, 0.02, 0.02]), 5 * MINUTE, until, config)).toEqual({ kind: 'critical' });
  });

  it('has windows that follow each other without a gap, aligned, and awake for their share', () => {
    const cycle = fc
      .record({ awake: fc.integer({ min: 10, max: 3600 }), rest: fc.integer({ min: 50, max: 3600 }) })
      .map(({ awake, rest }) => ({ awake, every: awake + rest }));
    fc.assert(
      fc.property(cycle, fc.integer({ min: 0, max: 4e12 }), (given, wall) => {
        const now = windowAt(wall, given);
        expect(now.until).toBeGreaterThan(wall);
        expect(windowAt(now.until - 1, given)).toEqual(now);
        const next = windowAt(now.until, given);
        expect(next.isAwake).toBe(!now.isAwake);
        expect(next.until - now.until).toBe(1000 * (next.isAwake ? given.awake : given.every - given.awake));
        expect((now.isAwake ? next.until : now.until) % (given.every * 1000)).toBe(0);
      }),
    );
  });
});
