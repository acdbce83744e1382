// Time as a value that is handed in: the daemon passes the system's, the simulator and tests a virtual one.

/** Milliseconds. */
export type Millis = number;

/** A pending timer; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds since some fixed point: for durations and time-outs. Never jumps. */
  now(): Millis;
  /** Wall-clock milliseconds since 1970: for what is shown, stored or sent. May jump. */
  wall(): Millis;
  /** Calls `run` once, `delay` ms from now. Does not keep the process alive. */
  after(delay: Millis, run: () => void): Timer;
  /** Calls `run` every `period` ms. Does not keep the process alive. */
  every(period: Millis, run: () => void): Timer;
}

/** Resolves after `delay` ms of `clock`, or rejects with the signal's reason once `signal` aborts. */
export function delay(clock: Clock, ms: Millis, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

interface DueTimer {
  at: Millis;
  sequence: number;
  run: () => void;
  period: Millis | undefined;
  live: boolean;
}

/** A clock that moves only when told to: `advance` runs the timers that fall due, in order of their time. */
export class VirtualClock implements Clock {
  #now: Millis;
  readonly #epoch: Millis;
  #sequence = 0;
  readonly #due: DueTimer[] = [];

  constructor(options: { start?: Millis; epoch?: Millis } = {}) {
    this.#now = options.start ?? 0;
    this.#epoch = options.epoch ?? Date.UTC(2026, 0, 1);
  }

  now(): Millis {
    return this.#now;
  }

  wall(): Millis {
    return this.#epoch + this.#now;
  }

  after(delayMs: Millis, run: () => void): Timer {
    return this.#schedule(delayMs, run, undefined);
  }

  every(period: Millis, run: () => void): Timer {
    return this.#schedule(period, run, period);
  }

  /** Moves time on by `ms`, running what falls due on the way. */
  advance(ms: Millis): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#due[0];
      if (next === undefined || next.at > end) break;
      this.#due.shift();
      if (!next.live) continue;
      this.#now = next.at;
      if (next.period !== undefined) {
        next.at += next.period;
        this.#insert(next);
      }
      next.run();
    }
    this.#now = end;
  }

  #schedule(delayMs: Millis, run: () => void, period: Millis | undefined): Timer {
    const entry: DueTimer = {
      at: this.#now + Math.max(0, delayMs),
      sequence: this.#sequence++,
      run,
      period,
      live: true,
    };
    this.#insert(entry);
    return {
      cancel: () => {
        entry.live = false;
      },
    };
  }

  #insert(entry: DueTimer): void {
    let low = 0;
    let high = this.#due.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#due[middle]!;
      if (other.at < entry.at || (other.at === entry.at && other.sequence < entry.sequence)) low = middle + 1;
      else high = middle;
    }
    this.#due.splice(low, 0, entry);
  }
}
