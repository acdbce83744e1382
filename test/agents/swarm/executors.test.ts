import { afterAll, describe, expect, it } from 'vitest';
import { ThreadPool } from '../../../agents/pool/thread-pool.ts';
import type { BlobRef } from '../../../agents/swarm/blob-ref.ts';
import { ComputeExecutor } from '../../../agents/swarm/executors/compute.ts';
import { WaitExecutor } from '../../../agents/swarm/executors/wait.ts';
import type { TaskContext } from '../../../agents/swarm/task-executor.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { systemClock } from '../../../daemon/clock.ts';

function contextOf(key: string, signal = new AbortController().signal) {
  const written: Uint8Array[] = [];
  const shares: number[] = [];
  const context: TaskContext = {
    ...{ job: 'j', task: 't', attempt: 1, key, signal },
    progress: (share) => void shares.push(share),
    log: () => {},
    readBlob: () => Promise.reject(new Error('not played')),
    writeBlob: async (bytes): Promise<BlobRef> => {
      written.push(bytes);
      return { $blob: 'a'.repeat(64), bytes: bytes.length };
    },
  };
  return { context, written, shares };
}

describe('a task that waits', () => {
  it('takes its time, and resolves to it', async () => {
    const clock = new VirtualClock();
    const { context } = contextOf('k');
    const result = new WaitExecutor(clock).run({ seconds: 5, inputs: [1, 2] }, context);
    let isOver = false;
    void result.then(() => {
      isOver = true;
    });
    clock.advance(4_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    clock.advance(1);
    expect(await result).toEqual({ seconds: 5 });
  });

  it('hands on as many bytes as are recorded: the same for each attempt, others for other tasks', async () => {
    const bytesOf = async (key: string): Promise<Uint8Array> => {
      const { context, written } = contextOf(key);
      const result = await new WaitExecutor(systemClock).run({ seconds: 0, bytes: 5_000_001 }, context);
      expect(result).toMatchObject({ bytes: 5_000_001 });
      return written[0]!;
    };
    const [first, again, other] = [await bytesOf('a'), await bytesOf('a'), await bytesOf('b')];
    expect(Buffer.compare(first, again)).toBe(0);
    expect(Buffer.compare(first, other)).not.toBe(0);
  });

  it.each([{}, { seconds: -1 }, { seconds: 1, bytes: 1e9 }, null])('is refused with %j', (input) => {
    expect(() => new WaitExecutor(systemClock).check(input)).toThrow(
      expect.objectContaining({ code: 'TASK_INPUT_INVALID' }),
    );
  });
});

describe('a task that computes', () => {
  const threads = new ThreadPool({
    ...{ threads: 1, mostWaiting: 10, memory: 64, idleTime: 60_000, clock: systemClock },
  });
  afterAll(() => threads.close());

  it('works in a thread, tells how far it is, and ends', async () => {
    const { context, shares } = contextOf('k');
    expect(await new ComputeExecutor(systemClock, threads).run({ seconds: 0.02 }, context)).toEqual({ seconds: 0.02 });
    expect(shares).toHaveLength(100);
    expect(shares.at(-1)).toBeCloseTo(1, 9);
  });

  it('stops at once when it is taken back', async () => {
    const abort = new AbortController();
    const { context } = contextOf('k', abort.signal);
    const run = new ComputeExecutor(systemClock, threads).run({ seconds: 3_000 }, context);
    abort.abort(new Error('taken back'));
    await expect(run).rejects.toThrow('taken back');
  });
});
