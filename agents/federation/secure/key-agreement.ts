// Keys that two nodes of a group share: X25519 (RFC 7748) between key pairs made for one round, HKDF-SHA256 (RFC 5869)
// bound to the group and to what the key is for.

import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import type { SecretSource } from '../privacy/secret-numbers.ts';
import { fieldSecret, SECRET_BYTES } from './shamir.ts';

/** PKCS #8 and SubjectPublicKeyInfo of X25519 up to the 32 bytes of the key (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');

const TAG = 16;
/** Of a box with two shares in it. */
export const BOX_BYTES = 2 * SECRET_BYTES + TAG;

/** Of the key of a box from one place to another; both directions have their own. */
export const boxUse = (from: number, to: number): string => `box ${from} ${to}`;
export const MASK_USE = 'mask';

export interface AgreementPair {
  /** 32 bytes; a number of Shamir's field, so that it can be shared out. */
  secret: Uint8Array;
  /** 32 bytes. */
  publicKey: Uint8Array;
  /** The secret, read once. */
  key: KeyObject;
}

export function newPair(secrets: SecretSource): AgreementPair {
  return pairOf(fieldSecret(secrets));
}

/** The pair whose secret was put together again from its shares. */
export function pairOf(secret: Uint8Array): AgreementPair {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, secret]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return { secret, publicKey: Buffer.from(x ?? '', 'base64url'), key };
}

/**
 * 32 bytes that only these two can compute. Undefined for a public key that would make them known to all (a point of
 * small order) or is none. Never throws.
 */
export function agree(mine: AgreementPair, theirs: Uint8Array, group: string, use: string): Uint8Array | undefined {
  try {
    const publicKey = createPublicKey({ key: Buffer.concat([SPKI, theirs]), format: 'der', type: 'spki' });
    const shared = diffieHellman({ privateKey: mine.key, publicKey });
    if (shared.every((byte) => byte === 0)) return undefined;
    return new Uint8Array(hkdfSync('sha256', shared, Buffer.from(group, 'hex'), `parlmesh secure 1 ${use}`, 32));
  } catch {
    return undefined;
  }
}

/** Two shares for one node: ChaCha20-Poly1305 (RFC 8439). The key serves once, so the nonce can be zero. */
export function sealBox(key: Uint8Array, maskingShare: Uint8Array, seedShare: Uint8Array): Uint8Array {
  const cipher = createCipheriv('chacha20-poly1305', key, NONCE, { authTagLength: TAG });
  return Buffer.concat([cipher.update(maskingShare), cipher.update(seedShare), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined when it was not sealed with this key or was changed on the way. */
export function openBox(
  key: Uint8Array,
  box: Uint8Array,
): { maskingShare: Uint8Array; seedShare: Uint8Array } | undefined {
  if (box.length !== BOX_BYTES) return undefined;
  try {
    const decipher = createDecipheriv('chacha20-poly1305', key, NONCE, { authTagLength: TAG });
    decipher.setAuthTag(box.subarray(2 * SECRET_BYTES));
    const opened = Buffer.concat([decipher.update(box.subarray(0, 2 * SECRET_BYTES)), decipher.final()]);
    return { maskingShare: opened.subarray(0, SECRET_BYTES), seedShare: opened.subarray(SECRET_BYTES) };
  } catch {
    return undefined;
  }
}

const NONCE = new Uint8Array(12);
