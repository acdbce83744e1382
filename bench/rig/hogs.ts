// Processes that do nothing but take CPU time, to measure what others do beside them.

import { Running } from './processes.ts';

/** Spins for the given milliseconds of each hundred. */
const SPIN = `
const busy = Number(process.argv[1]);
const never = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  const end = performance.now() + busy;
  while (performance.now() < end);
  if (busy < 100) Atomics.wait(never, 0, 0, 100 - busy);
}`;

/** @param percent of one core: 250 is two processes that never rest and one that rests half of the time */
export function startHogs(percent: number): Running[] {
  const shares = Array.from({ length: Math.ceil(percent / 100) }, (_, index) => Math.min(100, percent - 100 * index));
  return shares.map((share) => new Running([process.execPath, '-e', SPIN, String(share)]));
}
