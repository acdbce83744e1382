// Computes for as long as a board of speed 1 would take, and tells each hundredth of it.

import type { ThreadOrder } from '../../pool/thread-pool.ts';

/** Steps of a linear congruential generator that one core of the processor of reference, a 2.5 GHz server core, does a second. */
const STEPS_A_SECOND = 600_000_000;
const PARTS = 100;

export function run({ input, port }: ThreadOrder): void {
  const { seconds } = input as { seconds: number };
  const steps = Math.round((seconds * STEPS_A_SECOND) / PARTS);
  let state = 1;
  for (let part = 1; part <= PARTS; part++) {
    state = advance(state, steps);
    // Told with the number itself, so that no compiler finds that the work is for nothing.
    port.postMessage(part / PARTS + (state === 0 ? Number.EPSILON : 0));
  }
}

function advance(from: number, count: number): number {
  let value = from;
  for (let step = 0; step < count; step++) value = (Math.imul(value, 1664525) + 1013904223) | 0;
  return value;
}
