// The streams of one node: opens and accepts them, hands each its segments, watches over them.

import { create } from '@bufbuild/protobuf';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { NodeId } from '../membership/keys.ts';
import { type RelaySegment, RelaySegmentSchema } from '../wire/generated/parlmesh_pb.ts';
import type { RelayDropReason } from './frame.ts';
import { RelayStream } from './relay-stream.ts';

export interface StreamsParts {
  clock: Clock;
  send: (peer: NodeId, segment: RelaySegment) => boolean;
  hasRoute: (peer: NodeId) => boolean;
  /** Nothing that was sent to the peer is acknowledged. */
  stalled?: (peer: NodeId) => void;
  /** Rejects to refuse; the stream is open to its opener once this resolves. */
  opened: (stream: RelayStream, service: string, header: Uint8Array) => Promise<void>;
  drop: (reason: RelayDropReason) => void;
}

const MOST_STREAMS = 1024;
/** Of them, those that one peer opened. */
const MOST_OF_PEER = 256;
const OPENED_WITHIN: Millis = 15_000;
const WATCH: Millis = 1000;
/** Without a route for so long, a stream is given up: a way round is found in much less. */
const LOST_AFTER: Millis = 5000;

interface Entry {
  stream: RelayStream;
  number: number;
  opener: boolean;
  /** Of one that waits to be accepted. */
  accepted: (() => void) | undefined;
  routedAt: Millis;
}

export class Streams {
  readonly #parts: StreamsParts;
  readonly #entries = new Map<string, Entry>();
  #next = 0;
  #watch: Timer | undefined;

  constructor(parts: StreamsParts, first: number) {
    this.#parts = parts;
    this.#next = first;
  }

  start(): void {
    this.#watch = this.#parts.clock.every(WATCH, () => this.#watchAll());
  }

  stop(): void {
    this.#watch?.cancel();
    for (const { stream } of [...this.#entries.values()]) {
      stream.destroy(new ParlmeshError('RELAY_STOPPED', 'This node leaves the network'));
    }
  }

  get count(): number {
    return this.#entries.size;
  }

  /** Resolves once the other end has accepted. Rejects with its refusal, `RELAY_UNANSWERED`, `RELAY_FULL`. */
  async open(peer: NodeId, service: string, header: Uint8Array): Promise<RelayStream> {
    if (this.#entries.size >= MOST_STREAMS) {
      throw new ParlmeshError('RELAY_FULL', `${MOST_STREAMS} streams are open already`, { hint: 'Close some first' });
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Numbers start anywhere, so that those of an earlier life of this node are not taken for these.
    this.#next = (this.#next + 1) >>> 0;
    const { stream } = this.#create(peer, this.#next, true, resolve);
    stream.once('error', reject);
    const timer = this.#parts.clock.after(OPENED_WITHIN, () =>
      stream.destroy(new ParlmeshError('RELAY_UNANSWERED', `${peer} does not open "${service}"`)),
    );
    stream.open(service, header);
    try {
      await promise;
    } finally {
      timer.cancel();
      stream.off('error', reject);
    }
    return stream;
  }

  hear(peer: NodeId, segment: RelaySegment): void {
    const key = keyOf(peer, segment.stream, !segment.fromOpener);
    const entry = this.#entries.get(key);
    if (entry === undefined) return void this.#onUnknown(peer, segment);
    if (segment.reset === '' && segment.acknowledged > 0) {
      entry.accepted?.();
      entry.accepted = undefined;
    }
    entry.stream.hear(segment);
  }

  /** There may be room for segments again. */
  resume(): void {
    for (const { stream } of this.#entries.values()) stream.roomAgain();
  }

  /** Breaks off all streams with a peer. */
  forget(peer: NodeId, cause: string): void {
    for (const { stream } of [...this.#entries.values()]) {
      if (stream.peer === peer) stream.destroy(new ParlmeshError('RELAY_RESET', cause));
    }
  }

  #onUnknown(peer: NodeId, segment: RelaySegment): void {
    if (segment.reset !== '') return;
    if (!segment.fromOpener || segment.sequence !== 1 || segment.service === '') {
      return void this.#refuse(peer, segment, 'there is no such stream');
    }
    let opened = 0;
    for (const { stream, opener } of this.#entries.values()) if (stream.peer === peer && !opener) opened++;
    if (this.#entries.size >= MOST_STREAMS || opened >= MOST_OF_PEER) {
      this.#parts.drop('full');
      return void this.#refuse(peer, segment, 'it has too many streams');
    }
    const { stream } = this.#create(peer, segment.stream, false, undefined);
    stream.opened();
    this.#parts.opened(stream, segment.service, segment.data).then(
      () => stream.accept(),
      (error: unknown) => stream.destroy(new Error(messageOf(error))),
    );
  }

  #refuse(peer: NodeId, { stream, fromOpener }: RelaySegment, reset: string): void {
    this.#parts.send(peer, create(RelaySegmentSchema, { stream, fromOpener: !fromOpener, reset }));
  }

  #create(peer: NodeId, number: number, opener: boolean, accepted: (() => void) | undefined): Entry {
    const { clock, send } = this.#parts;
    const key = keyOf(peer, number, opener);
    const stream = new RelayStream({
      peer,
      number,
      opener,
      clock,
      send: (segment) => send(peer, segment),
      stalled: () => this.#parts.stalled?.(peer),
      closed: () => this.#entries.delete(key),
    });
    // Who holds the stream hears of its end by 'close' too; without this, nobody listening would end the process.
    stream.on('error', () => {});
    const entry: Entry = { stream, number, opener, accepted, routedAt: clock.now() };
    this.#entries.set(key, entry);
    return entry;
  }

  #watchAll(): void {
    const now = this.#parts.clock.now();
    for (const entry of [...this.#entries.values()]) {
      const { stream } = entry;
      if (this.#parts.hasRoute(stream.peer)) entry.routedAt = now;
      if (now - entry.routedAt > LOST_AFTER) {
        stream.destroy(new ParlmeshError('RELAY_NO_ROUTE', `There is no way to ${stream.peer} any more`));
      } else stream.watch();
    }
  }
}

const keyOf = (peer: NodeId, number: number, opener: boolean): string => `${opener ? 'to' : 'from'} ${peer} ${number}`;
