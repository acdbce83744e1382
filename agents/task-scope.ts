// Where an agent's work runs: whatever it throws, now or later, fails the agent and never the daemon; whatever it
// holds is given back when the scope closes. Work that an agent starts outside its scope is outside this promise.

import type { EventEmitter } from 'node:events';
import type { Clock, Millis, Timer } from '../core/clock.ts';

type Work = (signal: AbortSignal) => void | Promise<void>;

export interface ScopeListener {
  /** Called at most once per failure, never after `close`. */
  onFailure(error: unknown): void;
  /** The number of `run` calls in progress. */
  onLoad(tasks: number): void;
}

export class TaskScope {
  readonly #clock: Clock;
  readonly #listener: ScopeListener;
  readonly #abort = new AbortController();
  readonly #releases = new Set<() => void>();
  #tasks = 0;

  constructor(clock: Clock, listener: ScopeListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Aborts when the scope closes. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Does one piece of work; the agent counts as busy until it settles. */
  run(work: Work): void {
    if (this.signal.aborted) return;
    this.#load(+1);
    void this.#contain(work).then(() => this.#load(-1));
  }

  /** Does `work` every `period` ms; a turn is skipped while the one before still runs. */
  every(period: Millis, work: Work): void {
    let running = false;
    const timer = this.#clock.every(period, () => {
      if (running) return;
      running = true;
      void this.#contain(work).then(() => {
        running = false;
      });
    });
    this.onClose(() => timer.cancel());
  }

  /** Does `work` once, `delay` ms from now. */
  after(delay: Millis, work: Work): Timer {
    const release = (): void => timer.cancel();
    const timer = this.#clock.after(delay, () => {
      this.#releases.delete(release);
      void this.#contain(work);
    });
    this.onClose(release);
    return {
      cancel: () => {
        timer.cancel();
        this.#releases.delete(release);
      },
    };
  }

  /** A callback safe to hand to anyone: it contains what `callback` throws and is silent once the scope is closed. */
  guard<Arguments extends unknown[]>(callback: (...values: Arguments) => void | Promise<void>) {
    return (...values: Arguments): void => {
      void this.#contain(() => callback(...values));
    };
  }

  /** An `error` event of `emitter` fails the agent instead of the process. */
  failOn(emitter: EventEmitter): void {
    const listener = this.guard((error: unknown) => {
      throw error;
    });
    emitter.on('error', listener);
    this.onClose(() => emitter.off('error', listener));
  }

  /** `release` is called once, when the scope closes (at once if it has). */
  onClose(release: () => void): void {
    if (this.signal.aborted) release();
    else this.#releases.add(release);
  }

  /** Aborts the work, cancels the timers and gives back what was registered. Idempotent; never throws. */
  close(): void {
    if (this.signal.aborted) return;
    this.#abort.abort();
    for (const release of this.#releases) {
      try {
        release();
      } catch {
        // What cannot be released must not keep the rest from being released.
      }
    }
    this.#releases.clear();
  }

  async #contain(work: Work): Promise<void> {
    if (this.signal.aborted) return;
    try {
      await work(this.signal);
    } catch (error) {
      if (!this.signal.aborted) this.#listener.onFailure(error);
    }
  }

  #load(change: 1 | -1): void {
    this.#tasks += change;
    if (!this.signal.aborted) this.#listener.onLoad(this.#tasks);
  }
}
