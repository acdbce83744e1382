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
  /** A binary heap: the next one first. */
  readonly #due: DueTimer[] = [];
  #fired = 0;

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
      this.#takeFirst();
      if (!next.live) continue;
      this.#now = next.at;
      if (next.period !== undefined) {
        next.at += next.period;
        this.#insert(next);
      }
      this.#fired++;
      next.run();
    }
    this.#now = end;
  }

  /** Timers that ran so far. */
  get fired(): number {
    return this.#fired;
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
    const due = this.#due;
    let at = due.length;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!isBefore(entry, due[parent]!)) break;
      due[at] = due[parent]!;
      at = parent;
    }
    due[at] = entry;
  }

  #takeFirst(): void {
    const due = this.#due;
    const last = due.pop();
    if (last === undefined || due.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= due.length) break;
      if (child + 1 < due.length && isBefore(due[child + 1]!, due[child]!)) child++;
      if (!isBefore(due[child]!, last)) break;
      due[at] = due[child]!;
      at = child;
    }
    due[at] = last;
  }
}

const isBefore = (a: DueTimer, b: DueTimer): boolean => a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
