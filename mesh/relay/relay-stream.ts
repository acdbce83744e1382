// One end of a reliable, ordered byte stream over frames that may be lost, doubled and overtaken: numbered pieces,
// acknowledged with what arrived beyond a gap, a window on each side, and a pace that halves when pieces are lost
// (RFC 5681's idea). As a Duplex it is paused by who reads slowly and pauses who writes fast.

import { Duplex } from 'node:stream';
import { create } from '@bufbuild/protobuf';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { NodeId } from '../membership/keys.ts';
import { type RelaySegment, RelaySegmentSchema } from '../wire/generated/parlmesh_pb.ts';

export interface RelayStreamParts {
  peer: NodeId;
  number: number;
  /** This end opened it. */
  opener: boolean;
  clock: Clock;
  /** False when there is no room now; `roomAgain` is called when there may be. */
  send: (segment: RelaySegment) => boolean;
  /** What was sent is not acknowledged, and sent again. */
  stalled: () => void;
  /** Nothing is sent or heard any more. */
  closed: () => void;
}

/** Bytes of one piece. */
export const PIECE_BYTES = 32 * 1024;
/** Pieces that may be under way, and that this end holds for its reader: with `PIECE_BYTES`, 1 MB each way. */
const WINDOW = 32;
const FIRST_PACE = 8;
/** A piece is lost when so many after it have arrived. */
const OVERTAKEN_BY = 3;
const BEYOND_BITS = 32;
const REPEAT_AFTER: { first: Millis; least: Millis; most: Millis } = { first: 300, least: 100, most: 3000 };
/** An acknowledgement is said for so many pieces, or after so long. */
const ACKNOWLEDGE = { pieces: 4, after: 10 } as const;
/** A silent stream is asked after this, and given up after three times as much. */
const SILENCE: Millis = 10_000;

interface Piece {
  segment: RelaySegment;
  sentAt: Millis;
  repeated: boolean;
}

export class RelayStream extends Duplex {
  readonly peer: NodeId;
  readonly #parts: RelayStreamParts;
  // Sending.
  #backlog: RelaySegment[] = [];
  readonly #underWay = new Map<number, Piece>();
  #sequence = 0;
  #pace = FIRST_PACE;
  #peerWindow = FIRST_PACE;
  #slowedAt: Millis = Number.NEGATIVE_INFINITY;
  #roundTrip: Millis | undefined;
  #repeatAfter = REPEAT_AFTER.first;
  #repeat: Timer | undefined;
  #written: (() => void) | undefined;
  #finished: (() => void) | undefined;
  // Receiving.
  #received = 0;
  readonly #ahead = new Map<number, RelaySegment>();
  #unacknowledged = 0;
  #acknowledge: Timer | undefined;
  #told = WINDOW;
  #ended = false;
  #silent = false;
  #heardAt: Millis;
  #askedAt: Millis;

  constructor(parts: RelayStreamParts) {
    super({ allowHalfOpen: true, readableHighWaterMark: WINDOW * PIECE_BYTES, writableHighWaterMark: 4 * PIECE_BYTES });
    this.#parts = parts;
    this.peer = parts.peer;
    this.#heardAt = parts.clock.now();
    this.#askedAt = this.#heardAt;
  }

  /** The opener's first piece. */
  open(service: string, header: Uint8Array): void {
    this.#queue({ service, data: header });
    this.#pump();
  }

  /** The other end's first piece has come; what it asked for is granted by `accept`. */
  opened(): void {
    this.#received = 1;
    this.#silent = true;
  }

  accept(): void {
    this.#silent = false;
    this.#sayWhere();
  }

  hear(segment: RelaySegment): void {
    this.#heardAt = this.#parts.clock.now();
    if (segment.reset !== '') return void this.#onReset(segment.reset);
    this.#onAcknowledged(segment);
    if (segment.sequence > 0) this.#onPiece(segment);
    else if (segment.ask) this.#sayWhere();
    this.#pump();
  }

  /** There may be room for pieces again. */
  roomAgain(): void {
    this.#pump();
  }

  /** Called every second or so: asks when it is silent, gives up when it stays so. */
  watch(): void {
    const now = this.#parts.clock.now();
    if (now - this.#heardAt > 3 * SILENCE) {
      this.destroy(new ParlmeshError('RELAY_TIMED_OUT', `${this.peer} has not answered for ${(3 * SILENCE) / 1000} s`));
    } else if (now - Math.max(this.#heardAt, this.#askedAt) > SILENCE) {
      this.#askedAt = now;
      this.#say({ ask: true });
    }
    this.#pump();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) this.#queue({ data: chunk.subarray(at, at + PIECE_BYTES) });
    this.#written = done;
    this.#pump();
  }

  override _final(done: () => void): void {
    this.#finished = done;
    this.#queue({ end: true });
    this.#pump();
  }

  override _read(): void {
    // The other end was told that there is hardly room: now there is.
    if (this.#told < WINDOW / 2 && this.#room() >= WINDOW / 2) this.#sayWhere();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#repeat?.cancel();
    this.#acknowledge?.cancel();
    if (!this.#ended || !this.writableFinished) this.#say({ reset: (error?.message || 'closed').slice(0, 200) });
    this.#backlog = [];
    this.#underWay.clear();
    this.#ahead.clear();
    this.#parts.closed();
    done(error);
  }

  #queue(piece: { data?: Uint8Array; end?: boolean; service?: string }): void {
    this.#backlog.push(create(RelaySegmentSchema, { ...this.#head(), sequence: ++this.#sequence, ...piece }));
  }

  #pump(): void {
    if (this.destroyed) return;
    const { clock, send } = this.#parts;
    const most = Math.min(this.#pace, this.#peerWindow);
    while (this.#backlog.length > 0 && this.#underWay.size < most) {
      const segment = this.#where(this.#backlog[0]!);
      if (!send(segment)) break;
      this.#backlog.shift();
      this.#underWay.set(segment.sequence, { segment, sentAt: clock.now(), repeated: false });
      this.#wasTold();
    }
    if (this.#underWay.size + this.#backlog.length > 0 && this.#repeat === undefined) this.#armRepeat();
    const written = this.#written;
    if (this.#backlog.length === 0 && written !== undefined) {
      this.#written = undefined;
      written();
    }
    if (this.#backlog.length === 0 && this.#underWay.size === 0 && this.#finished !== undefined) {
      const finished = this.#finished;
      this.#finished = undefined;
      finished();
    }
  }

  #onAcknowledged({ acknowledged, beyond, window }: RelaySegment): void {
    this.#peerWindow = Math.min(window, WINDOW);
    let highest = acknowledged;
    let news = false;
    for (const sequence of this.#underWay.keys()) if (sequence <= acknowledged) news = this.#arrived(sequence) || news;
    for (let bit = 0; bit < BEYOND_BITS; bit++) {
      if (((beyond >>> bit) & 1) === 0) continue;
      highest = acknowledged + 2 + bit;
      news = this.#arrived(highest) || news;
    }
    if (news) {
      this.#repeatAfter = this.#restAfter();
      this.#repeat?.cancel();
      this.#repeat = undefined;
    }
    this.#repeatOvertaken(highest);
  }

  #arrived(sequence: number): boolean {
    const piece = this.#underWay.get(sequence);
    if (piece === undefined) return false;
    this.#underWay.delete(sequence);
    if (!piece.repeated) {
      const measured = this.#parts.clock.now() - piece.sentAt;
      this.#roundTrip = this.#roundTrip === undefined ? measured : 0.875 * this.#roundTrip + 0.125 * measured;
    }
    this.#pace = Math.min(WINDOW, this.#pace + 1 / 4);
    return true;
  }

  #repeatOvertaken(highest: number): void {
    const now = this.#parts.clock.now();
    for (const [sequence, piece] of this.#underWay) {
      if (sequence + OVERTAKEN_BY > highest) continue;
      if (now - piece.sentAt <= (this.#roundTrip ?? REPEAT_AFTER.first)) continue;
      this.#slowDown(now, this.#pace / 2);
      this.#again(piece, now);
    }
  }

  #armRepeat(): void {
    this.#repeat = this.#parts.clock.after(this.#repeatAfter, () => {
      this.#repeat = undefined;
      const now = this.#parts.clock.now();
      const [oldest] = this.#underWay.values();
      // The word that there is room again may have been lost.
      if (oldest === undefined) this.#say({ ask: true });
      else if (now - oldest.sentAt >= this.#repeatAfter * 0.9) {
        this.#parts.stalled();
        this.#slowDown(now, this.#pace / 4);
        this.#repeatAfter = Math.min(REPEAT_AFTER.most, this.#repeatAfter * 2);
        this.#again(oldest, now);
      }
      this.#pump();
    });
  }

  #again(piece: Piece, now: Millis): void {
    piece.sentAt = now;
    piece.repeated = true;
    this.#parts.send(this.#where(piece.segment));
  }

  /** At most once a round trip: many pieces lost at once are one event. */
  #slowDown(now: Millis, pace: number): void {
    if (now - this.#slowedAt < (this.#roundTrip ?? REPEAT_AFTER.first)) return;
    this.#slowedAt = now;
    this.#pace = Math.max(2, pace);
  }

  #restAfter(): Millis {
    const wanted = 2 * (this.#roundTrip ?? REPEAT_AFTER.first) + 50;
    return Math.min(REPEAT_AFTER.most, Math.max(REPEAT_AFTER.least, wanted));
  }

  #onPiece(segment: RelaySegment): void {
    const { sequence } = segment;
    const isNext = sequence === this.#received + 1;
    const isOutside = sequence <= this.#received || sequence > this.#received + WINDOW;
    // A sender that keeps to the window never comes near the second half of this.
    if (isOutside || this.readableLength > 2 * WINDOW * PIECE_BYTES) return void this.#sayWhere();
    this.#ahead.set(sequence, segment);
    for (
      let next = this.#ahead.get(this.#received + 1);
      next !== undefined;
      next = this.#ahead.get(this.#received + 1)
    ) {
      this.#ahead.delete(++this.#received);
      if (next.data.length > 0) this.push(next.data);
      if (!next.end) continue;
      this.#ended = true;
      this.push(null);
    }
    this.#unacknowledged++;
    if (!isNext || this.#unacknowledged >= ACKNOWLEDGE.pieces || this.#ahead.size > 0 || this.#ended)
      return void this.#sayWhere();
    this.#acknowledge ??= this.#parts.clock.after(ACKNOWLEDGE.after, () => this.#sayWhere());
  }

  #onReset(reason: string): void {
    // Both directions are through, and the other end does not know us any more: it has all it wanted.
    if (this.#ended && this.#finished !== undefined) {
      this.#backlog = [];
      this.#underWay.clear();
      return void this.#pump();
    }
    this.destroy(new ParlmeshError('RELAY_RESET', `${this.peer} broke the stream off: ${reason}`));
  }

  /** Says what has arrived, and nothing else. */
  #sayWhere(): void {
    this.#say({});
  }

  #say(what: { ask?: boolean; reset?: string }): void {
    if (this.#silent && what.reset === undefined) return;
    this.#parts.send(this.#where(create(RelaySegmentSchema, { ...this.#head(), ...what })));
    this.#wasTold();
  }

  #wasTold(): void {
    this.#unacknowledged = 0;
    this.#acknowledge?.cancel();
    this.#acknowledge = undefined;
    this.#told = this.#room();
  }

  #where(segment: RelaySegment): RelaySegment {
    segment.acknowledged = this.#received;
    segment.window = this.#room();
    segment.beyond = 0;
    for (const sequence of this.#ahead.keys()) {
      const bit = sequence - this.#received - 2;
      if (bit >= 0 && bit < BEYOND_BITS) segment.beyond = (segment.beyond | (1 << bit)) >>> 0;
    }
    return segment;
  }

  #room(): number {
    return Math.max(0, WINDOW - Math.ceil(this.readableLength / PIECE_BYTES));
  }

  #head(): { stream: number; fromOpener: boolean } {
    return { stream: this.#parts.number, fromOpener: this.#parts.opener };
  }
}
