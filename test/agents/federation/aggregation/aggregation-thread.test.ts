import { afterEach, describe, expect, it } from 'vitest';
import { AggregationThread } from '../../../../agents/federation/aggregation/aggregation-thread.ts';
import type { AggregationConfig } from '../../../../agents/federation/aggregation/config.ts';
import { createAggregator } from '../../../../agents/federation/aggregation/create-aggregator.ts';
import { WasmArithmetic } from '../../../../agents/federation/aggregation/wasm-arithmetic.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import { honestUpdates, updatesOf } from './fixtures.ts';

const threads: AggregationThread[] = [];
afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.stop()));
});

function threadOf(rule: AggregationConfig['rule'], clock = new VirtualClock()): AggregationThread {
  const thread = new AggregationThread({ config: { rule, liars: 0.2, clip: 1.5, deadline: 60 }, clock });
  threads.push(thread);
  return thread;
}

describe('the aggregation thread', () => {
  it('gives what the rule gives here, and takes the updates over', async () => {
    const expected = createAggregator(
      { rule: 'default', liars: 0.2, clip: 1.5 },
      { arithmetic: new WasmArithmetic(), trust: (node) => (node === 'honest-3' ? 0 : 1) },
    ).aggregate(honestUpdates(12));
    const updates = honestUpdates(12);
    const found = await threadOf('default').aggregate(updates, { trust: (node) => (node === 'honest-3' ? 0 : 1) });
    expect(found).toEqual(expected);
    expect(found.verdicts[3]?.doubt?.reason).toBe('reputation');
    expect(updates.every(({ delta }) => delta.length === 0)).toBe(true);
  });

  it('leaves a buffer whole that an update is only a part of', async () => {
    const whole = Float32Array.of(1, 2, 3, 4);
    const updates = [
      { node: 'a', delta: whole.subarray(0, 2), weight: 1 },
      { node: 'b', delta: whole.subarray(2, 4), weight: 1 },
    ];
    const { delta } = await threadOf('fedavg').aggregate(updates);
    expect([...delta]).toEqual([2, 3]);
    expect([...whole]).toEqual([1, 2, 3, 4]);
  });

  it('passes on why a rule cannot aggregate, and goes on with the next round', async () => {
    const thread = threadOf('krum');
    await expect(thread.aggregate(honestUpdates(2))).rejects.toMatchObject({
      code: 'AGGREGATION_TOO_FEW',
      message: 'krum needs at least 3 updates; there are 2',
    });
    expect((await thread.aggregate(updatesOf([[1], [1], [9]]))).delta[0]).toBe(1);
  });

  it('takes one round at a time', async () => {
    const thread = threadOf('fedavg');
    const first = thread.aggregate(updatesOf([[1]]));
    await expect(thread.aggregate(updatesOf([[2]]))).rejects.toMatchObject({ code: 'AGGREGATION_BUSY' });
    expect((await first).delta[0]).toBe(1);
  });

  it('fails the round at the deadline, and aggregates the next one in a new thread', async () => {
    const clock = new VirtualClock();
    const thread = threadOf('fedavg', clock);
    const late = thread.aggregate(updatesOf([[1]]));
    clock.advance(60_000);
    await expect(late).rejects.toMatchObject({ code: 'AGGREGATION_LATE' });
    expect(thread.isRunning).toBe(false);
    expect((await thread.aggregate(updatesOf([[3]]))).delta[0]).toBe(3);
  });

  it('stops for an aborted signal with its reason', async () => {
    const abort = new AbortController();
    const running = threadOf('fedavg').aggregate(updatesOf([[1]]), { signal: abort.signal });
    abort.abort(new Error('the round was called off'));
    await expect(running).rejects.toThrow('the round was called off');
  });

  it('gives its thread back after half a minute without work', async () => {
    const clock = new VirtualClock();
    const thread = threadOf('fedavg', clock);
    await thread.aggregate(updatesOf([[1]]));
    clock.advance(29_999);
    expect(thread.isRunning).toBe(true);
    clock.advance(1);
    expect(thread.isRunning).toBe(false);
  });
});
