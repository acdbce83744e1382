// Blobs between nodes: gives those kept here to members that ask, and fetches others from whichever nodes have them. A
// chunk at a time, a few at once, each blob once however many wait for it.

import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock, Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Journal } from '../../../core/journal.ts';
import type { Random } from '../../../core/random.ts';
import type { AgentNetwork } from '../../network.ts';
import type { BlobRef } from '../blob-ref.ts';
import type { BlobStore } from './blob-store.ts';
import { Transfer } from './transfer.ts';
import { TransferSpeeds } from './transfer-speeds.ts';
import { BLOB_SERVICE, type BlobRequest, headOf, readRequest } from './wire.ts';

export interface BlobExchangeParts {
  network: AgentNetwork;
  store: BlobStore;
  clock: Clock;
  random: Random;
  journal: Journal;
}

/** Since the start. */
export interface BlobExchangeStatus {
  /** Blobs fetched from others, and given to others as far as they wanted them. */
  fetched: number;
  given: number;
  /** Bytes that came from others, and that went to them. */
  fetchedBytes: number;
  givenBytes: number;
  /** Requests of others that were turned down. */
  refused: { invalid: number; unknown: number; busy: number };
  /** Times that a node sent bytes that were not the blob's. */
  lies: number;
  /** Now. */
  fetching: number;
  giving: number;
}

interface Shared {
  done: Promise<void>;
  abort: AbortController;
  waiting: number;
  holders: Set<string>;
}

/** Transfers at once, from others and to others. */
const MOST_FETCHING = 4;
const MOST_GIVING = 8;
const MOST_GIVING_TO_ONE = 4;
const MOST_QUEUED = 1000;
/** Nodes that are asked, those that are said to have it first. */
const MOST_ASKED = 16;
/** Milliseconds in which a node takes nothing, after which it gets nothing more. */
const STALL: Millis = 30_000;

export class BlobExchange {
  readonly #parts: BlobExchangeParts;
  readonly #speeds = new TransferSpeeds();
  readonly #fetches = new Map<string, Shared>();
  /** Let in one after the other. */
  readonly #queue: (() => void)[] = [];
  /** Transfers by the node that takes them. */
  readonly #giving = new Map<string, number>();
  readonly #counts = {
    ...{ fetched: 0, given: 0, fetchedBytes: 0, givenBytes: 0, lies: 0, fetching: 0 },
    refused: { invalid: 0, unknown: 0, busy: 0 },
  };

  /** Before the network starts. */
  constructor(parts: BlobExchangeParts) {
    this.#parts = parts;
    parts.network.handleStream(BLOB_SERVICE, async (origin, stream, header) => this.#onRequest(origin, stream, header));
  }

  status(): BlobExchangeStatus {
    const { refused, ...counts } = this.#counts;
    return { ...counts, refused: { ...refused }, giving: this.#givingNow() };
  }

  /** Of every node with which a transfer was measured. */
  speeds(): [node: string, bytesPerSecond: number][] {
    return this.#speeds.all();
  }

  /** Bytes a second between this node and another; undefined until a blob showed it. */
  speed(node: string): number | undefined {
    return this.#speeds.of(node);
  }

  /**
   * Resolves once the blob is kept on this node. Throws `BLOB_UNKNOWN` when nobody has it, `BLOB_UNREACHABLE` when nobody
   * can give it now, `BLOB_BUSY`, and what the store throws.
   * @param holders nodes that are said to have it; others are asked after them
   */
  async bring(
    { $blob, bytes }: Pick<BlobRef, '$blob'> & Partial<BlobRef>,
    holders: readonly string[] = [],
    signal?: AbortSignal,
  ): Promise<void> {
    signal?.throwIfAborted();
    if (this.#parts.store.size($blob) !== undefined) return;
    const shared = this.#fetches.get($blob) ?? this.#fetch($blob, bytes);
    for (const holder of holders) shared.holders.add(holder);
    shared.waiting += 1;
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([shared.done, promise]);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      shared.waiting -= 1;
      if (shared.waiting === 0) this.#abandon($blob, shared);
    }
  }

  #fetch(sha256: string, bytes: number | undefined): Shared {
    const { network, store, clock, random } = this.#parts;
    const abort = new AbortController();
    const holders = new Set<string>();
    const transfer = new Transfer({
      ...{ sha256, bytes, network, store, clock, random },
      candidates: () => this.#candidates(holders),
      onLiar: (node) => this.#onLiar(node, sha256),
      onBytes: (node, taken, elapsed) => {
        this.#counts.fetchedBytes += taken;
        this.#speeds.record(node, taken, elapsed);
      },
    });
    const done = this.#inTurn(abort.signal, () => transfer.run(abort.signal));
    const shared: Shared = { done, abort, waiting: 0, holders };
    this.#fetches.set(sha256, shared);
    // Whoever waits hears of it too.
    done.catch(() => {}).finally(() => this.#abandon(sha256, shared));
    return shared;
  }

  /** It is over, or nobody waits for it any more: who comes later begins anew. */
  #abandon(sha256: string, shared: Shared): void {
    if (this.#fetches.get(sha256) === shared) this.#fetches.delete(sha256);
    shared.abort.abort(new ParlmeshError('BLOB_ABANDONED', `Nobody waits for ${sha256}`));
  }

  async #inTurn(signal: AbortSignal, run: () => Promise<void>): Promise<void> {
    if (this.#counts.fetching >= MOST_FETCHING) {
      if (this.#queue.length >= MOST_QUEUED) {
        throw new ParlmeshError('BLOB_BUSY', `${MOST_QUEUED} blobs wait to be fetched already`);
      }
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    } else {
      this.#counts.fetching += 1;
    }
    try {
      signal.throwIfAborted();
      await run();
      this.#counts.fetched += 1;
    } finally {
      // The next one takes this one's place.
      const next = this.#queue.shift();
      if (next === undefined) this.#counts.fetching -= 1;
      else next();
    }
  }

  /** Those that are said to have it, then the nearest others. */
  #candidates(holders: ReadonlySet<string>): string[] {
    const reachable = this.#parts.network.nodes().filter((node) => node.reachable);
    const rank = ({ id, roundTrip }: (typeof reachable)[number]): number =>
      holders.has(id) ? -1 : (roundTrip ?? Number.MAX_VALUE);
    return reachable
      .sort((a, b) => rank(a) - rank(b))
      .slice(0, MOST_ASKED)
      .map(({ id }) => id);
  }

  #onLiar(node: string, sha256: string): void {
    this.#counts.lies += 1;
    const message = `${node} sent bytes that are not those of blob ${sha256}; it is fetched from others`;
    this.#parts.journal.record({ severity: 'warning', kind: 'blob.wrong', subject: `peer/${node}`, message });
  }

  #onRequest(origin: string, stream: Duplex, header: string): void {
    let request: BlobRequest;
    try {
      request = readRequest(header);
    } catch (error) {
      this.#counts.refused.invalid += 1;
      throw error;
    }
    // The stream is open to the other end once this has returned.
    void this.#give(origin, stream, request);
  }

  /** Never rejects: what becomes of it is seen at the other end. */
  async #give(origin: string, stream: Duplex, { blob, offset }: BlobRequest): Promise<void> {
    // Nothing comes from there but its end.
    stream.on('error', () => {}).resume();
    const total = this.#parts.store.size(blob);
    const mine = this.#giving.get(origin) ?? 0;
    const isBusy = this.#givingNow() >= MOST_GIVING || mine >= MOST_GIVING_TO_ONE;
    if (total === undefined || isBusy) {
      const kind = total === undefined ? 'unknown' : 'busy';
      this.#counts.refused[kind] += 1;
      stream.end(headOf({ kind }));
      return;
    }
    this.#giving.set(origin, mine + 1);
    const stalled = new AbortController();
    let timer = this.#parts.clock.after(STALL, () => stalled.abort());
    const heard = (): void => {
      timer.cancel();
      timer = this.#parts.clock.after(STALL, () => stalled.abort());
    };
    const began = this.#parts.clock.now();
    try {
      await pipeline(this.#bytes(blob, offset, total, heard), stream, { signal: stalled.signal });
      this.#counts.given += 1;
      this.#speeds.record(origin, total - offset, this.#parts.clock.now() - began);
    } catch {
      // A cut, a blob that is damaged here, a node that takes nothing: the other end goes on elsewhere.
    } finally {
      timer.cancel();
      const left = (this.#giving.get(origin) ?? 1) - 1;
      if (left > 0) this.#giving.set(origin, left);
      else this.#giving.delete(origin);
    }
  }

  async *#bytes(blob: string, offset: number, total: number, heard: () => void): AsyncGenerator<Uint8Array> {
    yield headOf({ kind: 'bytes', total });
    for await (const chunk of this.#parts.store.stream(blob, offset)) {
      heard();
      yield chunk;
      this.#counts.givenBytes += chunk.byteLength;
    }
    heard();
  }

  #givingNow(): number {
    let sum = 0;
    for (const count of this.#giving.values()) sum += count;
    return sum;
  }
}
