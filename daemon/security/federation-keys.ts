// The key of this node as the federation uses it, and who counts as a member: a signature of somebody else is none.

import type { RoundKeys } from '../../agents/federation/messages.ts';
import type { SealKeys } from '../../agents/federation/rollout/seal.ts';
import type { FederationKeys } from '../../agents/federation/secure/federation-keys.ts';
import type { SignatureDomain, SigningKey } from '../../mesh/membership/keys.ts';
import { signatureCheck } from './signature-check.ts';

/** For questions over a broker. */
export interface BrokerKeys {
  sign(purpose: 'broker', body: Uint8Array): Uint8Array;
  verify(purpose: 'broker', signer: string, body: Uint8Array, signature: Uint8Array): boolean;
}

/** Ready keys of others. */
const MOST_KEYS = 10_000;

/** @param isMember whether a node belongs to the network now */
export function federationKeys(
  key: SigningKey,
  isMember: (node: string) => boolean,
): RoundKeys & SealKeys & FederationKeys & BrokerKeys {
  const isSignedBy = signatureCheck(MOST_KEYS);
  return {
    self: key.nodeId,
    sign: (purpose: SignatureDomain, body: Uint8Array) => key.sign(purpose, body),
    verify: (purpose: SignatureDomain, signer: string, body: Uint8Array, signature: Uint8Array) =>
      (signer === key.nodeId || isMember(signer)) && isSignedBy(purpose, signer, body, signature),
  };
}
