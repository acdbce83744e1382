// What a node does for a round once it has accepted: brings the model, trains within its budget, protects and packs what came of
// it, and signs it.

import type { Clock } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Random } from '../../../core/random.ts';
import { makeSigned } from '../../oracle/keys.ts';
import type { Learner } from '../learner.ts';
import { type DeclineReason, type Invitation, type RoundKeys, sha256, type UpdateHeader } from '../messages.ts';
import { fetchModel } from './model-fetch.ts';
import type { Pending } from './notes.ts';
import type { Protection, Release, UpdateCodec } from './ports.ts';
import type { Post } from './post.ts';

export interface TrainingParts {
  keys: RoundKeys;
  post: Post;
  codec: UpdateCodec;
  protection?: Protection;
  /** Seconds of one processor that this board gives at most. */
  budget(learner: string): number;
  clock: Clock;
  random: Random;
}

const MOST_METRICS = 16;

/** Why an accepted invitation comes to nothing. */
export class Withdrawn extends ParlmeshError {
  readonly reason: DeclineReason;

  constructor(reason: DeclineReason, cause: string) {
    super('FEDERATION_WITHDRAWN', cause);
    this.reason = reason;
  }
}

/** What is ready to be sent, once it may leave. */
export interface Prepared {
  pending: Pending;
  /** Asked until it says so; left out, it may. */
  release?: () => Promise<Release>;
}

/** Rejects with `Withdrawn` or what training throws, or once `signal` aborts. */
export async function trainFor(
  invitation: Invitation,
  learner: Learner,
  parts: TrainingParts,
  signal: AbortSignal,
): Promise<Prepared> {
  const { keys, codec, protection, clock, budget } = parts;
  const receivedAt = clock.now();
  const model = await fetchModel(parts, invitation, learner, signal);
  const plan = { ...invitation.plan, budget: Math.min(invitation.plan.budget, budget(learner.name)) };
  const startedAt = clock.now();
  const { delta, examples, metrics } = await learner.train(model, plan, signal);
  signal.throwIfAborted();
  const seconds = (clock.now() - startedAt) / 1000;
  if (examples < 1) throw new Withdrawn('nothing-new', 'there was nothing to train on after all');
  if (delta.length !== learner.size || !delta.every(Number.isFinite)) {
    throw new Withdrawn('training-failed', 'training came to numbers that are not finite');
  }
  const told = (await protection?.metrics?.(invitation, finite(metrics))) ?? finite(metrics);
  const safe = await protection?.protect(invitation, delta);
  const data = codec.pack({ learner: learner.name, format: learner.format, size: learner.size }, safe?.delta ?? delta);
  const { id, round, coordinator, base, mode, lasts } = invitation;
  const header: UpdateHeader = {
    ...{ id, learner: learner.name, format: learner.format, round, coordinator, node: keys.self, base },
    ...{ examples: Math.round(examples), seconds, metrics: told, codec: codec.name },
    ...{ bytes: data.length, digest: sha256(data) },
    ...(safe?.extras !== undefined && { extras: safe.extras }),
  };
  const left = Math.max(0, lasts - (clock.now() - receivedAt));
  const pending: Pending = {
    ...{ id, learner: learner.name, coordinator, mode },
    header: makeSigned((body) => keys.sign('federation-update', body), header),
    data: Buffer.from(data).toString('base64'),
    lasts: left,
    ...(safe !== undefined && { held: { term: invitation.term, round, examples, until: clock.wall() + left } }),
  };
  return { pending, ...(safe !== undefined && { release: () => safe.release(data, examples) }) };
}

function finite(metrics: Record<string, number>): Record<string, number> {
  const good = Object.entries(metrics).filter(([name, value]) => name.length <= 64 && Number.isFinite(value));
  return Object.fromEntries(good.slice(0, MOST_METRICS));
}

/** Settles with `work`, or rejects at once when `signal` aborts: a learner may take a while to notice. */
export function aborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
