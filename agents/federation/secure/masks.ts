// Masks: numbers of Z_2^32 that look like noise and cancel in the sum, from ChaCha20 (RFC 8439) keyed by what two nodes
// share, or by a node's own seed. ChaCha20 rather than AES: a Pi 4 has no AES instructions.

import { createCipheriv } from 'node:crypto';

/** Parameters masked at a time: the key stream of a chunk stays in the cache. */
const CHUNK = 16_384;

/** Adds (`sign` 1) or takes away (−1) the mask of `key`, modulo 2^32, in place. A key masks one vector, ever. */
export function applyMask(vector: Uint32Array, key: Uint8Array, sign: 1 | -1): void {
  // 16 bytes for OpenSSL: a block counter of zero and the nonce.
  const stream = createCipheriv('chacha20', key, new Uint8Array(16));
  const zeros = new Uint8Array(4 * Math.min(CHUNK, vector.length));
  for (let from = 0; from < vector.length; from += CHUNK) {
    const count = Math.min(CHUNK, vector.length - from);
    const words = wordsOf(stream.update(zeros.subarray(0, 4 * count)));
    addWords(vector.subarray(from, from + count), words, sign);
  }
}

/** Little-endian words, as all boards that parlmesh runs on have them in memory. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const whole = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(whole.buffer, whole.byteOffset, Math.floor(whole.length / 4));
}

export function bytesOfWords(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** Adds `words` to `sum`, or takes them away, modulo 2^32, in place. */
export function addWords(sum: Uint32Array, words: Uint32Array, sign: 1 | -1 = 1): void {
  // As signed numbers, which wrap alike and which V8 adds without leaving its integers.
  const to = new Int32Array(sum.buffer, sum.byteOffset, sum.length);
  const from = new Int32Array(words.buffer, words.byteOffset, words.length);
  if (sign === 1) for (let at = 0; at < to.length; at++) to[at] = (to[at]! + from[at]!) | 0;
  else for (let at = 0; at < to.length; at++) to[at] = (to[at]! - from[at]!) | 0;
}
