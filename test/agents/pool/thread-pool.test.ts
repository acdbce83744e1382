import { afterEach, describe, expect, it } from 'vitest';
import { ThreadPool, type ThreadPoolOptions } from '../../../agents/pool/thread-pool.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { systemClock } from '../../../daemon/clock.ts';

const entry = new URL('./unruly.worker.ts', import.meta.url);
const pools: ThreadPool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

function pool(options: Partial<ThreadPoolOptions> = {}): ThreadPool {
  const defaults = { threads: 1, mostWaiting: 8, memory: 64, idleTime: 60_000, clock: systemClock };
  const made = new ThreadPool({ ...defaults, ...options });
  pools.push(made);
  return made;
}

const order = (input: string, timeout = 25_000, signal?: AbortSignal) => ({
  ...{ entry, input, timeout },
  ...(signal !== undefined && { signal }),
});

describe('the threads of a node', () => {
  it('run tasks and are used again', async () => {
    const threads = pool();
    const first = await threads.run(order('id'));
    expect(first).toBeGreaterThan(0);
    expect(await threads.run(order('id'))).toBe(first);
    await expect(threads.run(order('throw'))).rejects.toThrow('no luck');
    expect(await threads.run(order('id'))).toBe(first);
  });

  it('end with a task that hangs, and the next task has a fresh one', async () => {
    const threads = pool();
    const before = await threads.run(order('id'));
    await expect(threads.run(order('loop', 100))).rejects.toMatchObject({ code: 'THREAD_TIMED_OUT' });
    expect(await threads.run(order('id'))).not.toBe(before);
  });

  it('tell how far a task is, and end with one that is taken back', async () => {
    const threads = pool();
    const abort = new AbortController();
    const began = Promise.withResolvers<number>();
    const ran = threads.run({ ...order('wait', 25_000, abort.signal), progress: began.resolve });
    const next = threads.run(order('id'));
    expect(await began.promise).toBe(0.5);
    abort.abort(new Error('taken back'));
    await expect(ran).rejects.toThrow('taken back');
    expect(await next).toBeGreaterThan(0);
  });

  it('end with a task that needs too much memory or exits, and nothing else ends', async () => {
    const threads = pool({ threads: 2 });
    const leak = expect(threads.run(order('leak'))).rejects.toMatchObject({ code: 'THREAD_OUT_OF_MEMORY' });
    expect(await threads.run(order('id'))).toBeGreaterThan(0);
    await leak;
    await expect(threads.run(order('exit'))).rejects.toThrow();
    expect(await threads.run(order('id'))).toBeGreaterThan(0);
  });

  it('refuse what does not fit the queue', async () => {
    const threads = pool({ mostWaiting: 1 });
    const abort = new AbortController();
    const running = Array.from({ length: 3 }, () => threads.run(order('wait', 25_000, abort.signal)));
    const ended = Promise.allSettled(running);
    await expect(running.at(-1)).rejects.toMatchObject({ code: 'THREADS_BUSY' });
    abort.abort();
    await ended;
  });

  it('tell how many tasks wait, and how long they did', async () => {
    const clock = new VirtualClock();
    const threads = pool({ clock });
    const [first, second] = [new AbortController(), new AbortController()];
    const began = Promise.withResolvers<number>();
    const running = threads.run({ ...order('wait', 25_000, first.signal), progress: began.resolve });
    const next = threads.run(order('id'));
    const never = threads.run(order('id', 25_000, second.signal));
    await began.promise;
    expect(threads.figures()).toEqual({ running: 1, waiting: 2, begun: 1, waitedSeconds: 0 });
    second.abort();
    await expect(never).rejects.toThrow();
    clock.advance(3_000);
    first.abort();
    await expect(running).rejects.toThrow();
    await next;
    expect(threads.figures()).toEqual({ running: 0, waiting: 0, begun: 2, waitedSeconds: 3 });
  });

  it('are let go when all idle, and come back when they are needed', async () => {
    const clock = new VirtualClock();
    const threads = pool({ idleTime: 1_000, clock });
    const first = await threads.run(order('id'));
    clock.advance(999);
    expect(await threads.run(order('id'))).toBe(first);
    clock.advance(1_000);
    expect(await threads.run(order('id'))).not.toBe(first);
  });
});
