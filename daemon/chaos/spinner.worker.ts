// Keeps a core busy for a share of the time: what a hot processor has to do.

import { workerData } from 'node:worker_threads';

const share: Float64Array = workerData;
const PERIOD = 100;

function turn(): void {
  const until = performance.now() + PERIOD * share[0]!;
  while (performance.now() < until);
  setTimeout(turn, Math.max(1, PERIOD * (1 - share[0]!)));
}
turn();
