// What a module's process and the daemon say to each other: JSON, one frame a line, over a pipe of their own. All that
// comes from the process is bounded and checked here: whatever it sends, the daemon holds no more than a frame of it.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../core/errors.ts';

const Id = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Code = Type.String({ maxLength: 64, pattern: '^[A-Z][A-Z0-9_]*$' });
const Words = Type.String({ maxLength: 2_000 });

/** How something ended, in either direction. */
export const Ending = Type.Union([
  Type.Object({ ok: Type.Literal(true), value: Type.Optional(Type.Unknown()) }),
  Type.Object({ ok: Type.Literal(false), code: Code, message: Words }),
]);
export type Ending = Static<typeof Ending>;

/** What a module asks of the post: see `Correspondence`. */
export const PostOrder = Type.Object({
  op: Type.Union([
    Type.Literal('send'),
    Type.Literal('request'),
    Type.Literal('sendToKind'),
    Type.Literal('requestOfKind'),
    Type.Literal('broadcast'),
  ]),
  /** Address, or kind. */
  to: Type.String({ minLength: 1, maxLength: 257 }),
  body: Type.Optional(Type.Unknown()),
  deadline: Type.Optional(Type.Number({ minimum: 1, maximum: 60_000 })),
  scope: Type.Optional(Type.Union([Type.Literal('node'), Type.Literal('network')])),
  pick: Type.Optional(Type.Union([Type.Literal('least-loaded'), Type.Literal('round-robin')])),
  /** The letter in whose handling it was written. */
  because: Type.Optional(Id),
});
export type PostOrder = Static<typeof PostOrder>;

/** From the module's process. */
export const FromModule = Type.Union([
  Type.Object({
    t: Type.Literal('loaded'),
    exports: Type.Object({ start: Type.Boolean(), onMessage: Type.Boolean(), run: Type.Boolean() }),
  }),
  Type.Object({ t: Type.Literal('started') }),
  Type.Object({ t: Type.Literal('pong'), rss: Type.Number({ minimum: 0, maximum: 1e13 }) }),
  Type.Object({ t: Type.Literal('log'), line: Words, run: Type.Optional(Id) }),
  Type.Object({
    t: Type.Literal('tell'),
    severity: Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('error')]),
    message: Type.String({ minLength: 1, maxLength: 500 }),
  }),
  Type.Object({ t: Type.Literal('post'), id: Id, order: PostOrder }),
  Type.Object({ t: Type.Literal('progress'), id: Id, share: Type.Number({ minimum: 0, maximum: 1 }) }),
  Type.Object({ t: Type.Literal('blob'), id: Id, run: Id, read: Type.Unknown() }),
  Type.Object({
    t: Type.Literal('keep'),
    id: Id,
    run: Id,
    base64: Type.String({ maxLength: 6_000_000 }),
    mediaType: Type.Optional(Type.String({ maxLength: 128 })),
  }),
  Type.Object({ t: Type.Literal('ended'), id: Id, ending: Ending }),
  /** It failed as a whole and ends now. */
  Type.Object({ t: Type.Literal('failed'), code: Code, message: Words }),
]);
export type FromModule = Static<typeof FromModule>;

/** To it; the daemon is trusted. */
export type ToModule =
  | { t: 'load'; name: string; module: string; dataFolder: string; network: boolean }
  | { t: 'start' }
  | { t: 'stop' }
  | { t: 'ping' }
  | { t: 'letter'; id: number; letter: { from: string; body: unknown; wantsReply: boolean } }
  | { t: 'run'; id: number; input: unknown; context: { job: string; task: string; attempt: number; key: string } }
  | { t: 'cancel'; id: number }
  /** Of a `post`, `blob` or `keep`. */
  | { t: 'done'; id: number; ending: Ending };

/** Cuts a stream of bytes into frames. Throws `MODULE_PROTOCOL` for what is none. */
export class FrameReader {
  readonly #mostBytes: number;
  #chunks: Buffer[] = [];
  #held = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  *push(chunk: Buffer): Generator<FromModule> {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...this.#chunks, chunk.subarray(from, end)]);
      this.#chunks = [];
      this.#held = 0;
      from = end + 1;
      yield this.#read(line);
    }
    this.#held += chunk.length - from;
    if (this.#held > this.#mostBytes) throw this.#tooLong();
    if (from < chunk.length) this.#chunks.push(chunk.subarray(from));
  }

  #read(line: Buffer): FromModule {
    if (line.length > this.#mostBytes) throw this.#tooLong();
    let value: unknown;
    try {
      value = JSON.parse(line.toString('utf8'));
    } catch {
      throw broken('sent what is not JSON');
    }
    if (Value.Check(FromModule, value)) return value;
    throw broken('sent a frame that is none');
  }

  #tooLong(): ParlmeshError {
    return broken(`sent a frame of more than ${this.#mostBytes} bytes`);
  }
}

function broken(what: string): ParlmeshError {
  return new ParlmeshError('MODULE_PROTOCOL', `the module ${what}`, {
    hint: 'a module talks through its api object only; file descriptor 3 belongs to parlmesh',
  });
}

export function frameOf(message: ToModule): string {
  return `${JSON.stringify(message)}\n`;
}
