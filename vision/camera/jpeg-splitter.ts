// The stream format of `rpicam-vid --codec mjpeg`: JPEG files one after the other, with nothing between them. Pure and
// bounded: bytes in, whole files out.

import { ParlmeshError } from '../../core/errors.ts';

const MOST_BYTES = 10_000_000;
/** Bytes before a picture begins that are no picture. */
const MOST_GARBAGE = 1_000_000;

export class JpegSplitter {
  #buffer: Buffer = Buffer.alloc(0);
  /** Where the picture at the buffer's start has been read to; undefined until one begins. */
  #at: number | undefined;
  #garbage = 0;

  /** The pictures that `chunk` completes. Throws `STREAM_INVALID` on a picture over the limit, or on none at all. */
  push(chunk: Uint8Array): Buffer[] {
    this.#buffer = this.#buffer.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#buffer, chunk]);
    const pictures: Buffer[] = [];
    for (let picture = this.#next(); picture !== undefined; picture = this.#next()) pictures.push(picture);
    return pictures;
  }

  #next(): Buffer | undefined {
    if (this.#at === undefined && !this.#begin()) return undefined;
    const end = this.#end();
    if (end === undefined) {
      if (this.#buffer.length > MOST_BYTES) throw invalid(`a picture does not end within ${MOST_BYTES} bytes`);
      return undefined;
    }
    const picture = Buffer.from(this.#buffer.subarray(0, end));
    this.#buffer = this.#buffer.subarray(end);
    this.#at = undefined;
    this.#garbage = 0;
    return picture;
  }

  /** Drops what comes before a picture. */
  #begin(): boolean {
    const start = this.#buffer.indexOf(Buffer.from([0xff, 0xd8, 0xff]));
    const dropped = start < 0 ? Math.max(0, this.#buffer.length - 2) : start;
    this.#garbage += dropped;
    this.#buffer = this.#buffer.subarray(dropped);
    if (this.#garbage > MOST_GARBAGE) throw invalid(`no picture began within ${MOST_GARBAGE} bytes`);
    if (start < 0) return false;
    this.#at = 2;
    return true;
  }

  /** First byte after the picture; undefined when more bytes are needed. Segments are skipped by their length: a thumbnail in one has an end of its own. */
  #end(): number | undefined {
    const bytes = this.#buffer;
    let at = this.#at!;
    for (;;) {
      const mark = bytes.indexOf(0xff, at);
      // A segment may end after what is there.
      this.#at = mark < 0 ? Math.max(at, bytes.length) : mark;
      if (mark < 0 || mark + 1 >= bytes.length) return undefined;
      const kind = bytes[mark + 1]!;
      if (kind === 0xd9) return mark + 2;
      // Fill bytes, a byte 255 of the picture itself, and marks without a segment.
      if (kind === 0xff) at = mark + 1;
      else if (kind === 0x00 || kind === 0x01 || (kind >= 0xd0 && kind <= 0xd8)) at = mark + 2;
      else if (mark + 3 >= bytes.length) return undefined;
      else at = mark + 2 + bytes.readUInt16BE(mark + 2);
    }
  }
}

function invalid(what: string): ParlmeshError {
  return new ParlmeshError('STREAM_INVALID', `the stream is not usable: ${what}`);
}
