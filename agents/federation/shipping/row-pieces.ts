// Rows that come in pieces, since one message does not hold them: one of each sender, bounded in number and bytes. What is
// dropped comes again: the sender is told how much is here.

import type { ShippedRow } from './messages.ts';

const MOST_BYTES = 16_000_000;

interface Partial {
  key: string;
  data: Uint8Array;
  have: number;
}

export class RowPieces {
  readonly #parts = new Map<string, Partial>();
  #bytes = 0;

  /** The whole row once it is there; else how many bytes are. */
  add(sender: string, row: ShippedRow, offset: number, piece: Uint8Array): Uint8Array | number {
    const key = JSON.stringify(row);
    let part = this.#parts.get(sender);
    if (part === undefined || part.key !== key) {
      this.drop(sender);
      if (offset > 0) return 0;
      part = { key, data: new Uint8Array(row.bytes), have: 0 };
      this.#bytes += row.bytes;
    }
    // Behind all others: whoever has not sent for longest makes room.
    this.#parts.delete(sender);
    this.#parts.set(sender, part);
    while (this.#bytes > MOST_BYTES) this.drop(this.#parts.keys().next().value ?? sender);
    if (offset !== part.have || offset + piece.length > part.data.length) return part.have;
    part.data.set(piece, offset);
    part.have += piece.length;
    if (part.have < part.data.length) return part.have;
    this.drop(sender);
    return part.data;
  }

  drop(sender: string): void {
    const part = this.#parts.get(sender);
    if (part === undefined) return;
    this.#parts.delete(sender);
    this.#bytes -= part.data.length;
  }
}
