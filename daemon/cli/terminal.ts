// Where the command line writes: colours only for people who see them, no control characters from elsewhere, and no
// fuss when the reader (`| head`) has gone.

import type { Writable } from 'node:stream';

/** `process.stdout` and `process.stderr`, or anything alike. */
export interface OutputStream extends Writable {
  isTTY?: boolean;
  columns?: number;
}

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

const CODES: Record<Style, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
};

export class Terminal {
  /** Width for help texts; tables are never cut. */
  readonly width: number;
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  readonly #colours: boolean;
  readonly #rewritable: boolean;
  readonly #gone = new AbortController();

  constructor(streams: { stdout: OutputStream; stderr: OutputStream; env: NodeJS.ProcessEnv }) {
    this.#stdout = streams.stdout;
    this.#stderr = streams.stderr;
    this.#colours = streams.stdout.isTTY === true && !streams.env.NO_COLOR && streams.env.TERM !== 'dumb';
    this.#rewritable = streams.env.TERM !== 'dumb';
    this.width = Math.min(streams.stdout.columns ?? 100, 120);
    for (const stream of [this.#stdout, this.#stderr]) {
      // EPIPE: the reader has all it wanted. Anything else cannot be told anywhere either.
      stream.on('error', () => this.#gone.abort());
    }
  }

  /** Aborts when nobody reads any more. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Writes a text and ends its line. */
  print(text: string): void {
    this.out(`${text}\n`);
  }

  out(text: string): void {
    if (!this.#gone.signal.aborted) this.#stdout.write(text);
  }

  /** Writes bytes as they are, no faster than they are read. */
  async bytes(chunk: Uint8Array): Promise<void> {
    if (this.#gone.signal.aborted || this.#stdout.write(chunk)) return;
    await new Promise<void>((resolve) => {
      this.#stdout.once('drain', resolve);
      this.#gone.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Whether a line can be written over by the next. */
  get live(): boolean {
    return this.#stdout.isTTY === true && this.#rewritable;
  }

  /** Writes a line in place of the one that was written so before; cut to the terminal's width. */
  rewrite(text: string): void {
    this.out(`\r\x1b[K${text.slice(0, (this.#stdout.columns ?? 80) - 1)}`);
  }

  /** For notes and errors, which must not mix with results. */
  note(text: string): void {
    if (!this.#gone.signal.aborted) this.#stderr.write(`${text}\n`);
  }

  style(text: string, ...styles: Style[]): string {
    if (!this.#colours) return text;
    return styles.reduce((inner, style) => `\x1b[${CODES[style][0]}m${inner}\x1b[${CODES[style][1]}m`, text);
  }

  /** Resolves when what was written has been handed on; a process must not exit before. */
  async flush(): Promise<void> {
    for (const stream of [this.#stdout, this.#stderr]) {
      if (stream.writableLength === 0 || stream.destroyed) continue;
      await new Promise<void>((resolve) => {
        stream.once('drain', resolve);
        stream.once('error', () => resolve());
        stream.write('', () => resolve());
      });
    }
  }
}

/** Text from elsewhere (names, messages) made harmless for a terminal: control characters become spaces. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
