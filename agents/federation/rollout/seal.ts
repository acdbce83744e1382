// Signed statements on models: what came out of which round, and what must not serve any more. The id of a node is its public
// key, so that a statement can be checked wherever it was passed on to.

import type { Static, TSchema } from 'typebox';
import { bodyOf, makeSigned } from '../../oracle/keys.ts';
import type { ModelOrigin } from '../learner.ts';
import type { SignedText } from '../messages.ts';
import type { Candidate } from './candidate.ts';
import type { ModelSeal } from './messages.ts';

export const MODEL_PURPOSE = 'federation-model';

/** The keys of this node, as the daemon hands them in. */
export interface SealKeys {
  readonly self: string;
  sign(purpose: typeof MODEL_PURPOSE, body: Uint8Array): Uint8Array;
  /** Is that the signature of `signer`, a member of the network? Never throws. */
  verify(purpose: typeof MODEL_PURPOSE, signer: string, body: Uint8Array, signature: Uint8Array): boolean;
}

const MOST_NAMED = 64;

export function sealOf({ learner, format, parameters, origin }: Candidate, version: string, self: string): ModelSeal {
  const { parent, round, madeAt, nodes, examples } = origin;
  const size = parameters.length;
  // The coordinator that rolls it out answers for it; the round may have been another one's.
  return {
    ...{ learner, format, size, version, parent, coordinator: self, round, madeAt },
    ...{ nodeCount: nodes.length, nodes: nodes.slice(0, MOST_NAMED), examples },
  };
}

export function originOf({ parent, coordinator, round, madeAt, nodes, examples }: ModelSeal): ModelOrigin {
  return { parent, coordinator, round, madeAt, nodes, examples };
}

export function signStatement(keys: SealKeys, statement: object): SignedText {
  return makeSigned((body) => keys.sign(MODEL_PURPOSE, body), statement);
}

/** The statement, if it is one of that kind and its own coordinator signed it. Never throws. */
export function readStatement<S extends TSchema>(
  keys: SealKeys,
  schema: S,
  signed: SignedText | undefined,
): Static<S> | undefined {
  if (signed === undefined) return undefined;
  const statement: Static<S> | undefined = bodyOf(schema, signed);
  const signer: unknown = (statement as { coordinator?: unknown } | undefined)?.coordinator;
  if (statement === undefined || typeof signer !== 'string') return undefined;
  const signature = Buffer.from(signed.signature, 'base64');
  const isOne = signature.toString('base64') === signed.signature;
  return isOne && keys.verify(MODEL_PURPOSE, signer, Buffer.from(signed.body), signature) ? statement : undefined;
}
