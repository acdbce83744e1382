// How two nodes agree on the keys of their probes: X25519 shares said over the authenticated connection, then HKDF.
// Each direction has its own key, so that a sequence number is never used twice with one.

import { createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { NodeId } from '../membership/keys.ts';

export interface KeyShare {
  /** 32 bytes, as it goes over the wire. */
  share: Uint8Array;
  privateKey: KeyObject;
}

/** 32 bytes each, for ChaCha20-Poly1305. */
export interface ProbeKeys {
  send: Uint8Array;
  receive: Uint8Array;
}

const KEY_BYTES = 32;
/** What precedes the 32 bytes of an X25519 public key in SubjectPublicKeyInfo (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

export function newKeyShare(): KeyShare {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { privateKey, share: new Uint8Array(spki.subarray(SPKI_PREFIX.length)) };
}

/**
 * @param purpose keys made for one never fit another
 * Throws `PROBE_SHARE_INVALID` when the peer's share is no X25519 key, or one that leads to a known secret.
 */
export function agree(
  own: KeyShare,
  self: NodeId,
  theirShare: Uint8Array,
  peer: NodeId,
  purpose: 'probe' | 'relay' = 'probe',
): ProbeKeys {
  let secret: Buffer;
  try {
    const publicKey = createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, theirShare]),
      type: 'spki',
      format: 'der',
    });
    secret = diffieHellman({ privateKey: own.privateKey, publicKey });
  } catch (cause) {
    throw new ParlmeshError('PROBE_SHARE_INVALID', `The key share of ${peer} is not usable: ${messageOf(cause)}`, {
      cause,
    });
  }
  const isFirst = self < peer;
  const [low, high] = isFirst ? [own.share, theirShare] : [theirShare, own.share];
  const names = isFirst ? `${self} ${peer}` : `${peer} ${self}`;
  const salt = Buffer.concat([low, high]);
  const keys = new Uint8Array(hkdfSync('sha256', secret, salt, `parlmesh ${purpose} 1 ${names}`, 2 * KEY_BYTES));
  const [fromLow, fromHigh] = [keys.slice(0, KEY_BYTES), keys.slice(KEY_BYTES)];
  return isFirst ? { send: fromLow, receive: fromHigh } : { send: fromHigh, receive: fromLow };
}
