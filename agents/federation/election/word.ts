// What every node of a federation tells of itself by gossip: how good a coordinator it would be, the highest term that it
// knows, and its claim to the seat while it holds it. The transport signs it; no time of any clock stands in it.

import { type Static, Type } from 'typebox';
import type { NewsTopic } from '../../network.ts';

/** Terms count claims to the seat, as Raft's and Lamport's clocks do; in a network's life they stay far below this. */
export const MOST_TERM = 2 ** 48;
/** A word whose term is further ahead than this is a lie: an honest network would claim the seat for years to get there. */
export const MOST_TERM_AHEAD = 1_000_000;

export const Term = Type.Integer({ minimum: 0, maximum: MOST_TERM });
const NodeId = Type.String({ minLength: 1, maxLength: 64 });

export const Claim = Type.Object({
  term: Type.Integer({ minimum: 1, maximum: MOST_TERM }),
  /** Grows with each renewal; what was heard before renews nothing. */
  beat: Type.Integer({ minimum: 1, maximum: 1e12 }),
  /** Milliseconds that it counts from when it is heard, on the clock of who hears it. */
  lease: Type.Integer({ minimum: 1000, maximum: 3_600_000 }),
  /** What the claimant's cost was when it claimed: the same for everybody, however its cost moves since. */
  cost: Type.Number({ minimum: 0, maximum: 1e6 }),
});
export type Claim = Static<typeof Claim>;

export const Word = Type.Object({
  /** The highest that it knows of. */
  term: Term,
  /** Less is a better coordinator; see `standing.ts`. */
  cost: Type.Number({ minimum: 0, maximum: 1e6 }),
  /** Whether it takes the seat when it falls to it. */
  candidate: Type.Boolean(),
  /** Its configuration names it: it takes the seat whenever it is there. */
  appointed: Type.Optional(Type.Boolean()),
  claim: Type.Optional(Claim),
  /** Who is to have the seat that it has just left. */
  successor: Type.Optional(NodeId),
});
export type Word = Static<typeof Word>;

/** A word is repeated three times as often as it lives: two may be lost. */
export const WORD_REFRESH = 60_000;

export const seatTopic = {
  name: 'federation-seat',
  kind: 'state',
  schema: Word,
  lifetime: 3 * WORD_REFRESH,
} as const satisfies NewsTopic<typeof Word>;
