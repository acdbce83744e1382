// A task that is tried for as long as it takes, ever more seldom, one try at a time.

import { type BackoffOptions, backoff } from '../../core/backoff.ts';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';

export interface RetryParts {
  /** A rejection is tried again. */
  task: () => Promise<void>;
  backoff: BackoffOptions;
  clock: Clock;
  random: Random;
}

export class Retry {
  readonly #parts: RetryParts;
  #timer: Timer | undefined;
  #failures = 0;
  #isBusy = false;
  #isWanted = false;
  #isStopped = false;

  constructor(parts: RetryParts) {
    this.#parts = parts;
  }

  /** Tries it at a moment within `spread`, instead of when it was to be tried again. */
  within(spread: Millis): void {
    if (this.#isBusy) this.#isWanted = true;
    else this.#plan(this.#parts.random.next() * spread);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #plan(wait: Millis): void {
    this.#timer?.cancel();
    if (!this.#isStopped) this.#timer = this.#parts.clock.after(wait, () => void this.#try());
  }

  async #try(): Promise<void> {
    const { task, random } = this.#parts;
    this.#isBusy = true;
    this.#isWanted = false;
    try {
      await task();
      this.#failures = 0;
      if (this.#isWanted) this.#plan(0);
    } catch {
      this.#plan(backoff(this.#failures++, this.#parts.backoff, random));
    } finally {
      this.#isBusy = false;
    }
  }
}
