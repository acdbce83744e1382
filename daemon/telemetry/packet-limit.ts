// Ends a connection whose peer announces an MQTT packet above the limit, before any of it is kept in memory: the
// parser of the broker would collect up to 256 MB for anybody who connects.

import { Transform, type TransformCallback } from 'node:stream';
import { ParlmeshError } from '../../core/errors.ts';

/** Passes bytes through unchanged; fails on the header of a packet whose body is longer than `maxBytes`. */
export class PacketLimit extends Transform {
  readonly #maxBytes: number;
  /** Bytes of the present packet's body still to come. */
  #body = 0;
  /** Undefined before a packet's first byte; then the length read so far and the factor of its next digit. */
  #length: { value: number; factor: number } | undefined;

  constructor(maxBytes: number) {
    super();
    this.#maxBytes = maxBytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body > 0) {
        const skipped = Math.min(this.#body, chunk.length - at);
        this.#body -= skipped;
        at += skipped;
        continue;
      }
      const byte = chunk[at++]!;
      if (this.#length === undefined) {
        this.#length = { value: 0, factor: 1 };
        continue;
      }
      this.#length.value += (byte & 0x7f) * this.#length.factor;
      this.#length.factor *= 128;
      const complete = (byte & 0x80) === 0;
      if (this.#length.value > this.#maxBytes || (!complete && this.#length.factor > 128 ** 3)) {
        done(new ParlmeshError('MQTT_PACKET_TOO_LARGE', `a packet above ${this.#maxBytes} bytes was announced`));
        return;
      }
      if (complete) {
        this.#body = this.#length.value;
        this.#length = undefined;
      }
    }
    done(null, chunk);
  }
}
