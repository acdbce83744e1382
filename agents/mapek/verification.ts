// Waits for the effect of what was done: by an own look where there is one, else by what is heard.

import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Verifier } from './action.ts';
import type { Analyzer } from './analyzer.ts';
import { type Symptom, symptomKey } from './symptom.ts';

/** Gone is what something says to be well; that nothing is heard any more is no proof. */
export class HearingVerifier implements Verifier {
  readonly #analyzer: Analyzer;
  readonly #clock: Clock;

  constructor(analyzer: Analyzer, clock: Clock) {
    this.#analyzer = analyzer;
    this.#clock = clock;
  }

  isGone(symptom: Symptom, within: Millis, signal: AbortSignal): Promise<boolean> {
    const key = symptomKey(symptom);
    const isGone = (): boolean => !this.#analyzer.isPresent(key) && this.#analyzer.isSeenWell(key);
    if (isGone()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = this.#clock.after(within, () => resolve(isGone()));
      const stop = (): void => {
        timer.cancel();
        resolve(false);
      };
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

export interface VerificationParts {
  verifier: Verifier;
  clock: Clock;
  logger: Logger;
}

/** The verifications that are under way, by the number that the core knows them by. */
export class Verifications {
  readonly #parts: VerificationParts;
  readonly #running = new Map<number, AbortController>();

  constructor(parts: VerificationParts) {
    this.#parts = parts;
  }

  /** Resolves with whether it is gone, or with undefined when that is not asked any more. Never rejects. */
  async run(check: number, symptom: Symptom, within: Millis): Promise<boolean | undefined> {
    const { verifier, clock, logger } = this.#parts;
    const abort = new AbortController();
    this.#running.set(check, abort);
    // A verifier of the daemon that hangs is not waited for any longer than twice its time.
    const late = clock.after(2 * within, () => abort.abort('late'));
    let isGone = false;
    try {
      const stopped = new Promise<boolean>((resolve) => {
        abort.signal.addEventListener('abort', () => resolve(false), { once: true });
      });
      isGone = await Promise.race([verifier.isGone(symptom, within, abort.signal), stopped]);
    } catch (error) {
      logger.warn({ subject: symptom.subject, error: messageOf(error) }, 'a verification failed');
    }
    late.cancel();
    this.#running.delete(check);
    return abort.signal.aborted && abort.signal.reason !== 'late' ? undefined : isGone;
  }

  stop(check: number): void {
    this.#running.get(check)?.abort('not asked any more');
  }

  stopAll(): void {
    for (const check of this.#running.keys()) this.stop(check);
  }
}
