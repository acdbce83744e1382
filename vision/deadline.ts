// A time limit for work that cannot be called off.

import type { Clock, Millis } from '../core/clock.ts';
import { ParlmeshError } from '../core/errors.ts';

/** Settles as `work` does, or rejects with `TOOK_TOO_LONG` after `limit`; the work itself goes on. */
export function within<T>(clock: Clock, limit: Millis, what: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(limit, () =>
      reject(new ParlmeshError('TOOK_TOO_LONG', `${what} takes longer than ${limit / 1000} s`)),
    );
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
