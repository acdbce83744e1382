// How late the event loop has been: the daemon's own health, seen from inside.

import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds between looks. Shorter sees shorter stalls and wakes the processor more often. */
const RESOLUTION = 20;

export class LoopDelay {
  #histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;

  /** Worst delay in seconds since the last call; 0 at the first. */
  take(): number {
    if (this.#histogram === undefined) {
      this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
      this.#histogram.enable();
      return 0;
    }
    const { max, count } = this.#histogram;
    this.#histogram.reset();
    // The histogram holds the time between two looks, which is the resolution when nothing is late.
    return count === 0 ? 0 : Math.max(0, max / 1e9 - RESOLUTION / 1000);
  }

  close(): void {
    this.#histogram?.disable();
    this.#histogram = undefined;
  }
}
