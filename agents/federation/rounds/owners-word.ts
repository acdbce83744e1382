// An update that is packed and waits for its owner's word: asked again until it may leave or must not.

import { type Clock, delay, type Millis } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Pending } from './notes.ts';
import type { Protection, Release } from './ports.ts';
import { Withdrawn } from './training.ts';

const ASK_AGAIN: Millis = 5000;

/**
 * Resolves once it may leave. Rejects with `Withdrawn`, with what `waits` rejects with, or once `signal` aborts.
 * @param waits called once, when it has to wait
 */
export async function untilReleased(
  release: () => Promise<Release>,
  waits: (cause: string) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (let isAsked = false; ; isAsked = true) {
    signal.throwIfAborted();
    const answer = await release();
    if (answer.kind === 'leave') return;
    if (answer.kind === 'refused') throw new Withdrawn(answer.reason, answer.cause);
    if (!isAsked) await waits(answer.cause);
    await delay(clock, ASK_AGAIN, signal);
  }
}

/** The question of an earlier life, by the bytes that were kept. While nobody can answer it waits. */
export function releaseOfKept(
  { learner, coordinator, data, held }: Pending,
  protection: Protection | undefined,
): () => Promise<Release> {
  return async () => {
    if (held === undefined || protection?.releaseAgain === undefined) return { kind: 'leave' };
    const { term, round, examples } = held;
    try {
      return await protection.releaseAgain(
        { learner, term, round, coordinator },
        Buffer.from(data, 'base64'),
        examples,
      );
    } catch (thrown) {
      return { kind: 'held', cause: messageOf(thrown) };
    }
  };
}
