// What oracles tell each other: the bulletin (a state that each node says of others), acts (who carries out what now),
// and the services that they answer.

import { type Static, Type } from 'typebox';
import type { Millis } from '../../core/clock.ts';
import type { NewsTopic } from '../network.ts';
import { HaltVote, LiftVote, MOST_VOTES, Vote } from './bans.ts';
import { KeyId, SignedOf } from './keys.ts';
import { Approvals, SignedOrder } from './order.ts';
import { MOST_REVOKED } from './wallet.ts';

const DAY: Millis = 24 * 3600_000;
export const BULLETIN_REFRESH: Millis = DAY / 3;
export const MOST_WORDS = 16;
const At = Type.Number({ minimum: 0 });
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** What the authority signs for all: the last word on who is free and whether changes are halted. */
export const AuthorityWord = Type.Object({
  network: Type.String({ maxLength: 64 }),
  kind: Type.Union([Type.Literal('lift'), Type.Literal('halt'), Type.Literal('revoke')]),
  /** `halt`, the key of an actor, or the id of a token's block. */
  what: Type.String({ minLength: 3, maxLength: 400 }),
  reason: Type.String({ maxLength: 300 }),
  at: At,
  until: At,
});
export type AuthorityWord = Static<typeof AuthorityWord>;
export const SignedWord = SignedOf(1500);

export const Witness = Type.Object({ sequence: Type.Integer({ minimum: 0 }), hash: Hash });
export type Witness = Static<typeof Witness>;

export const bulletinTopic = {
  name: 'oracle',
  kind: 'state',
  lifetime: DAY,
  schema: Type.Object({
    votes: Type.Array(Vote, { maxItems: MOST_VOTES }),
    halt: Type.Optional(HaltVote),
    lifts: Type.Array(LiftVote, { maxItems: MOST_VOTES }),
    revoked: Type.Array(Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{32}$' }), until: At }), {
      maxItems: MOST_REVOKED,
    }),
    /** Of the authority, passed on by everybody. */
    words: Type.Array(SignedWord, { maxItems: MOST_WORDS }),
    /** The newest checkpoint of the origin's audit log: others remember it, so that its end cannot be cut off. */
    audit: Type.Optional(Witness),
  }),
} as const satisfies NewsTopic<ReturnType<typeof Type.Object>>;
export type Bulletin = Static<typeof bulletinTopic.schema>;

/** The origin carries out an order, or is about to. The order proves whose it is. */
export const actsTopic = {
  name: 'oracle-acts',
  kind: 'event',
  lifetime: 60_000,
  schema: Type.Object({ order: SignedOrder, approvals: Approvals }),
} as const satisfies NewsTopic<ReturnType<typeof Type.Object>>;

export const APPROVE = 'oracle-approve';
export const CARRY_OUT = 'oracle-order';
export const TAKE_TOKEN = 'oracle-token';
export const REMEMBERED = 'oracle-witness';

/** Of node ids whose checkpoints are remembered. */
export const WitnessOf = Type.Object({ node: KeyId, ...Witness.properties });
