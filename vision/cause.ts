// Why something failed, as one line for a camera's state or a detector's: what happened, and what to do about it.

import { messageOf, ParlmeshError } from '../core/errors.ts';

export function causeOf(thrown: unknown): string {
  const hint = thrown instanceof ParlmeshError ? thrown.hint : undefined;
  const message = messageOf(thrown);
  return hint === undefined ? message : `${message}; ${hint.charAt(0).toLowerCase()}${hint.slice(1)}`;
}
