// Updates as they travel: int8 with a scale for each block of 256 numbers, a quarter of float32. What rounding takes away is kept
// on the node and added to its next update (error feedback: Seide et al. 2014; Karimireddy et al. 2019), so that nothing is lost
// over rounds. Whatever arrives is checked whole before anything uses it.
//
// Format 1, little-endian: "PU" · version u8 · zero u8 · learner's format u32 · count u32 · norm f32 · scales f32 each block ·
// numbers i8 each. Bytes: 16 + 4 ⌈count / 256⌉ + count.

import { ParlmeshError } from '../../core/errors.ts';

const MAGIC = 0x5550;
const VERSION = 1;
const HEADER = 16;
const BLOCK = 256;
const LARGEST = 127;

/** Numbers of an update: no learner of an edge board has more. */
export const MOST_NUMBERS = 4_000_000;
/** Bytes of the largest update there can be: what a border may refuse before it reads. */
export const MOST_UPDATE_BYTES = packedBytes(MOST_NUMBERS);
/** No sound update is longer. */
const LONGEST = 1e6;
/** How far the stated norm may be from that of the numbers. */
const NORM_TOLERANCE = 1e-4;

/** Bounded: it is the label of a metric. */
export const UPDATE_REFUSALS = [
  'oversize',
  'truncated',
  'unknown-version',
  'wrong-format',
  'wrong-length',
  'not-finite',
  'inconsistent-norm',
  'malformed',
] as const;
export type UpdateRefusal = (typeof UPDATE_REFUSALS)[number];

export type DecodedUpdate =
  | { ok: true; delta: Float32Array; norm: number }
  /** `message` says what was found and what was expected. */
  | { ok: false; reason: UpdateRefusal; message: string };

export interface EncodedUpdate {
  bytes: Uint8Array;
  /** What rounding took away: to be added to the next update of the same learner, and kept until then. */
  residual: Float32Array;
}

export function packedBytes(count: number): number {
  return HEADER + 4 * Math.ceil(count / BLOCK) + count;
}

/**
 * @param delta parameters after training less those before
 * @param residual of the node's last update that was accepted; one of another length (the learner changed) is left out
 * @param format of the learner
 * Throws `UPDATE_NOT_FINITE` for a number that is not finite or beyond 1e6, `UPDATE_TOO_LARGE` for a norm beyond that, or for more
 * numbers than `MOST_NUMBERS`.
 */
export function encodeUpdate(
  delta: Float32Array,
  { format, residual }: { format: number; residual?: Float32Array },
): EncodedUpdate {
  const count = delta.length;
  if (count > MOST_NUMBERS)
    throw new ParlmeshError('UPDATE_TOO_LARGE', `An update has at most ${MOST_NUMBERS} numbers, not ${count}`);
  const before = residual?.length === count ? residual : undefined;
  const bytes = new Uint8Array(packedBytes(count));
  const view = new DataView(bytes.buffer);
  const left = new Float32Array(count);
  const numbersAt = HEADER + 4 * Math.ceil(count / BLOCK);
  let squares = 0;
  for (let from = 0, block = 0; from < count; from += BLOCK, block++) {
    const to = Math.min(count, from + BLOCK);
    let largest = 0;
    for (let i = from; i < to; i++) {
      const wanted = delta[i]! + (before === undefined ? 0 : before[i]!);
      left[i] = wanted;
      if (!(Math.abs(wanted) <= LONGEST))
        throw new ParlmeshError('UPDATE_NOT_FINITE', `Number ${i} of the update is ${wanted}`);
      largest = Math.max(largest, Math.abs(wanted));
    }
    // Below the least normal float32 a scale has too few digits to divide by: the whole block waits for the next update.
    const scale = largest < 1e-35 ? 0 : Math.fround(largest / LARGEST);
    view.setFloat32(HEADER + 4 * block, scale, true);
    for (let i = from; scale > 0 && i < to; i++) {
      const step = Math.max(-LARGEST, Math.min(LARGEST, Math.round(left[i]! / scale)));
      const sent = Math.fround(step * scale);
      view.setInt8(numbersAt + i, step);
      left[i]! -= sent;
      squares += sent * sent;
    }
  }
  const norm = Math.sqrt(squares);
  if (norm > LONGEST)
    throw new ParlmeshError('UPDATE_TOO_LARGE', `The norm of the update is ${norm}, above ${LONGEST}`);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, VERSION);
  view.setUint32(4, format, true);
  view.setUint32(8, count, true);
  view.setFloat32(12, norm, true);
  return { bytes, residual: left };
}

/** Never throws, and reads nothing beyond the header of what has the wrong length. */
export function decodeUpdate(bytes: Uint8Array, expected: { format: number; count: number }): DecodedUpdate {
  if (bytes.length > Math.min(MOST_UPDATE_BYTES, packedBytes(expected.count)) && bytes.length > HEADER) {
    return refusal('oversize', `${bytes.length} bytes; ${packedBytes(expected.count)} are expected`);
  }
  if (bytes.length < HEADER) return refusal('truncated', `${bytes.length} bytes are less than a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0, true) !== MAGIC || view.getUint8(3) !== 0)
    return refusal('malformed', 'it does not begin as an update');
  const version = view.getUint8(2);
  if (version !== VERSION) return refusal('unknown-version', `version ${version}; this node reads ${VERSION}`);
  const format = view.getUint32(4, true);
  if (format !== expected.format)
    return refusal('wrong-format', `made for format ${format} of the learner, not ${expected.format}`);
  const count = view.getUint32(8, true);
  if (count !== expected.count) return refusal('wrong-length', `${count} numbers; the model has ${expected.count}`);
  if (bytes.length !== packedBytes(count))
    return refusal('truncated', `${bytes.length} bytes of ${packedBytes(count)}`);
  const norm = view.getFloat32(12, true);
  if (!Number.isFinite(norm)) return refusal('not-finite', `its norm is ${norm}`);
  if (norm < 0 || norm > LONGEST) return refusal('inconsistent-norm', `a norm of ${norm}; at most ${LONGEST} is sound`);
  return decodeNumbers(view, count, norm);
}

function decodeNumbers(view: DataView, count: number, norm: number): DecodedUpdate {
  const delta = new Float32Array(count);
  const numbersAt = HEADER + 4 * Math.ceil(count / BLOCK);
  let squares = 0;
  for (let from = 0, block = 0; from < count; from += BLOCK, block++) {
    const scale = view.getFloat32(HEADER + 4 * block, true);
    if (!Number.isFinite(scale)) return refusal('not-finite', `the scale of block ${block} is ${scale}`);
    if (scale < 0) return refusal('malformed', `the scale of block ${block} is ${scale}`);
    const to = Math.min(count, from + BLOCK);
    for (let i = from; i < to; i++) {
      const step = view.getInt8(numbersAt + i);
      if (step < -LARGEST) return refusal('malformed', `number ${i} is -128, which no encoder writes`);
      const value = Math.fround(step * scale);
      delta[i] = value;
      squares += value * value;
    }
  }
  const found = Math.sqrt(squares);
  if (!(Math.abs(found - norm) <= NORM_TOLERANCE * Math.max(found, norm) + 1e-30)) {
    return refusal('inconsistent-norm', `it states a norm of ${norm}; its numbers have ${found}`);
  }
  return { ok: true, delta, norm: found };
}

function refusal(reason: UpdateRefusal, message: string): DecodedUpdate {
  return { ok: false, reason, message };
}
