// Writes that a round cannot do without: tried again with growing pauses for as long as it takes, while the round stands
// still and says why. A full disk costs time and nothing else.

import { type BackoffOptions, backoff } from '../../../core/backoff.ts';
import { type Clock, delay, type Millis } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Random } from '../../../core/random.ts';

const RETRY: BackoffOptions = { first: 500, most: 30_000 };

export interface DurableParts {
  clock: Clock;
  random: Random;
  /** Ends all tries. */
  signal: AbortSignal;
  /** Nothing can be written any more, and why. */
  stuck(cause: string): void;
  /** It can again, after so long. */
  freed(after: Millis): void;
}

export class Durable {
  readonly #parts: DurableParts;
  #failing = 0;
  #since: Millis = 0;
  #cause = '';

  constructor(parts: DurableParts) {
    this.#parts = parts;
  }

  /** Why nothing goes on; undefined while all is well. */
  get trouble(): string | undefined {
    return this.#failing > 0 ? this.#cause : undefined;
  }

  /** Resolves once `write` has; rejects when the signal aborts, or for what will never be taken (`FEDERATION_STORE_REFUSED`). */
  async run<T>(write: () => Promise<T>): Promise<T> {
    const { clock, random, signal } = this.#parts;
    for (let attempt = 0; ; attempt++) {
      try {
        signal.throwIfAborted();
        const result = await write();
        if (attempt > 0) this.#through();
        return result;
      } catch (thrown) {
        if (signal.aborted) throw signal.reason;
        if (thrown instanceof ParlmeshError && thrown.code === 'FEDERATION_STORE_REFUSED') {
          if (attempt > 0) this.#through();
          throw thrown;
        }
        this.#failed(attempt, messageOf(thrown));
        await delay(clock, backoff(attempt, RETRY, random), signal);
      }
    }
  }

  #failed(attempt: number, cause: string): void {
    this.#cause = cause;
    if (attempt > 0) return;
    this.#failing++;
    if (this.#failing > 1) return;
    this.#since = this.#parts.clock.now();
    this.#parts.stuck(cause);
  }

  #through(): void {
    this.#failing--;
    if (this.#failing === 0) this.#parts.freed(this.#parts.clock.now() - this.#since);
  }
}
