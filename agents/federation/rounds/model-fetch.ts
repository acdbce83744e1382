// Brings the model of a round to this node, piece by piece, and goes on where it was cut.

import { type BackoffOptions, backoff } from '../../../core/backoff.ts';
import { type Clock, delay, type Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Random } from '../../../core/random.ts';
import type { Learner, Model } from '../learner.ts';
import { bytesOf, frameOf, type Invitation, MODEL, ModelPiece, parametersOf, readFrame, sha256 } from '../messages.ts';
import type { Post } from './post.ts';

const RETRY: BackoffOptions = { first: 300, most: 10_000 };
const ANSWER_WITHIN: Millis = 10_000;

export interface ModelFetchParts {
  post: Post;
  clock: Clock;
  random: Random;
}

/** Rejects with `MODEL_MISSING` when the coordinator has it no more or sends another, or once `signal` aborts. */
export async function fetchModel(
  { post, clock, random }: ModelFetchParts,
  { coordinator, learner: name, base: version, digest, size }: Invitation,
  learner: Learner,
  signal: AbortSignal,
): Promise<Model> {
  const own = learner.current();
  if (own.version === version && sha256(bytesOf(own.parameters)) === digest) return own;
  const bytes = new Uint8Array(size * 4);
  let have = 0;
  for (let failures = 0; have < bytes.length; ) {
    signal.throwIfAborted();
    try {
      const asked = frameOf({ learner: name, version, offset: have });
      const reply = readFrame(ModelPiece, await post.ask(coordinator, MODEL, asked, ANSWER_WITHIN));
      if (reply?.header.total === 0) throw missing(`${coordinator} does not serve it to this node`);
      const { length = 0 } = reply?.bytes ?? {};
      if (reply?.header.total !== bytes.length || length === 0 || have + length > bytes.length) {
        throw missing(`${coordinator} sends something else`);
      }
      bytes.set(reply.bytes, have);
      have += length;
      failures = 0;
    } catch (thrown) {
      if (thrown instanceof ParlmeshError && thrown.code === 'MODEL_MISSING') throw thrown;
      await delay(clock, backoff(failures++, RETRY, random), signal);
    }
  }
  const parameters = sha256(bytes) === digest ? parametersOf(bytes) : undefined;
  if (parameters === undefined) throw missing(`${coordinator} sent other bytes than it signed for`);
  return { version, parameters };

  function missing(why: string): ParlmeshError {
    return new ParlmeshError('MODEL_MISSING', `Model ${version} of ${name} could not be had: ${why}`);
  }
}
