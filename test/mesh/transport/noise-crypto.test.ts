import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noiseCrypto } from '../../../mesh/transport/noise-crypto.ts';

const key = new Uint8Array(32).fill(5);
const nonce = new Uint8Array(12).fill(6);
const ad = new Uint8Array(0);

describe('The cipher of connections', () => {
  it('is that of libp2p, whichever side uses which, for messages of any length', () => {
    const ours = noiseCrypto();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4000 }), (plain) => {
        const bytes = (data: { subarray(): Uint8Array }): number[] => [...data.subarray()];
        const sealed = ours.chaCha20Poly1305Encrypt(plain, nonce, ad, key);
        expect(bytes(sealed)).toEqual(bytes(defaultCrypto.chaCha20Poly1305Encrypt(plain, nonce, ad, key)));
        expect(bytes(ours.chaCha20Poly1305Decrypt(sealed, nonce, ad, key))).toEqual([...plain]);
      }),
      { numRuns: 60 },
    );
  });

  it('throws at what was changed on the way', () => {
    const ours = noiseCrypto();
    const sealed = ours.chaCha20Poly1305Encrypt(new Uint8Array(3000), nonce, ad, key).subarray();
    for (const at of [0, 1500, sealed.length - 1]) {
      const changed = Uint8Array.from(sealed);
      changed[at]! ^= 1;
      expect(() => ours.chaCha20Poly1305Decrypt(changed, nonce, ad, key)).toThrow();
    }
  });
});
