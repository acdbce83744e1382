// What a node and its coordinator say to each other about experience: a batch, and what became of it. The node's rows are
// its own by the sender's name, which the relay has proved; no batch names a node.

import { type Static, Type } from 'typebox';
import { PIECE_BYTES, readJson } from '../messages.ts';

/** Of the relay. */
export const EXPERIENCE_SERVICE = 'federation.experience';
/** Of these messages. One that is not known is refused by name, and what it brought is kept by its sender. */
export const SHIPPING_FORMAT = 1;
export const MOST_BATCH_ROWS = 64;
/** Bytes of the rows of a batch; a longer row goes in pieces. */
export const MOST_BATCH_BYTES = PIECE_BYTES;

const Sequence = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Whole = Type.Integer({ minimum: 0, maximum: 2 ** 40 });
/** Form and widths of the packed decisions, as their first six bytes say. */
const Schema = Type.String({ maxLength: 32, pattern: '^[0-9.]*$' });

export const ShippedRow = Type.Object({
  sequence: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  /** Milliseconds since 1970, by the sender's clock. */
  at: Type.Number(),
  version: Whole,
  priority: Type.Number(),
  decisions: Type.Integer({ minimum: 0, maximum: 65_535 }),
  bytes: Type.Integer({ minimum: 0, maximum: 262_144 }),
});
export type ShippedRow = Static<typeof ShippedRow>;

/** The rows' bytes follow one after another in the frame; or, of the only row, those from `offset` on. */
export const Batch = Type.Object({
  format: Type.Literal(SHIPPING_FORMAT),
  /** The sender's clock, so that a wrong one can be made good. */
  sentAt: Type.Number(),
  schema: Schema,
  /** Of the numbers after `after` and up to `until`, these rows are all that will ever come. */
  after: Sequence,
  until: Sequence,
  rows: Type.Array(ShippedRow, { maxItems: MOST_BATCH_ROWS }),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 262_144 })),
  /** There is more to send. */
  more: Type.Boolean(),
});
export type Batch = Static<typeof Batch>;

/** Read before the rest, to name what is not known. */
export const AnyBatch = Type.Object({ format: Type.Integer() });

/** Bounded: it is the label of a metric. */
export const SHIPPING_REFUSALS = [
  ...(['not-coordinator', 'stranger', 'too-large', 'malformed', 'unknown-format', 'unknown-schema'] as const),
  ...(['out-of-order', 'forged-count', 'invalid-row', 'too-fast', 'busy', 'store-failed'] as const),
] as const;
export type ShippingRefusal = (typeof SHIPPING_REFUSALS)[number];

export const Receipt = Type.Object({
  /** The number up to which all rows of the sender have come: the only thing that counts. */
  received: Type.Optional(Sequence),
  /** Bytes that are here of the row that comes in pieces. */
  have: Type.Optional(Type.Integer({ minimum: 0, maximum: 262_144 })),
  /** Milliseconds to wait before the next batch. */
  wait: Type.Number({ minimum: 0, maximum: 3_600_000 }),
  refused: Type.Optional(
    Type.Object({
      reason: Type.Enum(SHIPPING_REFUSALS),
      /** For people. */
      message: Type.String({ maxLength: 500 }),
      /** The row that it is about. */
      sequence: Type.Optional(Sequence),
      /** What the coordinator can read. */
      schema: Type.Optional(Schema),
    }),
  ),
});
export type Receipt = Static<typeof Receipt>;

export function writeReceipt(receipt: Receipt): Uint8Array {
  return Buffer.from(JSON.stringify(receipt));
}

/** Undefined for what is none. Never throws. */
export function readReceipt(bytes: Uint8Array): Receipt | undefined {
  return readJson(Receipt, bytes);
}

/** What packed decisions are made of: their form and the widths of their rows. Empty for what is too short to say. */
export function schemaOf(data: Uint8Array): string {
  if (data.length < 6) return '';
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return [0, 2, 4].map((offset) => view.getUint16(offset)).join('.');
}
