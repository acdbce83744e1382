// The messages of secure aggregation: JSON text that its maker signed, and bytes that the text names by digest. Each is
// bound to its round (network, learner, term and round are in the plan, whose digest everything carries on), to its group
// and to its step, so that none can be played again elsewhere.
//
//   coordinator                      node
//   call         ───────────────────►         a secure sum of this round is about to be made
//                ◄─────────────────── join    it has trained; a commitment to its nonce for the draw
//   plan         ───────────────────►         who is invited, with what settings
//                ◄─────────────────── keys    two public keys, weight, the nonce for the draw
//   roster       ───────────────────►         the group, its keys, all nonces
//                ◄─────────────────── shares  for each other member, sealed: a share of both secrets
//   boxes        ───────────────────►
//                ◄─────────────────── masked  the update under its masks
//   survivors    ───────────────────►         whose masked updates are there
//                ◄─────────────────── agreed  a signature over those
//   agreement    ───────────────────►         everybody's signatures
//                ◄─────────────────── unmask  one share of each member: of one secret, never of both

import { type Static, type TObject, type TSchema, Type } from 'typebox';
import { bodyOf, KeyId, makeSigned, type Signed, SignedOf } from '../../oracle/keys.ts';
import { Digest, LearnerName, ModelVersion, RoundNumber, Term } from '../messages.ts';
import { MOST_NOISE } from '../privacy/clip-and-noise.ts';
import { digestOf, type FederationKeys } from './federation-keys.ts';

/** Nodes that one plan invites. Regional coordinators take part of a larger network each. */
export const MOST_INVITED = 2048;
export const MOST_GROUP = 64;
export const LEAST_GROUP = 3;
export const MOST_PARAMETERS = 1_000_000;
/** A weight is in thousandths of the most. */
export const FULL_WEIGHT = 1000;
const MOST_BODY = 512_000;

/** 32 bytes, base64. */
const Key = Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' });
const Index = Type.Integer({ minimum: 0, maximum: MOST_GROUP - 1 });
/** Members of the group by their place in the roster, ascending. */
const Members = Type.Array(Index, { maxItems: MOST_GROUP });
const SignedKeys = SignedOf(1000);

const of = <K extends string, P extends Record<string, TSchema>>(kind: K, properties: P) =>
  Type.Object({ kind: Type.Literal(kind), node: KeyId, ...properties }, { additionalProperties: false });

const facts = {
  network: Type.String({ minLength: 1, maxLength: 64 }),
  learner: LearnerName,
  format: Type.Integer({ minimum: 0, maximum: 1e9 }),
  term: Term,
  round: RoundNumber,
  /** Version of the model that is trained from. */
  base: ModelVersion,
  /** Parameters. */
  size: Type.Integer({ minimum: 1, maximum: MOST_PARAMETERS }),
};
const Facts = Type.Object(facts);
/** Which round a secure sum is for. */
export type RoundFacts = Static<typeof Facts>;

/** Makes the grid of everybody's numbers: clip / 2^20. */
const clip = Type.Number({ minimum: 1e-6, maximum: 1e6 });
/** Of each group's sum, in clips. */
const noise = Type.Number({ minimum: 0, maximum: MOST_NOISE });

export const Call = of('call', {
  ...facts,
  /** Another attempt at the same round: nodes make new keys for it, unless their masked update has left already. */
  attempt: Type.Integer({ minimum: 0, maximum: 100 }),
  clip,
  noise,
});
export const Join = of('join', { call: Digest, commitment: Digest });

export const Plan = of('plan', {
  ...facts,
  clip,
  noise,
  /** Nodes with `spread: group` add noise / √parts at least. */
  parts: Type.Integer({ minimum: 1, maximum: MOST_GROUP }),
  /** Fewest members of a group. */
  groupSize: Type.Integer({ minimum: LEAST_GROUP, maximum: MOST_GROUP / 2 }),
  /** In the order of their ids; with SHA-256 of the nonce that each will show. */
  invited: Type.Array(Type.Object({ node: KeyId, commitment: Digest }, { additionalProperties: false }), {
    minItems: LEAST_GROUP,
    maxItems: MOST_INVITED,
  }),
});
export type Plan = Static<typeof Plan>;

export const Keys = of('keys', {
  plan: Digest,
  /** X25519, for the boxes of the shares. */
  encryption: Key,
  /** X25519, for the masks. */
  masking: Key,
  nonce: Key,
  weight: Type.Integer({ minimum: 1, maximum: FULL_WEIGHT }),
});
export type Keys = Static<typeof Keys>;

export const Roster = of('roster', {
  plan: Digest,
  /** Which of the groups. */
  number: Type.Integer({ minimum: 0, maximum: MOST_INVITED }),
  /** Of all who are invited, in the plan's order; empty where none came. */
  nonces: Type.Array(Type.Union([Key, Type.Literal('')]), { maxItems: MOST_INVITED }),
  /** What the members said under `keys`, in the order of the draw. */
  members: Type.Array(SignedKeys, { maxItems: MOST_GROUP }),
});

export const Shares = of('shares', {
  group: Digest,
  /** SHA-256 of the node's mask seed: a wrongly restored one is seen. */
  seal: Digest,
  digest: Digest,
});
export type Shares = Static<typeof Shares>;
export const Boxes = of('boxes', { group: Digest, to: KeyId, senders: Members, digest: Digest });
export const Masked = of('masked', { group: Digest, digest: Digest });
export const Survivors = of('survivors', { group: Digest, survivors: Members });
export const Agreed = of('agreed', { group: Digest, survivors: Members });
export const Agreement = of('agreement', {
  group: Digest,
  agreed: Type.Array(
    Type.Object(
      { member: Index, signature: Type.String({ minLength: 88, maxLength: 88 }) },
      { additionalProperties: false },
    ),
    { maxItems: MOST_GROUP },
  ),
});
export const Unmask = of('unmask', { group: Digest, digest: Digest });

export interface SecureMessage {
  signed: Signed;
  /** Empty where the body names no digest. */
  data: Uint8Array;
}

const Kind = Type.Object({ kind: Type.String({ maxLength: 16 }), node: KeyId });

/** Signed with this node's key; a body with a `digest` names `data`. */
export function makeMessage(keys: FederationKeys, body: object, data: Uint8Array = new Uint8Array(0)): SecureMessage {
  return { signed: makeSigned((bytes) => keys.sign('secure-aggregation', bytes), body), data };
}

/** What it says it is and from whom, of which nothing is verified yet. Undefined when it is no message. */
export function kindOf({ signed }: SecureMessage): Static<typeof Kind> | undefined {
  return signed.body.length > MOST_BODY ? undefined : bodyOf(Kind, signed);
}

/** What every message says, and those with data. */
type Made = TObject<{ node: typeof KeyId }>;

export type Opened<S extends Made> = { body: Static<S> } | 'malformed' | 'bad-signature' | 'digest-mismatch';

/** The body, once its form, its maker's signature and the digest of its data are right. Never throws. */
export function openMessage<S extends Made>(
  keys: Pick<FederationKeys, 'verify'>,
  schema: S,
  { signed, data }: SecureMessage,
): Opened<S> {
  const body = signed.body.length > MOST_BODY ? undefined : bodyOf(schema, signed);
  if (body === undefined) return 'malformed';
  const { node, digest }: { node: string; digest?: string } = body;
  if (!isSignedBy(keys, node, signed)) return 'bad-signature';
  if (digest === undefined ? data.length > 0 : digest !== digestOf(data)) return 'digest-mismatch';
  return { body };
}

/** Never throws. */
export function isSignedBy(keys: Pick<FederationKeys, 'verify'>, node: string, { body, signature }: Signed): boolean {
  return keys.verify('secure-aggregation', node, Buffer.from(body), Buffer.from(signature, 'base64'));
}

/** Signed by everybody over the very same text but for their own id. */
export const agreedBody = (node: string, group: string, survivors: readonly number[]) => ({
  kind: 'agreed' as const,
  node,
  group,
  survivors: [...survivors],
});

/**
 * Members that must stay to the end for the sum to be read, of `size`: two thirds and one. With up to a third in league
 * with a lying coordinator, no two sets of so many could be told different survivors (Bonawitz et al. 2017, section 6.2).
 */
export const thresholdOf = (size: number): number => Math.floor((2 * size) / 3) + 1;
