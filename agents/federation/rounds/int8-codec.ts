// Updates in a byte a number. What rounding took away goes into the next update of that learner once this one has arrived; a
// restart forgets it, which costs one update's rounding.

import { ParlmeshError } from '../../../core/errors.ts';
import { decodeUpdate, encodeUpdate } from '../update-codec.ts';
import type { Shape, UpdateCodec } from './ports.ts';

export class Int8Codec implements UpdateCodec {
  readonly name = 'int8';
  readonly #residuals = new Map<string, Float32Array>();
  /** Of what is on its way. */
  readonly #pending = new Map<string, Float32Array>();

  pack({ learner, format }: Shape, delta: Float32Array): Uint8Array {
    const before = this.#residuals.get(learner);
    const { bytes, residual } = encodeUpdate(delta, { format, ...(before !== undefined && { residual: before }) });
    this.#pending.set(learner, residual);
    return bytes;
  }

  settled(learner: string, arrived: boolean): void {
    const residual = this.#pending.get(learner);
    this.#pending.delete(learner);
    if (arrived && residual !== undefined) this.#residuals.set(learner, residual);
  }

  unpack(data: Uint8Array, { format, size }: Shape): Float32Array {
    const decoded = decodeUpdate(data, { format, count: size });
    if (decoded.ok) return decoded.delta;
    const code = decoded.reason === 'not-finite' ? 'UPDATE_NOT_FINITE' : 'UPDATE_SHAPE';
    throw new ParlmeshError(code, decoded.message);
  }
}
