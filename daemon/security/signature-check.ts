// Checks signatures by the ids of who signed: an id stands for a key.

import { PublicKey, rawKeyOf, type SignatureDomain } from '../../mesh/membership/keys.ts';

/** Whether a signature is that of `signer`. Never throws. */
export type SignatureCheck = (
  purpose: SignatureDomain,
  signer: string,
  body: Uint8Array,
  signature: Uint8Array,
) => boolean;

/** @param mostKeys ready keys of others that are kept; making one from its bytes costs more than a check */
export function signatureCheck(mostKeys: number): SignatureCheck {
  const known = new Map<string, PublicKey>();
  const keyOf = (id: string): PublicKey | undefined => {
    const ready = known.get(id);
    if (ready !== undefined) return ready;
    const raw = rawKeyOf(id);
    if (raw === undefined) return undefined;
    const made = new PublicKey(raw);
    const oldest = known.keys().next().value;
    if (known.size >= mostKeys && oldest !== undefined) known.delete(oldest);
    known.set(id, made);
    return made;
  };
  return (purpose, signer, body, signature) => {
    try {
      return keyOf(signer)?.verify(purpose, body, signature) ?? false;
    } catch {
      return false;
    }
  };
}
