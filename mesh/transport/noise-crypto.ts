// The cipher of connections: libp2p's own for small messages, and for large ones Node's with keys that are prepared
// once. To name a key by its bytes, as libp2p does, costs Node twice the time of sealing 16 KiB.

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { ICryptoInterface } from '@chainsafe/libp2p-noise';
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto';

const CIPHER = 'chacha20-poly1305';
const TAG_BYTES = 16;
/** Below this libp2p's cipher in WebAssembly is faster than a call to Node's. */
const SMALL_BYTES = 1200;

export function noiseCrypto(): ICryptoInterface {
  const prepared = new WeakMap<Uint8Array, KeyObject>();
  const keyOf = (bytes: Uint8Array): KeyObject => {
    let key = prepared.get(bytes);
    if (key === undefined) {
      key = createSecretKey(bytes);
      prepared.set(bytes, key);
    }
    return key;
  };
  return {
    ...defaultCrypto,
    chaCha20Poly1305Encrypt: (plain, nonce, ad, k) => {
      if (plain.byteLength < SMALL_BYTES) return defaultCrypto.chaCha20Poly1305Encrypt(plain, nonce, ad, k);
      const cipher = createCipheriv(CIPHER, keyOf(k), nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(ad, { plaintextLength: plain.byteLength });
      return Buffer.concat([cipher.update(plain.subarray()), cipher.final(), cipher.getAuthTag()]);
    },
    chaCha20Poly1305Decrypt: (sealed, nonce, ad, k, dst) => {
      if (sealed.byteLength < SMALL_BYTES) return defaultCrypto.chaCha20Poly1305Decrypt(sealed, nonce, ad, k, dst);
      const bytes = sealed.subarray();
      const decipher = createDecipheriv(CIPHER, keyOf(k), nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(ad, { plaintextLength: bytes.length - TAG_BYTES });
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      const plain = decipher.update(bytes.subarray(0, bytes.length - TAG_BYTES));
      // A stream cipher holds nothing back; this is where the tag is checked.
      decipher.final();
      return plain;
    },
  };
}
