// Updates that are on their way to the coordinator, piece by piece. Bounded in number, bytes and time; what is dropped is
// sent again by the node, which is told how much is here.

import type { Clock, Millis } from '../../../core/clock.ts';
import type { UpdateHeader } from '../messages.ts';

/** Bytes of all updates that are under way. */
const MOST_BYTES = 128 * 1024 * 1024;
const MOST_UPLOADS = 2048;
/** Without a piece for so long, an upload makes room when another needs it. */
const IDLE: Millis = 10_000;

interface Upload {
  /** What the node signed: pieces of one upload have the same. */
  body: string;
  data: Uint8Array;
  have: number;
  touchedAt: Millis;
}

export type Piece =
  | { kind: 'more'; have: number }
  | { kind: 'whole'; data: Uint8Array }
  /** No room: later. */
  | { kind: 'full' };

export class Uploads {
  readonly #clock: Clock;
  readonly #uploads = new Map<string, Upload>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#uploads.size;
  }

  /** Adds a piece that fits what is here; any other says how much is. @param body of the signed header */
  add(header: UpdateHeader, body: string, offset: number, piece: Uint8Array): Piece {
    const key = keyOf(header);
    const now = this.#clock.now();
    let upload = this.#uploads.get(key);
    if (upload !== undefined && upload.body !== body) {
      this.#drop(key);
      upload = undefined;
    }
    if (upload === undefined) {
      // Room is taken with the first bytes, not with the first question.
      if (piece.length === 0 || offset !== 0) return { kind: 'more', have: 0 };
      if (!this.#makeRoom(header.bytes, now)) return { kind: 'full' };
      upload = { body, data: new Uint8Array(header.bytes), have: 0, touchedAt: now };
      this.#uploads.set(key, upload);
      this.#bytes += header.bytes;
    }
    upload.touchedAt = now;
    if (offset === upload.have && piece.length <= upload.data.length - upload.have) {
      upload.data.set(piece, offset);
      upload.have += piece.length;
    }
    return upload.have < upload.data.length
      ? { kind: 'more', have: upload.have }
      : { kind: 'whole', data: upload.data };
  }

  /** It is on the disk, or refused. */
  end(header: UpdateHeader): void {
    this.#drop(keyOf(header));
  }

  clear(): void {
    this.#uploads.clear();
    this.#bytes = 0;
  }

  #makeRoom(bytes: number, now: Millis): boolean {
    if (bytes > MOST_BYTES) return false;
    for (const [key, { touchedAt }] of this.#uploads) {
      if (this.#fits(bytes)) return true;
      if (now - touchedAt > IDLE) this.#drop(key);
    }
    return this.#fits(bytes);
  }

  #fits(bytes: number): boolean {
    return this.#bytes + bytes <= MOST_BYTES && this.#uploads.size < MOST_UPLOADS;
  }

  #drop(key: string): void {
    const upload = this.#uploads.get(key);
    if (upload === undefined) return;
    this.#uploads.delete(key);
    this.#bytes -= upload.data.length;
  }
}

/** What tells one update from another. */
export const keyOf = ({ learner, node, id }: UpdateHeader): string => `${learner}/${node}/${id}`;
