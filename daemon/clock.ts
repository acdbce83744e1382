// The system's time and randomness; only `daemon/` reads them, everyone else is handed them.

import { randomInt } from 'node:crypto';
import type { Clock, Timer } from '../core/clock.ts';
import { type Random, seededRandom } from '../core/random.ts';

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (delay, run): Timer => {
    const timer = setTimeout(run, delay).unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every: (period, run): Timer => {
    const timer = setInterval(run, period).unref();
    return { cancel: () => clearInterval(timer) };
  },
};

/** Randomness that differs at every start. */
export function systemRandom(): Random {
  return seededRandom(randomInt(0x1_0000_0000 - 1));
}
