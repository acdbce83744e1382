// A model that is not what its manifest says.

import { ParlmeshError } from '../../core/errors.ts';

/** @param what is wrong, as a clause: `its output scores is …` */
export function misfit(what: string): ParlmeshError {
  return new ParlmeshError('MODEL_MISFIT', what, { hint: 'docs/models.md describes what a manifest says' });
}

/** For outputs with NaN. */
export function noNumber(what: string): ParlmeshError {
  return misfit(`its ${what} hold values that are no numbers`);
}
