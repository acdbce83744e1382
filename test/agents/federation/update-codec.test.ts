import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeUpdate,
  encodeUpdate,
  packedBytes,
  UPDATE_REFUSALS,
  type UpdateRefusal,
} from '../../../agents/federation/update-codec.ts';
import { normal } from '../../../agents/parl/normal.ts';
import { seededRandom } from '../../../core/random.ts';

const random = seededRandom(11);
const noise = (size: number, deviation = 0.01): Float32Array =>
  Float32Array.from({ length: size }, () => deviation * normal(random));
const EXPECTED = { format: 7, count: 600 };

function packed(): Uint8Array {
  return encodeUpdate(noise(600), { format: 7 }).bytes;
}

function reasonOf(bytes: Uint8Array, expected = EXPECTED): UpdateRefusal | 'accepted' {
  const decoded = decodeUpdate(bytes, expected);
  return decoded.ok ? 'accepted' : decoded.reason;
}

/** With the float at `at` replaced. */
function withFloat(at: number, value: number): Uint8Array {
  const bytes = packed();
  new DataView(bytes.buffer).setFloat32(at, value, true);
  return bytes;
}

describe('packed updates', () => {
  it('take 20,332 bytes for 20,000 numbers, a quarter of float32', () => {
    expect(encodeUpdate(noise(20_000), { format: 1 }).bytes).toHaveLength(20_332);
  });

  it('come back within half a step of each block', () => {
    const numbers = fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { maxLength: 700 });
    fc.assert(
      fc.property(numbers, (values) => {
        const delta = Float32Array.from(values);
        const { bytes, residual } = encodeUpdate(delta, { format: 3 });
        const decoded = decodeUpdate(bytes, { format: 3, count: delta.length });
        if (!decoded.ok) throw new Error(decoded.message);
        for (let from = 0; from < delta.length; from += 256) {
          const block = delta.subarray(from, from + 256);
          const largest = block.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          block.forEach((value, i) => {
            expect(Math.abs(decoded.delta[from + i]! - value)).toBeLessThanOrEqual((0.5001 * largest) / 127 + 1e-35);
            expect(decoded.delta[from + i]! + residual[from + i]!).toBeCloseTo(value, 4);
          });
        }
      }),
    );
  });

  it('lose nothing over rounds: what was sent and what is left make up what was learned', () => {
    const size = 1000;
    const [learned, received, plain] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
    let residual: Float32Array | undefined;
    for (let round = 0; round < 200; round++) {
      // One large number a block hides all others from a single update: they are less than half a step.
      const delta = noise(size, 1e-3).map((value, i) => (i % 256 === 0 ? 1 : value + 1e-3));
      const encoded = encodeUpdate(delta, { format: 1, ...(residual && { residual }) });
      residual = encoded.residual;
      for (const [sum, bytes] of [
        [received, encoded.bytes],
        [plain, encodeUpdate(delta, { format: 1 }).bytes],
      ] as const) {
        const decoded = decodeUpdate(bytes, { format: 1, count: size });
        if (!decoded.ok) throw new Error(decoded.message);
        decoded.delta.forEach((value, i) => {
          sum[i]! += value;
        });
      }
      delta.forEach((value, i) => {
        learned[i]! += value;
      });
    }
    const worst = (sum: Float64Array, left?: Float32Array): number =>
      learned.reduce((most, value, i) => Math.max(most, Math.abs(value - sum[i]! - (left?.[i] ?? 0))), 0);
    expect(worst(received, residual)).toBeLessThan(1e-4);
    // What is on its way is half a step at most, after one round and after 200.
    expect(worst(received)).toBeLessThan(0.5 / 127 + 1e-3);
    // Without error feedback nearly all of it would be lost.
    expect(worst(plain)).toBeGreaterThan(0.1);
  });

  it('forget a residual of another length', () => {
    const delta = noise(600);
    const { bytes } = encodeUpdate(delta, { format: 7, residual: new Float32Array(599).fill(9) });
    expect(bytes).toEqual(encodeUpdate(delta, { format: 7 }).bytes);
  });

  it('are not made of what is not finite or absurdly long', () => {
    expect(() => encodeUpdate(Float32Array.of(1, Number.NaN), { format: 1 })).toThrow('Number 1 of the update is NaN');
    expect(() => encodeUpdate(Float32Array.of(Number.NEGATIVE_INFINITY), { format: 1 })).toThrow('is -Infinity');
    expect(() => encodeUpdate(Float32Array.of(2e6), { format: 1 })).toThrow('is 2000000');
  });
});

describe('what is refused', () => {
  it.each<[UpdateRefusal, Uint8Array, typeof EXPECTED]>([
    ['truncated', new Uint8Array(0), EXPECTED],
    ['truncated', packed().subarray(0, 300), EXPECTED],
    ['oversize', new Uint8Array(packedBytes(600) + 1), EXPECTED],
    ['oversize', new Uint8Array(100_000_000), EXPECTED],
    ['malformed', packed().fill(0, 0, 2), EXPECTED],
    ['unknown-version', packed().fill(9, 2, 3), EXPECTED],
    ['wrong-format', packed(), { format: 8, count: 600 }],
    ['wrong-length', packed().fill(1, 9, 10), EXPECTED],
    ['not-finite', withFloat(12, Number.NaN), EXPECTED],
    ['not-finite', withFloat(16, Number.NaN), EXPECTED],
    ['not-finite', withFloat(20, Number.POSITIVE_INFINITY), EXPECTED],
    ['malformed', withFloat(16, -1), EXPECTED],
    ['malformed', packed().fill(0x80, 100, 101), EXPECTED],
    ['inconsistent-norm', withFloat(12, 123), EXPECTED],
    ['inconsistent-norm', withFloat(12, -1), EXPECTED],
    ['inconsistent-norm', withFloat(16, 1e30), EXPECTED],
    ['inconsistent-norm', withFloat(12, 2e6), EXPECTED],
  ])('%s', (reason, bytes, expected) => {
    const decoded = decodeUpdate(bytes, expected);
    expect(decoded).toMatchObject({ ok: false, reason });
    if (!decoded.ok) expect(decoded.message.length).toBeGreaterThan(10);
  });

  it('reads an update that lies inside a larger buffer', () => {
    const outer = new Uint8Array(1000);
    outer.set(packed(), 3);
    expect(reasonOf(outer.subarray(3, 3 + packedBytes(600)))).toBe('accepted');
  });

  it('never throws, and gives only finite numbers, whatever comes', () => {
    const mutated = fc
      .tuple(fc.array(fc.tuple(fc.nat(packedBytes(600) - 1), fc.nat(255)), { maxLength: 6 }), fc.nat(40))
      .map(([changes, cut]) => {
        const bytes = packed();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes.subarray(0, bytes.length - (cut > 30 ? cut : 0));
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 700 })), (bytes) => {
        const decoded = decodeUpdate(bytes, EXPECTED);
        if (!decoded.ok) return UPDATE_REFUSALS.includes(decoded.reason);
        return decoded.delta.length === 600 && decoded.delta.every(Number.isFinite);
      }),
      { numRuns: 1000 },
    );
  });
});
