// The stream format of MJPEG cameras: parts behind a boundary, each with a few header lines and one picture.
// Pure and bounded: bytes in, whole parts out.

import { ParlmeshError } from '../../core/errors.ts';

export interface PartLimits {
  /** Bytes of one part's header lines. */
  header: number;
  /** Bytes of one part's content. */
  content: number;
}

export const PART_LIMITS: PartLimits = { header: 16_384, content: 10_000_000 };

/** The boundary of a `multipart/…` content type, or undefined where it is none. */
export function boundaryOf(contentType: string): string | undefined {
  const match = /^multipart\/[^;]*;.*?boundary=(?:"([^"]{1,200})"|([^;\s]{1,200}))/is.exec(contentType);
  // Some cameras count the two dashes before a boundary as a part of it.
  return (match?.[1] ?? match?.[2])?.replace(/^--/, '');
}

type State =
  | { kind: 'boundary' }
  | { kind: 'header' }
  | { kind: 'counted'; length: number }
  | { kind: 'delimited'; searched: number };

export class MultipartParser {
  readonly #limits: PartLimits;
  readonly #delimiter: Buffer;
  #state: State = { kind: 'boundary' };
  #buffer = Buffer.alloc(64 * 1024);
  #start = 0;
  #end = 0;

  constructor(boundary: string, limits: PartLimits = PART_LIMITS) {
    this.#delimiter = Buffer.from(`--${boundary}`, 'latin1');
    this.#limits = limits;
  }

  /** The contents of the parts that `chunk` completes. Throws `STREAM_INVALID` on a part over the limits. */
  push(chunk: Uint8Array): Buffer[] {
    this.#append(chunk);
    const parts: Buffer[] = [];
    while (this.#step(parts));
    return parts;
  }

  /** Takes one step; false when more bytes are needed. */
  #step(parts: Buffer[]): boolean {
    const pending = this.#buffer.subarray(this.#start, this.#end);
    switch (this.#state.kind) {
      case 'boundary': {
        const at = pending.indexOf(this.#delimiter);
        const lineEnd = at < 0 ? -1 : pending.indexOf('\n', at + this.#delimiter.length);
        if (lineEnd < 0) return this.#await(pending.length, this.#limits.header, 'no boundary was found');
        this.#start += lineEnd + 1;
        this.#state = { kind: 'header' };
        return true;
      }
      case 'header': {
        const end = /\r?\n\r?\n|^\r?\n/.exec(
          pending.toString('latin1', 0, Math.min(pending.length, this.#limits.header)),
        );
        if (end === null)
          return this.#await(pending.length, this.#limits.header, 'the header lines of a part do not end');
        const header = pending.toString('latin1', 0, end.index);
        this.#start += end.index + end[0].length;
        const length = /^content-length:\s*(\d{1,15})\s*$/im.exec(header)?.[1];
        this.#state =
          length === undefined ? { kind: 'delimited', searched: 0 } : { kind: 'counted', length: Number(length) };
        if (length !== undefined) this.#await(Number(length), this.#limits.content + 1, 'a part is too large');
        return true;
      }
      case 'counted': {
        if (pending.length < this.#state.length) return false;
        parts.push(Buffer.from(pending.subarray(0, this.#state.length)));
        this.#start += this.#state.length;
        this.#state = { kind: 'boundary' };
        return true;
      }
      case 'delimited': {
        const at = pending.indexOf(this.#delimiter, this.#state.searched);
        if (at < 0) {
          this.#state.searched = Math.max(0, pending.length - this.#delimiter.length);
          return this.#await(pending.length, this.#limits.content, 'a part does not end');
        }
        const breakLength = pending[at - 2] === 0x0d && pending[at - 1] === 0x0a ? 2 : pending[at - 1] === 0x0a ? 1 : 0;
        parts.push(Buffer.from(pending.subarray(0, at - breakLength)));
        this.#start += at;
        this.#state = { kind: 'boundary' };
        return true;
      }
    }
  }

  #await(bytes: number, limit: number, problem: string): false {
    if (bytes < limit) return false;
    throw new ParlmeshError('STREAM_INVALID', `the stream is not usable: ${problem} within ${limit} bytes`);
  }

  #append(chunk: Uint8Array): void {
    const length = this.#end - this.#start;
    if (this.#end + chunk.length > this.#buffer.length) {
      const target =
        length + chunk.length > this.#buffer.length ? Buffer.alloc(2 * (length + chunk.length)) : this.#buffer;
      this.#buffer.copy(target, 0, this.#start, this.#end);
      this.#buffer = target;
      this.#start = 0;
      this.#end = length;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }
}
