// The keys of node and network as the oracle uses them.

import type { OracleKeys, OracleNetwork, Purpose } from '../../agents/oracle/keys.ts';
import type { PublicKey, SigningKey } from '../../mesh/membership/keys.ts';
import { signatureCheck } from './signature-check.ts';

/** Ready keys of others. */
const MOST_KEYS = 2_000;

/** The network as its credentials tell it. */
export interface NetworkCredentials {
  network: { id: string };
  authority: PublicKey;
  authorityKey: SigningKey | undefined;
}

/** @param credentials of the network that this node is in now; undefined while it is in none */
export function oracleKeys(key: SigningKey, credentials: () => NetworkCredentials | undefined): OracleKeys {
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
    verify: signatureCheck(MOST_KEYS),
  };
}

function viewOf({ network, authority, authorityKey }: NetworkCredentials): OracleNetwork {
  const signAsAuthority =
    authorityKey === undefined ? undefined : (purpose: Purpose, body: Uint8Array) => authorityKey.sign(purpose, body);
  return { id: network.id, authority: authority.nodeId, signAsAuthority };
}
