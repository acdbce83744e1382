import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { combineShares, Interpolation, PRIME, shareSecret } from '../../../../agents/federation/secure/shamir.ts';
import { seededSecrets } from './nodes.ts';

const bytes = (hex: string): Uint8Array => Buffer.from(hex.padStart(64, '0'), 'hex');
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

describe('secret sharing', () => {
  // f(x) = 1234 + 166 x + 94 x²: the textbook's numbers, far below the prime.
  const known = [
    { at: 1, value: bytes((1494).toString(16)) },
    { at: 2, value: bytes((1942).toString(16)) },
    { at: 3, value: bytes((2578).toString(16)) },
    { at: 4, value: bytes((3402).toString(16)) },
  ];

  test('finds 1234 from any three of the known shares, and the fourth from the others', () => {
    expect(hex(combineShares([known[0]!, known[1]!, known[2]!]))).toBe(hex(bytes((1234).toString(16))));
    expect(hex(combineShares([known[3]!, known[0]!, known[2]!]))).toBe(hex(bytes((1234).toString(16))));
    expect(hex(new Interpolation([1, 2, 3]).valueAt(4, known.slice(0, 3)))).toBe(hex(known[3]!.value));
  });

  test('the prime is the largest below 2^256: Fermat holds for it', () => {
    let [result, base, exponent] = [1n, 2n, PRIME - 1n];
    for (; exponent > 0n; exponent >>= 1n) {
      if (exponent & 1n) result = (result * base) % PRIME;
      base = (base * base) % PRIME;
    }
    expect(result).toBe(1n);
    expect(2n ** 256n - PRIME).toBe(189n);
  });

  test('any t shares give the secret; t − 1 fit every secret alike', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((secret) => secret[0] !== 255),
        fc.integer({ min: 2, max: 9 }),
        fc.integer({ min: 0, max: 6 }),
        fc.nat(1e6),
        (secret, threshold, more, seed) => {
          const values = shareSecret(secret, threshold, threshold + more, seededSecrets(`${seed}`));
          const shares = values.map((value, index) => ({ at: index + 1, value }));
          const shuffled = shares
            .map((share, at) => ({ share, key: (at * 7 + seed) % 11 }))
            .sort((a, b) => a.key - b.key);
          const chosen = shuffled.slice(0, threshold).map(({ share }) => share);
          expect(hex(combineShares(chosen))).toBe(hex(secret));
          // A polynomial of degree t − 1 goes through any secret and t − 1 shares: so they exclude none.
          const other = bytes('2a');
          const few = chosen.slice(1);
          const missing = chosen[0]!.at;
          const forged = valueAtWithSecret(other, few, missing);
          expect(hex(combineShares([...few, { at: missing, value: forged }]))).toBe(hex(other));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('refuses two shares at one place, numbers outside of the field, thresholds that cannot be', () => {
    expect(() => combineShares([known[0]!, known[0]!])).toThrow(expect.objectContaining({ code: 'SHARE_INVALID' }));
    expect(() => combineShares([{ at: 1, value: bytes('f'.repeat(64)) }])).toThrow(/2\^256/);
    expect(() => combineShares([{ at: 0, value: bytes('1') }])).toThrow(/places/);
    expect(() => shareSecret(bytes('1'), 4, 3, seededSecrets('x'))).toThrow(/4 of 3/);
  });
});

/** The share at `place` that makes `few` give `secret`: found by interpolating with the secret put at 0. */
function valueAtWithSecret(secret: Uint8Array, few: { at: number; value: Uint8Array }[], place: number): Uint8Array {
  const number = (value: Uint8Array): bigint => BigInt(`0x${hex(value)}`);
  const points = [
    { at: 0n, value: number(secret) },
    ...few.map(({ at, value }) => ({ at: BigInt(at), value: number(value) })),
  ];
  const power = (base: bigint, exponent: bigint): bigint => {
    let result = 1n;
    let square = ((base % PRIME) + PRIME) % PRIME;
    for (let rest = exponent; rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = (result * square) % PRIME;
      square = (square * square) % PRIME;
    }
    return result;
  };
  let sum = 0n;
  for (const point of points) {
    let weight = 1n;
    for (const other of points) {
      if (other === point) continue;
      weight = (weight * (BigInt(place) - other.at) * power(point.at - other.at, PRIME - 2n)) % PRIME;
    }
    sum += point.value * weight;
  }
  return bytes((((sum % PRIME) + PRIME) % PRIME).toString(16));
}
