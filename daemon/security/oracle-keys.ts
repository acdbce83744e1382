// The keys of node and network as the oracle uses them.

import type { OracleKeys, OracleNetwork, Purpose } from '../../agents/oracle/keys.ts';
import { PublicKey, rawKeyOf, type SigningKey } from '../../mesh/membership/keys.ts';

/** Ready keys of others; making one from its bytes costs more than a check. */
const MOST_KEYS = 2_000;

/** The network as its credentials tell it. */
export interface NetworkCredentials {
  network: { id: string };
  authority: PublicKey;
  authorityKey: SigningKey | undefined;
}

/** @param credentials of the network that this node is in now; undefined while it is in none */
export function oracleKeys(key: SigningKey, credentials: () => NetworkCredentials | undefined): OracleKeys {
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
  let network: { of: NetworkCredentials; view: OracleNetwork } | undefined;
  return {
    self: key.nodeId,
    network: () => {
      const of = credentials();
      if (of === undefined) return undefined;
      if (network?.of !== of) network = { of, view: viewOf(of) };
      return network.view;
    },
    sign: (purpose, body) => key.sign(purpose, body),
    verify: (purpose, signer, body, signature) => {
      try {
        return keyOf(signer)?.verify(purpose, body, signature) ?? false;
      } catch {
        return false;
      }
    },
  };
}

function viewOf({ network, authority, authorityKey }: NetworkCredentials): OracleNetwork {
  const signAsAuthority =
    authorityKey === undefined ? undefined : (purpose: Purpose, body: Uint8Array) => authorityKey.sign(purpose, body);
  return { id: network.id, authority: authority.nodeId, signAsAuthority };
}
