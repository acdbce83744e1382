// Signatures for tests of the federation: as long as Ed25519's, at a fraction of the time.

import { createHash } from 'node:crypto';

export interface MemberKeys {
  readonly self: string;
  sign(purpose: string, body: Uint8Array): Uint8Array;
  verify(purpose: string, signer: string, body: Uint8Array, signature: Uint8Array): boolean;
}

/** Not secret, but no node can sign for another, or for another purpose, by mistake. */
export function keysOf(self: string): MemberKeys {
  const signature = (purpose: string, signer: string, body: Uint8Array): Buffer =>
    createHash('sha512').update(`secret of ${signer} for ${purpose}:`).update(body).digest();
  return {
    self,
    sign: (purpose, body) => signature(purpose, self, body),
    verify: (purpose, signer, body, given) => signature(purpose, signer, body).equals(given),
  };
}
