// A promise that is not waited for without end.

import { type Clock, delay, type Millis } from '../../core/clock.ts';

/** A reason of our own costs less than the exception that is made without one. */
export const OVER = 'over';

/** Settles as `promise` does, or rejects with what `late` returns once `ms` are over. */
export async function within<T>(clock: Clock, ms: Millis, promise: Promise<T>, late: () => Error): Promise<T> {
  const over = new AbortController();
  const tooLate = delay(clock, ms, over.signal).then(() => {
    throw late();
  });
  tooLate.catch(() => {});
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    over.abort(OVER);
  }
}
