// The small parts that gossip is made of.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { TokenBucket } from '../../../core/token-bucket.ts';
import { ReplayWindow } from '../../../mesh/gossip/replay-window.ts';
import { SequenceNumbers, type SequenceStore } from '../../../mesh/gossip/sequence.ts';
import { StateTable } from '../../../mesh/gossip/state-table.ts';
import { Throttle } from '../../../mesh/throttle.ts';

describe('the replay window', () => {
  it('lets every number through once, and none that is too old, as a set would', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 300 }), (numbers) => {
        const window = new ReplayWindow(64);
        const seen = new Set<number>();
        let highest = 0;
        for (const number of numbers) {
          const expected = number <= highest - 64 ? 'replay' : seen.has(number) ? 'duplicate' : 'new';
          expect(window.look(number)).toBe(expected);
          if (expected !== 'new') continue;
          window.mark(number);
          seen.add(number);
          highest = Math.max(highest, number);
        }
      }),
    );
  });
});

describe('a token bucket', () => {
  it('allows a burst, then the rate', () => {
    const bucket = new TokenBucket(2, 3, 0);
    expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
    expect(bucket.take(499)).toBe(false);
    expect(bucket.take(500)).toBe(true);
    expect(bucket.take(501)).toBe(false);
  });
});

describe('a throttle', () => {
  it('runs at once, then once a period for all that was asked in it', () => {
    const clock = new VirtualClock();
    const runs: number[] = [];
    const throttle = new Throttle(clock, 100, () => runs.push(clock.now()));
    throttle.request();
    throttle.request();
    clock.advance(50);
    throttle.request();
    clock.advance(500);
    throttle.request();
    expect(runs).toEqual([0, 100, 550]);
    throttle.request();
    throttle.cancel();
    clock.advance(500);
    expect(runs).toHaveLength(3);
  });
});

describe('sequence numbers', () => {
  const storeOf = (): SequenceStore & { saved: number } => ({
    saved: 1,
    load() {
      return Promise.resolve(this.saved);
    },
    async save(next) {
      this.saved = next;
    },
  });

  it('are never used twice, also when the process ends without a word', async () => {
    const store = storeOf();
    const used = new Set<number>();
    for (let life = 0; life < 4; life++) {
      const numbers = await SequenceNumbers.open(store);
      for (let at = 0; at < 3000; at++) {
        const number = numbers.next();
        expect(used.has(number)).toBe(false);
        used.add(number);
        if (at % 500 === 0) await Promise.resolve();
      }
    }
  });

  it('go on above what the network remembers', async () => {
    const numbers = await SequenceNumbers.open(storeOf());
    numbers.passed(9999);
    expect(numbers.next()).toBe(10_000);
    expect(numbers.isOld(10_000)).toBe(true);
    expect(numbers.isOld(10_001)).toBe(false);
  });
});

describe('the state table', () => {
  const entry = (origin: string, sequence = 1) =>
    ({
      topic: 't',
      origin,
      originKey: new Uint8Array(32),
      sequence,
      frame: new Uint8Array(1),
      source: 'sync',
    }) as const;

  it('holds so many states and no more', () => {
    const table = new StateTable(new VirtualClock(), 2);
    expect(['a', 'b', 'c', 'a'].map((origin) => table.put(entry(origin), 10, 10))).toEqual([true, true, false, true]);
  });

  it('remembers the number of a state longer than the state', () => {
    const clock = new VirtualClock();
    const table = new StateTable(clock, 10);
    table.put(entry('a', 7), 10, 100);
    clock.advance(10);
    expect(table.sweep().map(({ origin }) => origin)).toEqual(['a']);
    expect(table.get('t', 'a')).toBeUndefined();
    expect(table.sequence('t', 'a')).toBe(7);
    clock.advance(90);
    expect(table.sweep()).toEqual([]);
    expect([table.sequence('t', 'a'), table.size]).toEqual([0, 0]);
  });
});
