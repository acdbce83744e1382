// Brings an update to the coordinator: piece by piece, from where the coordinator has it, until it is acknowledged, refused
// for good, or nobody wants it any more.

import { type BackoffOptions, backoff } from '../../../core/backoff.ts';
import { type Clock, delay, type Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Random } from '../../../core/random.ts';
import { frameOf, PIECE_BYTES, Receipt, type Refusal, readFrame, UPDATE } from '../messages.ts';
import type { Pending } from './notes.ts';
import type { Post } from './post.ts';

const RETRY: BackoffOptions = { first: 500, most: 20_000 };
const ANSWER_WITHIN: Millis = 10_000;
/** After the round should be over: the coordinator may have stood still for as long. */
const LINGER: Millis = 3_600_000;

export type Delivered =
  | { kind: 'taken' }
  | { kind: 'refused'; reason: Refusal; cause: string }
  /** Nobody took it in all the time. */
  | { kind: 'given-up' };

export interface DeliveryParts {
  post: Post;
  clock: Clock;
  random: Random;
}

/** Rejects only when `signal` aborts. */
export async function deliver(
  { post, clock, random }: DeliveryParts,
  { coordinator, header, data: packed, lasts }: Pending,
  signal: AbortSignal,
): Promise<Delivered> {
  const data = Buffer.from(packed, 'base64');
  const until = clock.now() + lasts + LINGER;
  let have = 0;
  for (let failures = 0; ; ) {
    signal.throwIfAborted();
    try {
      const frame = frameOf({ header, offset: have }, data.subarray(have, have + PIECE_BYTES));
      const receipt = readFrame(Receipt, await post.ask(coordinator, UPDATE, frame, ANSWER_WITHIN))?.header;
      if (receipt?.kind === 'taken') return receipt;
      if (receipt?.kind === 'refused' && !receipt.again) return receipt;
      if (receipt?.kind !== 'more') throw new ParlmeshError('UPDATE_PUT_OFF', 'not now');
      // No step forward counts as a failure, so that nothing turns in circles.
      failures = receipt.have > have ? 0 : failures + 1;
      have = Math.min(receipt.have, data.length);
      if (failures === 0) continue;
    } catch {
      failures++;
    }
    if (clock.now() >= until) return { kind: 'given-up' };
    await delay(clock, backoff(failures - 1, RETRY, random), signal);
  }
}
