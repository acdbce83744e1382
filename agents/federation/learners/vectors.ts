// Arithmetic on models as rows of numbers, and the name that a model has.

import { bytesOf, parametersOf, versionOf as versionOfBytes } from '../messages.ts';

export { bytesOf };

/** As `Model.version` says it. */
export function versionOf(parameters: Float32Array): string {
  return versionOfBytes(bytesOf(parameters));
}

/** What `bytesOf` made. @param bytes as many as a multiple of four */
export function numbersOf(bytes: Uint8Array): Float32Array {
  return parametersOf(bytes.subarray(0, bytes.byteLength & ~3))!;
}

export function difference(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, index) => value - b[index]!);
}
