import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { RateTable, TrafficMeter } from '../../../mesh/routing/traffic-meter.ts';

describe('A table of rates', () => {
  it('follows a steady rate, and forgets who falls silent', () => {
    const table = new RateTable();
    for (let period = 0; period < 20; period++) {
      table.add('a', 15_000);
      table.endPeriod(15);
    }
    const [told] = table.heaviest(1);
    expect(told!.rate).toBeGreaterThan(990);
    expect(told!.most).toBe(1000);
    for (let period = 0; period < 30; period++) table.endPeriod(15);
    expect(table.heaviest(1)).toEqual([]);
  });

  it('keeps every key that is heavy, however many there are', () => {
    const light = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 3000 });
    fc.assert(
      fc.property(light, fc.nat({ max: 3000 }), (keys, moment) => {
        const table = new RateTable();
        keys.forEach((key, at) => {
          if (at === Math.min(moment, keys.length - 1)) table.add('heavy', 10 * keys.length);
          table.add(`${key}`, 10);
        });
        table.endPeriod(1);
        expect(table.heaviest(256).map(({ to }) => to)).toContain('heavy');
        expect(table.heaviest(1000).length).toBeLessThanOrEqual(256);
      }),
      { numRuns: 50 },
    );
  });
});

describe('The traffic meter', () => {
  it('counts what this node sends by destination, and what passes by link', () => {
    const clock = new VirtualClock();
    const meter = new TrafficMeter('self', clock);
    meter.carried('next', { origin: 'self', destination: 'far' }, 1000);
    meter.carried('next', { origin: 'other', destination: 'far' }, 500);
    clock.advance(10_000);
    meter.endPeriod();
    expect(meter.destinations(9).map(({ to, most }) => [to, most])).toEqual([['far', 100]]);
    expect(meter.links(9).map(({ to, most }) => [to, most])).toEqual([['next', 150]]);
  });
});
