// What is wrong with an invitation, however the node is that was invited.

import type { Learner } from '../learner.ts';
import type { Answer, DeclineReason, Invitation, RoundKeys, SignedText } from '../messages.ts';
import type { Leadership } from './ports.ts';

type Declined = Extract<Answer, { kind: 'declined' }>;

export const no = (reason: DeclineReason, cause: string): Declined => ({
  ...{ kind: 'declined', reason, cause: cause.slice(0, 500) },
});

/** Undefined: nothing. @param origin who brought it, when that must be the coordinator itself */
export function wrongWith(
  { coordinator, term, learner: name, format, size }: Invitation,
  { body, signature }: SignedText,
  learner: Learner | undefined,
  { keys, leadership }: { keys: RoundKeys; leadership: Leadership },
  origin: string | undefined,
): Declined | undefined {
  const isRight = keys.verify(
    'federation-invitation',
    coordinator,
    Buffer.from(body),
    Buffer.from(signature, 'base64'),
  );
  if (!isRight || (origin !== undefined && origin !== coordinator))
    return no('forged', 'the coordinator did not sign it');
  const seat = leadership.current();
  if (seat?.node !== coordinator) return no('not-coordinator', 'another node coordinates, as far as this one knows');
  if (term < seat.term) return no('stale', `it is of term ${term}, this is ${seat.term}`);
  if (learner === undefined) return no('unknown-learner', `${name} is not federated here`);
  if (format === learner.format && size === learner.size) return undefined;
  return no(
    'unfit',
    `its models are of format ${format} with ${size} numbers, those here of ${learner.format} with ${learner.size}`,
  );
}
