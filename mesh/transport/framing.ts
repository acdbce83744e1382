// Whole messages over a byte stream: four bytes of length, then the message.

import { ParlmeshError } from '../../core/errors.ts';

const HEADER = 4;

export function frame(message: Uint8Array): Uint8Array {
  const out = new Uint8Array(HEADER + message.length);
  new DataView(out.buffer).setUint32(0, message.length);
  out.set(message, HEADER);
  return out;
}

/** Cuts a byte stream back into messages. Holds one unfinished message at most. */
export class FrameReader {
  readonly #most: number;
  #parts: Uint8Array[] = [];
  #held = 0;

  /** @param most longest message in bytes */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes the next bytes and returns the messages that they complete. Throws `FRAME_TOO_LONG`. */
  push(bytes: Uint8Array): Uint8Array[] {
    this.#parts.push(bytes);
    this.#held += bytes.length;
    if (this.#held < this.#wanted()) return [];
    const all = this.#parts.length === 1 ? bytes : Buffer.concat(this.#parts);
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    const messages: Uint8Array[] = [];
    let at = 0;
    while (all.length - at >= HEADER) {
      const length = view.getUint32(at);
      if (length > this.#most) {
        throw new ParlmeshError(
          'FRAME_TOO_LONG',
          `A message of ${length} bytes was announced, ${this.#most} are allowed`,
        );
      }
      if (all.length - at - HEADER < length) break;
      messages.push(all.subarray(at + HEADER, at + HEADER + length));
      at += HEADER + length;
    }
    const rest = all.subarray(at);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#held = rest.length;
    return messages;
  }

  /** Bytes that must be held before looking is worth it: keeps slow senders of long messages from costing n². */
  #wanted(): number {
    const first = this.#parts[0];
    if (first === undefined || first.length < HEADER) return HEADER;
    const length = new DataView(first.buffer, first.byteOffset, first.byteLength).getUint32(0);
    return length > this.#most ? HEADER : HEADER + length;
  }
}
