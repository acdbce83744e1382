// Bytes in, lines of text out; a line that is too long is cut, so that nothing is held without bound.

import { StringDecoder } from 'node:string_decoder';

const LONGEST_LINE = 2_000;

export class LineReader {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const parts = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = parts.pop() ?? '';
    for (const line of parts) this.#tell(line);
    if (this.#rest.length > LONGEST_LINE) {
      this.#tell(this.#rest);
      this.#rest = '';
    }
  }

  /** Tells what has no line end. */
  end(): void {
    if (this.#rest !== '') this.#tell(this.#rest);
    this.#rest = '';
  }

  #tell(line: string): void {
    this.#onLine(line.replace(/\r$/, '').slice(0, LONGEST_LINE));
  }
}
