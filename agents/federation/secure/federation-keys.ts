// The node's key as the federation uses it. The daemon hands it in; a signature made for one purpose never passes for
// another.

import { createHash } from 'node:crypto';

export type FederationPurpose = 'federation-update' | 'secure-aggregation';

export interface FederationKeys {
  /** Id of this node, which is its public key. */
  readonly self: string;
  sign(purpose: FederationPurpose, body: Uint8Array): Uint8Array;
  /**
   * Is that the signature of `signer`, and is that a member of the network now? Without the second, a coordinator could fill a
   * group with nodes that it made up. Never throws.
   */
  verify(purpose: FederationPurpose, signer: string, body: Uint8Array, signature: Uint8Array): boolean;
}

/** SHA-256, hexadecimal, of the parts one after the other. */
export function digestOf(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
