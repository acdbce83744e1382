// What agents write to each other, and its form between nodes. Pure: bytes from other nodes become a checked letter or a
// reason why not, never an exception.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';

/** Of a body as JSON. With its envelope it fits one message of the relay. */
export const MOST_BODY_BYTES = 64_000;
const MOST_ENVELOPE_BYTES = 64 * 1024;
/** A letter that was written because of a letter, because of a letter …: further it does not go. */
export const MOST_HOPS = 8;
/** Longer nobody waits for a reply, and no letter lies unread. */
export const LONGEST_LIFE: Millis = 60_000;

/** As its recipient reads it. */
export interface Letter {
  id: string;
  /** Address of the sender: `NODE/AGENT`. */
  from: string;
  /** Anything JSON has; the recipient's own copy. */
  body: unknown;
  /** What the recipient's handler returns is sent back. */
  wantsReply: boolean;
  /** Letters that led to this one. */
  hops: number;
  /** Monotonic time after which it is not worth reading. */
  expiresAt: Millis;
}

const AgentId = Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\s]+$' });
const Kind = Type.String({ minLength: 1, maxLength: 64, pattern: '^[a-z][a-z0-9-]*(\\.[a-z0-9-]+)*$' });

/** To one agent, to any one agent of a kind, to all of a kind. */
export const Addressee = Type.Union([
  Type.Object({ agent: AgentId }, { additionalProperties: false }),
  Type.Object({ kind: Kind }, { additionalProperties: false }),
  Type.Object({ every: Kind }, { additionalProperties: false }),
]);
export type Addressee = Static<typeof Addressee>;

/** The same between nodes. Open: a newer version adds fields. The sender's node is the one that the mesh vouches for. */
export const Envelope = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64 }),
  from: AgentId,
  to: Addressee,
  wantsReply: Type.Boolean(),
  hops: Type.Integer({ minimum: 0, maximum: MOST_HOPS }),
  /** Milliseconds that are left: clocks of nodes differ. */
  lifetime: Type.Number({ exclusiveMinimum: 0, maximum: LONGEST_LIFE }),
  body: Type.Optional(Type.Unknown()),
});
export type Envelope = Static<typeof Envelope>;

export const Reply = Type.Union([
  Type.Object({
    ok: Type.Literal(true),
    body: Type.Optional(Type.Unknown()),
    /** Of a letter to every agent of a kind. */
    delivered: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
    refused: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
  }),
  Type.Object({
    ok: Type.Literal(false),
    code: Type.String({ maxLength: 64, pattern: '^[A-Z][A-Z0-9_]*$' }),
    message: Type.String({ maxLength: 1000 }),
    /** A handler has it, or had it. */
    taken: Type.Optional(Type.Boolean()),
  }),
]);
export type Reply = Static<typeof Reply>;

export type Decoded = { ok: true; envelope: Envelope } | { ok: false; reason: 'too-large' | 'malformed' };

/** Never throws. */
export function decodeEnvelope(bytes: Uint8Array): Decoded {
  if (bytes.length > MOST_ENVELOPE_BYTES) return { ok: false, reason: 'too-large' };
  const value = parse(bytes);
  if (!Value.Check(Envelope, value)) return { ok: false, reason: 'malformed' };
  const body = JSON.stringify(value.body ?? null);
  if (Buffer.byteLength(body) > MOST_BODY_BYTES) return { ok: false, reason: 'too-large' };
  return { ok: true, envelope: value };
}

/** What cannot be read is a failure of the other node. Never throws. */
export function decodeReply(bytes: Uint8Array): Reply {
  const value = bytes.length > MOST_ENVELOPE_BYTES ? undefined : parse(bytes);
  if (Value.Check(Reply, value)) return value;
  return { ok: false, code: 'LETTER_BAD_REPLY', message: 'the other node sent a reply that cannot be read' };
}

export function encode(value: Envelope | Reply): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** A recipient's own copy of a body. Throws `LETTER_TOO_LARGE`, or `LETTER_NOT_JSON` for what JSON does not have. */
export function copyOf(body: unknown): unknown {
  const text = textOf(body);
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_BODY_BYTES) {
    throw new ParlmeshError('LETTER_TOO_LARGE', `a letter may have ${MOST_BODY_BYTES} bytes, this one ${bytes}`, {
      hint: 'keep large things as a blob and send its reference',
    });
  }
  return JSON.parse(text);
}

function textOf(body: unknown): string {
  try {
    return JSON.stringify(body ?? null) ?? 'null';
  } catch (cause) {
    throw new ParlmeshError('LETTER_NOT_JSON', 'a letter holds what JSON has, and no circles', { cause });
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
