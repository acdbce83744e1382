// How fast a board computes, 1 being the processor of reference: the same work that `compute` tasks do, against the clock.

import type { Clock, Millis } from '../../../core/clock.ts';
import type { ThreadPool } from '../../pool/thread-pool.ts';

/** Long against the way to a thread and back, short for the board. */
const SECONDS = 0.05;
const TRIES = 3;
const LONGEST: Millis = 10_000;

/** The best of some tries: what else runs only makes one slower. */
export async function measureSpeed(threads: Pick<ThreadPool, 'run'>, clock: Clock): Promise<number> {
  const entry = new URL('../executors/compute.worker.ts', import.meta.url);
  const work = (seconds: number) => threads.run({ entry, input: { seconds }, timeout: LONGEST });
  // The first one starts the thread.
  await work(0.001);
  let best = 0;
  for (let tries = 0; tries < TRIES; tries++) {
    const startedAt = clock.now();
    await work(SECONDS);
    best = Math.max(best, (SECONDS * 1000) / (clock.now() - startedAt));
  }
  return best;
}
