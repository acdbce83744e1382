// What nodes and the coordinator say to each other in a round. JSON with open objects (a newer version adds fields), and
// frames of JSON and bytes where numbers travel. docs/federation.md tells who says what when.

import { createHash } from 'node:crypto';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { NewsTopic } from '../network.ts';
import { SignedOf } from '../oracle/keys.ts';

export const NodeId = Type.String({ minLength: 1, maxLength: 128 });
export const LearnerName = Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' });
export const ModelVersion = Type.String({ pattern: '^[0-9a-f]{16}$' });
export const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
/** Drawn by the coordinator: no two rounds have the same, whatever their numbers. */
export const RoundId = Type.String({ pattern: '^[0-9a-f]{16}$' });
export const RoundNumber = Type.Integer({ minimum: 1, maximum: 1e9 });
export const Term = Type.Integer({ minimum: 0, maximum: 1e12 });
const Count = Type.Integer({ minimum: 0, maximum: 1e9 });
export const Mode = Type.Union([Type.Literal('synchronous'), Type.Literal('asynchronous')]);
/** The latest round that a node heard of. */
export const Heard = Type.Object({ term: Term, round: Count });
export type Heard = Static<typeof Heard>;
/** What other parts (privacy, secure aggregation) add, by their name; the rounds only carry it. */
export const Extras = Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' }), Type.Unknown(), {
  maxProperties: 8,
});
export type Extras = Static<typeof Extras>;

/** Bytes of a model or an update as it travels. A million numbers as float32 take 4 MB. */
export const MOST_MODEL_BYTES = 32 * 1024 * 1024;
/** Bytes of one piece of a model or an update: with its header it fits one message of the relay, which takes 64 kB. */
export const PIECE_BYTES = 32 * 1024;
/** Characters of what is signed. */
const MOST_SIGNED = 16_000;
/** Bytes of a message without its piece. */
const MOST_HEADER = 30_000;

/** A JSON text and its author's signature. */
export const SignedText = SignedOf(MOST_SIGNED);
export type SignedText = Static<typeof SignedText>;

/** The keys of this node, as the daemon hands them in. */
export interface RoundKeys {
  /** Id of this node, which is its public key. */
  readonly self: string;
  sign(purpose: 'federation-invitation' | 'federation-update', body: Uint8Array): Uint8Array;
  /** Is that the signature of `signer`, a member of the network? Never throws. */
  verify(
    purpose: 'federation-invitation' | 'federation-update',
    signer: string,
    body: Uint8Array,
    signature: Uint8Array,
  ): boolean;
}

export const Plan = Type.Object({
  epochs: Type.Integer({ minimum: 1, maximum: 1000 }),
  proximal: Type.Number({ minimum: 0, maximum: 1000 }),
  budget: Type.Number({ exclusiveMinimum: 0, maximum: 3600 }),
  seed: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }),
});

/** Signed by the coordinator. All durations are relative to its arrival: clocks of boards differ. */
export const Invitation = Type.Object({
  id: RoundId,
  learner: LearnerName,
  /** Of the learner's models. */
  format: Type.Integer({ minimum: 0, maximum: 1e9 }),
  size: Type.Integer({ minimum: 1, maximum: MOST_MODEL_BYTES / 4 }),
  round: RoundNumber,
  coordinator: NodeId,
  /** Of the coordinator's lease. */
  term: Term,
  mode: Mode,
  /** The model to train from; its digest is of all its bytes (float32, little-endian). */
  base: ModelVersion,
  digest: Digest,
  plan: Plan,
  /** Milliseconds from now in which an update counts. */
  lasts: Type.Number({ exclusiveMinimum: 0, maximum: 604_800_000 }),
  extras: Type.Optional(Extras),
});
export type Invitation = Static<typeof Invitation>;

/** Bounded: it is the label of a metric. */
export const DECLINE_REASONS = [
  ...(['nothing-new', 'busy', 'budget', 'veto', 'privacy', 'not-allowed', 'unfit', 'unknown-learner'] as const),
  ...(['not-coordinator', 'stale', 'forged', 'malformed', 'model-missing', 'training-failed', 'stopping'] as const),
] as const;
export type DeclineReason = (typeof DECLINE_REASONS)[number];
const Decline = Type.Enum([...DECLINE_REASONS]);

/** What a node answers to an invitation. */
export const Answer = Type.Union([
  Type.Object({ kind: Type.Literal('accepted'), examples: Count }),
  Type.Object({
    kind: Type.Literal('declined'),
    reason: Decline,
    /** For people. */
    cause: Type.String({ maxLength: 500 }),
    /** The latest round that it heard of, when it declines for that. */
    heard: Type.Optional(Heard),
  }),
]);
export type Answer = Static<typeof Answer>;

/** Signed by the node that trained. */
export const UpdateHeader = Type.Object({
  id: RoundId,
  learner: LearnerName,
  format: Type.Integer({ minimum: 0, maximum: 1e9 }),
  /** The round that it was invited to. */
  round: RoundNumber,
  coordinator: NodeId,
  node: NodeId,
  base: ModelVersion,
  examples: Type.Integer({ minimum: 1, maximum: 1e9 }),
  /** Seconds that training took there. */
  seconds: Type.Number({ minimum: 0, maximum: 604_800 }),
  metrics: Type.Record(Type.String({ maxLength: 64 }), Type.Number(), { maxProperties: 16 }),
  /** How the bytes hold the numbers: `float32`, `int8`, … */
  codec: Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
  bytes: Type.Integer({ minimum: 1, maximum: MOST_MODEL_BYTES }),
  /** SHA-256 of the bytes. */
  digest: Digest,
  /** Nodes whose updates are in it, where a regional coordinator aggregated them. */
  members: Type.Optional(Type.Array(NodeId, { minItems: 1, maxItems: 256 })),
  extras: Type.Optional(Extras),
});
export type UpdateHeader = Static<typeof UpdateHeader>;

/** Bounded: it is the label of a metric. */
export const REFUSALS = [
  ...(['malformed', 'forged', 'unknown-round', 'stale', 'future', 'closed', 'duplicate', 'not-invited'] as const),
  ...(['wrong-learner', 'wrong-base', 'wrong-format', 'wrong-shape', 'wrong-digest', 'too-large'] as const),
  ...(['not-finite', 'too-many', 'storage', 'not-coordinator', 'codec', 'members'] as const),
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** A piece of an update. An empty one asks how much of it is there. */
export const UpdatePiece = Type.Object({
  header: SignedText,
  offset: Type.Integer({ minimum: 0, maximum: MOST_MODEL_BYTES }),
});
export type UpdatePiece = Static<typeof UpdatePiece>;

export const Receipt = Type.Union([
  /** So many bytes are here: go on from there. */
  Type.Object({ kind: Type.Literal('more'), have: Type.Integer({ minimum: 0, maximum: MOST_MODEL_BYTES }) }),
  /** All is on the coordinator's disk. */
  Type.Object({ kind: Type.Literal('taken') }),
  Type.Object({
    kind: Type.Literal('refused'),
    reason: Type.Enum([...REFUSALS]),
    cause: Type.String({ maxLength: 500 }),
    /** Whether the same may be sent again later. */
    again: Type.Boolean(),
  }),
]);
export type Receipt = Static<typeof Receipt>;

export const ModelRequest = Type.Object({
  learner: LearnerName,
  version: ModelVersion,
  offset: Type.Integer({ minimum: 0, maximum: MOST_MODEL_BYTES }),
});
export type ModelRequest = Static<typeof ModelRequest>;

/** The piece follows in the frame. `total` 0: that model is not served here. */
export const ModelPiece = Type.Object({ total: Type.Integer({ minimum: 0, maximum: MOST_MODEL_BYTES }) });

/** The coordinator wants nothing more of a round that it invited to: no answer is needed. */
export const Recall = Type.Object({ id: RoundId, learner: LearnerName });
export type Recall = Static<typeof Recall>;

/** A node that had accepted brings nothing after all. */
export const Withdrawal = Type.Object({
  id: RoundId,
  learner: LearnerName,
  reason: Decline,
  cause: Type.String({ maxLength: 500 }),
});
export type Withdrawal = Static<typeof Withdrawal>;

/** Questions of the relay. */
export const INVITE = 'federation-invite';
export const RECALL = 'federation-recall';
export const WITHDRAW = 'federation-withdraw';
export const UPDATE = 'federation-update';
export const MODEL = 'federation-model';

/** What a node could bring to a round, told to all when it changes. */
export const Offer = Type.Object({
  learners: Type.Array(
    Type.Object({
      name: LearnerName,
      format: Type.Integer({ minimum: 0, maximum: 1e9 }),
      size: Type.Integer({ minimum: 1, maximum: MOST_MODEL_BYTES / 4 }),
      /** What it has to train on since its last update counted. 0: nothing. */
      examples: Count,
      /** The latest round that it heard of. */
      heard: Heard,
    }),
    { maxItems: 16 },
  ),
  /** 0 idle to 1: heat, memory, load. */
  pressure: Type.Number({ minimum: 0, maximum: 1 }),
  /** Charge, 0 to 1, of a board that runs on battery now. */
  battery: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
});
export type Offer = Static<typeof Offer>;

export const offerTopic: NewsTopic<typeof Offer> = {
  name: 'federation-offers',
  kind: 'state',
  schema: Offer,
  lifetime: 600_000,
};

/** JSON and bytes in one message: length of the JSON (4 bytes, big-endian), the JSON, the bytes. */
export function frameOf(header: unknown, bytes: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = Buffer.from(JSON.stringify(header));
  const frame = Buffer.alloc(4 + text.length + bytes.length);
  frame.writeUInt32BE(text.length);
  text.copy(frame, 4);
  frame.set(bytes, 4 + text.length);
  return frame;
}

/** Undefined for what is not as `schema` says. Never throws. The bytes are a view of `frame`. */
export function readFrame<S extends TSchema>(
  schema: S,
  frame: Uint8Array,
): { header: Static<S>; bytes: Uint8Array } | undefined {
  if (frame.length < 4 || frame.length > MOST_HEADER + PIECE_BYTES + 4) return undefined;
  const view = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  const length = view.readUInt32BE(0);
  if (length > MOST_HEADER || 4 + length > frame.length) return undefined;
  const header = readJson(schema, view.subarray(4, 4 + length));
  return header === undefined ? undefined : { header, bytes: view.subarray(4 + length) };
}

/** Undefined for what is not as `schema` says. Never throws. */
export function readJson<S extends TSchema>(schema: S, bytes: Uint8Array, most = MOST_HEADER): Static<S> | undefined {
  if (bytes.length > most) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
    return checkOf(schema).Check(value) ? (value as Static<S>) : undefined;
  } catch {
    return undefined;
  }
}

const checks = new WeakMap<TSchema, ReturnType<typeof Compile>>();

/** A thousand nodes answer in one round: checks are compiled once. */
function checkOf(schema: TSchema): ReturnType<typeof Compile> {
  const known = checks.get(schema);
  if (known !== undefined) return known;
  const check = Compile(schema);
  checks.set(schema, check);
  return check;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The order of bytes in this machine's memory is the one in which numbers travel: no number need be looked at. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The bytes of parameters as they travel: float32, little-endian. */
export function bytesOf(parameters: Float32Array): Uint8Array {
  if (IS_LITTLE_ENDIAN) return new Uint8Array(parameters.slice().buffer);
  const bytes = Buffer.alloc(parameters.length * 4);
  for (let at = 0; at < parameters.length; at++) bytes.writeFloatLE(parameters[at]!, at * 4);
  return bytes;
}

/** Undefined when they are no whole number of float32. */
export function parametersOf(bytes: Uint8Array): Float32Array | undefined {
  if (bytes.length % 4 !== 0) return undefined;
  if (IS_LITTLE_ENDIAN) return new Float32Array(Uint8Array.from(bytes).buffer);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float32Array.from({ length: bytes.length / 4 }, (_, at) => view.getFloat32(at * 4, true));
}

/** The name that everybody gives a model: see `Model.version`. */
export const versionOf = (bytes: Uint8Array): string => sha256(bytes).slice(0, 16);
