// A secret in n parts of which any t give it back and any t − 1 tell nothing: Shamir, "How to Share a Secret" (CACM 1979),
// over the field of the largest prime below 2^256.
//
// BigInt arithmetic takes a time that depends on its numbers: whoever can time this process to the nanosecond on the same
// board can learn of secrets that live for one round. That is not defended against.

import { ParlmeshError } from '../../../core/errors.ts';
import type { SecretSource } from '../privacy/secret-numbers.ts';

/** 2^256 − 189. */
export const PRIME = 2n ** 256n - 189n;
/** Of a secret and of a share. */
export const SECRET_BYTES = 32;

export interface Share {
  /** Where the polynomial was evaluated: 1 … n. */
  at: number;
  /** 32 bytes, big-endian. */
  value: Uint8Array;
}

/** 32 bytes that are a number of the field. All but 189 of 2^256 are. */
export function fieldSecret(secrets: SecretSource): Uint8Array {
  for (;;) {
    const bytes = secrets(SECRET_BYTES);
    if (numberOf(bytes) < PRIME) return Uint8Array.from(bytes);
  }
}

/**
 * Shares at 1 … `count`, any `threshold` of which give `secret` back.
 * Throws `SHARE_INVALID` for a secret outside of the field or a threshold that cannot be.
 */
export function shareSecret(secret: Uint8Array, threshold: number, count: number, secrets: SecretSource): Uint8Array[] {
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > count || count > 255) {
    throw new ParlmeshError('SHARE_INVALID', `${threshold} of ${count} shares cannot be`);
  }
  const coefficients = [fieldNumber(secret)];
  while (coefficients.length < threshold) coefficients.push(numberOf(fieldSecret(secrets)));
  return Array.from({ length: count }, (_, index) => {
    const at = BigInt(index + 1);
    let value = 0n;
    for (let power = threshold - 1; power >= 0; power--) value = (value * at + coefficients[power]!) % PRIME;
    return bytesOf(value);
  });
}

/**
 * The value at 0 of the polynomial through `shares`: the secret, when they are at least as many as its threshold and all
 * true. Throws `SHARE_INVALID` for two at one place or a value outside of the field.
 */
export function combineShares(shares: readonly Share[]): Uint8Array {
  return new Interpolation(shares.map(({ at }) => at)).valueAt(0, shares);
}

/**
 * The polynomial through shares at certain places. Lagrange's weights are computed once for a place that is asked for: the same
 * nodes hold shares of many secrets.
 */
export class Interpolation {
  readonly #places: readonly number[];
  readonly #weights = new Map<number, bigint[]>();

  /** Throws `SHARE_INVALID` unless they are different places 1 … 255. */
  constructor(places: readonly number[]) {
    if (new Set(places).size !== places.length || places.some((at) => !Number.isInteger(at) || at < 1 || at > 255)) {
      throw new ParlmeshError('SHARE_INVALID', `Shares are at different places 1 … 255, not at ${places.join(', ')}`);
    }
    this.#places = places;
  }

  /** What the share at `place` must be; at 0, the secret. @param shares at the places, in their order */
  valueAt(place: number, shares: readonly Share[]): Uint8Array {
    const weights = this.#weights.get(place) ?? this.#weightsAt(place);
    this.#weights.set(place, weights);
    let value = 0n;
    shares.forEach((share, index) => {
      value += fieldNumber(share.value) * weights[index]!;
    });
    return bytesOf(value % PRIME);
  }

  #weightsAt(place: number): bigint[] {
    return this.#places.map((at) => {
      let above = 1n;
      let below = 1n;
      for (const other of this.#places) {
        if (other === at) continue;
        above = (above * modulo(BigInt(place - other))) % PRIME;
        below = (below * modulo(BigInt(at - other))) % PRIME;
      }
      return (above * inverse(below)) % PRIME;
    });
  }
}

/** Euclid's extended algorithm. */
function inverse(value: bigint): bigint {
  let [previous, rest] = [PRIME, value];
  let [before, factor] = [0n, 1n];
  while (rest !== 0n) {
    const times = previous / rest;
    [previous, rest] = [rest, previous - times * rest];
    [before, factor] = [factor, before - times * factor];
  }
  return modulo(before);
}

function fieldNumber(bytes: Uint8Array): bigint {
  const value = numberOf(bytes);
  if (bytes.length !== SECRET_BYTES || value >= PRIME) {
    throw new ParlmeshError('SHARE_INVALID', 'Not 32 bytes that are a number below 2^256 − 189');
  }
  return value;
}

const modulo = (value: bigint): bigint => ((value % PRIME) + PRIME) % PRIME;

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);

const bytesOf = (value: bigint): Uint8Array => Buffer.from(value.toString(16).padStart(2 * SECRET_BYTES, '0'), 'hex');
