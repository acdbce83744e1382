// What is refused before any node is asked to play it: models of another shape, too large, not finite, or of a behaviour that
// no sound model has.

import { ParlmeshError } from '../../../core/errors.ts';
import type { Learner, Model } from '../learner.ts';
import { checkModel } from '../learners/kept-model.ts';
import { versionOf } from '../learners/vectors.ts';
import type { Candidate } from './candidate.ts';
import { MOST_NUMBERS } from './messages.ts';

/** Throws `MODEL_INVALID` for what no node could serve, whatever it does. */
export function admit({ format, parameters }: Candidate, learner: Learner): Model {
  if (format !== learner.format) throw invalid(`its format is ${format}, not ${learner.format}`);
  if (parameters.length > MOST_NUMBERS) {
    throw invalid(`it has ${parameters.length} numbers; ${MOST_NUMBERS} is the most`);
  }
  const model = { version: versionOf(parameters), parameters };
  checkModel(model, learner.size);
  return model;
}

/** Rejects with `MODEL_INVALID`, with what the learner found. @param served what the network serves */
export async function scrutinise({ parameters }: Model, served: Model, learner: Learner): Promise<void> {
  const doubt = await learner.inspect?.(parameters, served.parameters);
  if (doubt !== undefined) throw invalid(doubt);
}

function invalid(why: string): ParlmeshError {
  return new ParlmeshError('MODEL_INVALID', `The candidate cannot serve: ${why}`);
}
