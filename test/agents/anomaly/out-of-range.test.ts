// Series that nearly always read the same: lost probes, waiting letters, failures.

import { describe, expect, it } from 'vitest';
import { OutOfRange } from '../../../agents/anomaly/out-of-range.ts';
import { type AnomalyEvent, AnomalyWatch } from '../../../agents/anomaly/watch.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { type Random, seededRandom } from '../../../core/random.ts';

const STEP = 5_000;
const SIX_HOURS = 4_320;

function watched(value: (random: Random) => number, seed: number) {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  let watch = new AnomalyWatch({ clock });
  const read = (count: number, more = 0): AnomalyEvent[] =>
    Array.from({ length: count }).flatMap(() => {
      clock.advance(STEP);
      return watch.observe({ subject: 'link/barn', metric: 'm', kind: 'gauge', value: value(random) + more });
    });
  const restart = (): void => {
    const saved = JSON.parse(JSON.stringify(watch.save()));
    watch = new AnomalyWatch({ clock });
    expect(watch.restore(saved)).toEqual([]);
  };
  return { clock, read, restart };
}

describe('what is nearly always one value', () => {
  it.each<[string, (random: Random) => number]>([
    ['one of ten', (random) => (random.below(10) === 0 ? 1 + random.below(3) : 0)],
    ['one of twenty', (random) => (random.below(20) === 0 ? 0.01 * (1 + random.below(2)) : 0)],
    ['one of fifty, above what is not 0', (random) => (random.below(50) === 0 ? 0.51 : 0.5)],
  ])('raises nothing while it is well (%s), also after a restart, and what is a fault at once', (_, value) => {
    let alarms = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const { clock, read, restart } = watched(value, seed);
      alarms += read(SIX_HOURS).length;
      clock.advance(60_000);
      restart();
      alarms += read(SIX_HOURS / 2).length;
      const raised = (): string[] => read(6, 10).map(({ kind }) => kind);
      expect(raised()).toEqual(['raised']);
      expect(read(200).map(({ kind }) => kind)).toEqual(['cleared']);
      // What is known is raised again.
      expect(raised()).toEqual(['raised']);
    }
    expect(alarms).toBeLessThanOrEqual(1);
  });
});

describe('OutOfRange', () => {
  it('goes by how often and how far the series itself is out, where that is more than a departure tells', () => {
    const range = new OutOfRange();
    expect(range.push(Number.POSITIVE_INFINITY, 1, true)).toBe(1);
    range.push(0, 0, true);
    for (let n = 0; n < 18; n++) range.push(0, 0, true);
    // Once in 20 values, by 1: another one by 1 has a chance of 1/20 · 1/e.
    expect(range.chance(Number.POSITIVE_INFINITY, 1)).toBeCloseTo(0.05 / Math.E, 6);
    expect(range.chance(Number.POSITIVE_INFINITY, 20)).toBeLessThan(1e-9);
    expect(range.chance(2, 1)).toBe(1);
  });

  it('comes back as it was, and refuses what it did not write', () => {
    const range = new OutOfRange();
    range.push(5, 1, true);
    range.push(0, 0, true);
    expect(OutOfRange.restored(range.save()).chance(9, 2)).toBe(range.chance(9, 2));
    for (const numbers of [[], [1, 2, 0, 0], [9, 1, 2, 0], [9, 1, 0, -1], [9, 1, 0, 0, 0], [Number.NaN, 0, 0, 0]]) {
      expect(() => OutOfRange.restored(numbers)).toThrow(expect.objectContaining({ code: 'ANOMALY_STATE_INVALID' }));
    }
  });
});
