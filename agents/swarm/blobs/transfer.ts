// One blob on its way from other nodes: asked of one after the other, going on where the last one was cut off, until its
// bytes have the hash it is named by. Nobody is believed: a node whose bytes are others is asked no more.

import type { Duplex } from 'node:stream';
import { backoff } from '../../../core/backoff.ts';
import { type Clock, delay, type Millis } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Random } from '../../../core/random.ts';
import type { AgentNetwork } from '../../network.ts';
import { type BlobStore, MOST_BLOB_BYTES } from './blob-store.ts';
import type { BlobWriter } from './blob-writer.ts';
import { BLOB_SERVICE, type BlobHead, HEAD_BYTES, readHead, requestOf } from './wire.ts';

export interface TransferParts {
  sha256: string;
  /** How many bytes it has, if that is known. */
  bytes: number | undefined;
  /** Nodes to ask, the best first; asked for anew in each round. */
  candidates: () => string[];
  /** A node sent bytes that are not the blob's. */
  onLiar: (node: string) => void;
  /** A node gave so much of it in so many milliseconds. */
  onBytes: (node: string, bytes: number, elapsed: Millis) => void;
  network: AgentNetwork;
  store: BlobStore;
  clock: Clock;
  random: Random;
}

/** What came of asking one node. */
type Outcome =
  | { kind: 'whole' }
  | { kind: 'cut'; cause: string }
  | { kind: 'unknown' }
  /** It tells another size than the blob has. */
  | { kind: 'wrong'; cause: string };

/** Milliseconds without a byte after which a node is given up. */
export const STALL: Millis = 15_000;
/** Rounds over all candidates in a row that bring next to nothing. */
const IDLE_ROUNDS = 5;
/** Rounds in which the bytes of different nodes are not mixed, once a mixture turned out wrong. */
const UNMIXED_ROUNDS = 10;
/** Less than this is no progress. */
const PROGRESS_BYTES = 64 * 1024;
const PAUSE = { first: 200, most: 5_000 };

export class Transfer {
  readonly #parts: TransferParts;
  readonly #liars = new Set<string>();
  /** Whose bytes there are so far. */
  readonly #sources = new Set<string>();
  #isUnmixed = false;

  constructor(parts: TransferParts) {
    this.#parts = parts;
  }

  /** Resolves once the blob is kept here. Throws `BLOB_UNKNOWN`, `BLOB_UNREACHABLE`, or what the store throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, bytes, clock, random } = this.#parts;
    const writer = await store.writer(bytes);
    try {
      let last: Outcome = { kind: 'unknown' };
      let unmixedRounds = 0;
      for (let idle = 0; ; ) {
        let brought = 0;
        for (const node of this.#parts.candidates()) {
          if (this.#liars.has(node)) continue;
          const before = await this.#prepare(writer, node);
          const outcome = await this.#ask(node, writer, signal);
          if (outcome.kind !== 'unknown' || last.kind === 'unknown') last = outcome;
          brought += writer.length - before;
          if (writer.length > before) this.#sources.add(node);
          if (outcome.kind === 'whole' && (await this.#isRight(writer, node))) return;
          if (outcome.kind === 'wrong') this.#distrust(node);
        }
        idle = brought >= PROGRESS_BYTES ? 0 : idle + 1;
        if (this.#isUnmixed) unmixedRounds += 1;
        if (idle >= IDLE_ROUNDS || unmixedRounds >= UNMIXED_ROUNDS) throw this.#failure(last);
        await delay(clock, backoff(idle, PAUSE, random), signal);
      }
    } finally {
      await writer.discard();
    }
  }

  /** Throws away what others brought if it must not be mixed; returns how many bytes there are. */
  async #prepare(writer: BlobWriter, node: string): Promise<number> {
    const isMixed = [...this.#sources].some((source) => source !== node);
    if (this.#isUnmixed && isMixed) await this.#restart(writer);
    return writer.length;
  }

  /** Keeps the blob if its bytes are right, else begins anew. */
  async #isRight(writer: BlobWriter, node: string): Promise<boolean> {
    if (writer.hash() === this.#parts.sha256) {
      await writer.finish();
      return true;
    }
    if (this.#sources.size <= 1) this.#distrust(node);
    else this.#isUnmixed = true;
    await this.#restart(writer);
    return false;
  }

  async #restart(writer: BlobWriter): Promise<void> {
    await writer.restart();
    this.#sources.clear();
  }

  #distrust(node: string): void {
    this.#liars.add(node);
    this.#parts.onLiar(node);
  }

  async #ask(node: string, writer: BlobWriter, signal: AbortSignal): Promise<Outcome> {
    const { network, clock, sha256 } = this.#parts;
    signal.throwIfAborted();
    let stream: Duplex;
    try {
      stream = await network.openStream(node, BLOB_SERVICE, requestOf({ blob: sha256, offset: writer.length }));
    } catch (error) {
      return { kind: 'cut', cause: messageOf(error) };
    }
    const [began, before] = [clock.now(), writer.length];
    const stop = (): void => void stream.destroy(new Error(`${node} sends nothing`));
    const onAbort = (): void => void stream.destroy();
    let timer = clock.after(STALL, stop);
    // Told by the loop below too; an error after it must not end the process.
    stream.on('error', () => {});
    signal.addEventListener('abort', onAbort, { once: true });
    stream.end();
    try {
      return await this.#receive(stream, writer, () => {
        timer.cancel();
        timer = clock.after(STALL, stop);
      });
    } finally {
      timer.cancel();
      if (writer.length > before) this.#parts.onBytes(node, writer.length - before, clock.now() - began);
      signal.removeEventListener('abort', onAbort);
      stream.destroy();
      signal.throwIfAborted();
    }
  }

  async #receive(stream: Duplex, writer: BlobWriter, heard: () => void): Promise<Outcome> {
    let head: BlobHead | undefined;
    let early: Buffer = Buffer.alloc(0);
    const chunks = stream[Symbol.asyncIterator]();
    for (;;) {
      // What the stream throws is a cut; what the writer throws is ours.
      const next = await chunks.next().catch((error: unknown) => ({ done: true as const, value: messageOf(error) }));
      if (next.done) {
        if (head?.kind === 'bytes' && writer.length === head.total) return { kind: 'whole' };
        return { kind: 'cut', cause: typeof next.value === 'string' ? next.value : 'the stream ended early' };
      }
      heard();
      let chunk: Buffer = next.value;
      if (head === undefined) {
        early = Buffer.concat([early, chunk]);
        if (early.length < HEAD_BYTES) continue;
        head = readHead(early);
        chunk = early.subarray(HEAD_BYTES);
        if (head.kind === 'unknown') return { kind: 'unknown' };
        if (head.kind === 'busy') return { kind: 'cut', cause: 'it serves others' };
        const wrong = this.#wrongSize(head.total);
        if (wrong !== undefined) return { kind: 'wrong', cause: wrong };
      }
      if (head.kind !== 'bytes') continue;
      if (writer.length + chunk.length > head.total) return { kind: 'wrong', cause: 'it sends more than it said' };
      await writer.append(chunk);
    }
  }

  #wrongSize(total: number): string | undefined {
    const { bytes } = this.#parts;
    if (total > MOST_BLOB_BYTES) return `it has ${total} bytes; at most ${MOST_BLOB_BYTES} are taken`;
    return bytes === undefined || bytes === total ? undefined : `it has ${total} bytes, not ${bytes}`;
  }

  #failure(last: Outcome): ParlmeshError {
    const { sha256 } = this.#parts;
    if (last.kind === 'unknown') {
      return new ParlmeshError('BLOB_UNKNOWN', `No node that can be reached has blob ${sha256}`);
    }
    const cause = last.kind === 'whole' ? 'its bytes had another hash' : last.cause;
    return new ParlmeshError('BLOB_UNREACHABLE', `Blob ${sha256} could not be fetched: ${cause}`, {
      hint: 'It is tried again when the task is; parlmesh peers shows which nodes can be reached',
    });
  }
}
