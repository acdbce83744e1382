// The key of this node as the federation uses it, and who counts as a member: a signature of somebody else is none.

import type { RoundKeys } from '../../agents/federation/messages.ts';
import type { SealKeys } from '../../agents/federation/rollout/seal.ts';
import type { FederationKeys } from '../../agents/federation/secure/federation-keys.ts';
import { PublicKey, rawKeyOf, type SignatureDomain, type SigningKey } from '../../mesh/membership/keys.ts';

/** For questions over a broker. */
export interface BrokerKeys {
  sign(purpose: 'broker', body: Uint8Array): Uint8Array;
  verify(purpose: 'broker', signer: string, body: Uint8Array, signature: Uint8Array): boolean;
}

/** Ready keys of others; making one from its bytes costs more than a check. */
const MOST_KEYS = 10_000;

/** @param isMember whether a node belongs to the network now */
export function federationKeys(
  key: SigningKey,
  isMember: (node: string) => boolean,
): RoundKeys & SealKeys & FederationKeys & BrokerKeys {
  const known = new Map<string, PublicKey>();
  const keyOf = (id: string): PublicKey | undefined => {
    const ready = known.get(id);
    if (ready !== undefined) return ready;
    const raw = rawKeyOf(id);
    if (raw === undefined) return undefined;
    const made = new PublicKey(raw);
    const oldest = known.keys().next().value;
    if (known.size >= MOST_KEYS && oldest !== undefined) known.delete(oldest);
    known.set(id, made);
    return made;
  };
  return {
    self: key.nodeId,
    sign: (purpose: SignatureDomain, body: Uint8Array) => key.sign(purpose, body),
    verify: (purpose: SignatureDomain, signer: string, body: Uint8Array, signature: Uint8Array) => {
      if (signer !== key.nodeId && !isMember(signer)) return false;
      try {
        return keyOf(signer)?.verify(purpose, body, signature) ?? false;
      } catch {
        return false;
      }
    },
  };
}
