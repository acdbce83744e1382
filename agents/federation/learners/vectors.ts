// Arithmetic on models as rows of numbers, and the name that a model has.

import { createHash } from 'node:crypto';

/** As `Model.version` says it. */
export function versionOf(parameters: Float32Array): string {
  return createHash('sha256').update(bytesOf(parameters)).digest('hex').slice(0, 16);
}

/** Float32, little-endian. */
export function bytesOf(parameters: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(4 * parameters.length);
  for (let index = 0; index < parameters.length; index++) bytes.writeFloatLE(parameters[index]!, 4 * index);
  return bytes;
}

/** What `bytesOf` made. @param bytes as many as a multiple of four */
export function numbersOf(bytes: Uint8Array): Float32Array {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength >> 2 }, (_, index) => view.readFloatLE(4 * index));
}

export function difference(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, index) => value - b[index]!);
}

/** Euclidean. */
export function lengthOf(vector: Float32Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
}
