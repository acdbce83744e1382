// Who is frozen, and whether changes are halted: a pure state of votes, orders of the authority, and what this node holds
// by itself. It is written down whole, and holds through restarts.

import { type Static, Type } from 'typebox';
import type { Millis } from '../../core/clock.ts';
import { nodeOfKey, WHOLE_NODE } from './actor.ts';

const HOUR: Millis = 3600_000;
export const MOST_VOTES = 32;
const MOST_FROZEN = 500;
/** Times in an hour that a node may freeze its own actors or let them go; each is written down by all others. */
const MOST_MOVES = 20;
/** Votes of one node against different others count for this share of the network within a day: a liar's reach. */
const VOTER_REACH = 0.1;
const VOTER_MEMORY: Millis = 24 * HOUR;
/** A node that voted to halt does not count again before. */
const HALT_PAUSE: Millis = HOUR;

const Key = Type.String({ minLength: 3, maxLength: 400 });
const Reason = Type.String({ maxLength: 300 });
const At = Type.Number({ minimum: 0 });
export const Vote = Type.Object({ actor: Key, reason: Reason, at: At });
export type Vote = Static<typeof Vote>;
export const HaltVote = Type.Object({ reason: Reason, at: At });
export type HaltVote = Static<typeof HaltVote>;
/** `halt`, or the key of an actor. */
export const LiftVote = Type.Object({ what: Key, at: At });
export type LiftVote = Static<typeof LiftVote>;

const Frozen = Type.Object({
  actor: Key,
  reason: Reason,
  at: At,
  /** `here` on this node alone; `owner`: by the node that it lives on; `quorum`: by nodes in number. */
  by: Type.Union([Type.Literal('here'), Type.Literal('owner'), Type.Literal('quorum')]),
});
export type Frozen = Static<typeof Frozen>;
const Halt = Type.Object({
  reason: Reason,
  at: At,
  by: Type.Union([Type.Literal('here'), Type.Literal('quorum'), Type.Literal('authority')]),
});
export type Halt = Static<typeof Halt>;

/** What a node says of others, as it stands now. */
export interface Ballot {
  votes: readonly Vote[];
  halt?: HaltVote | undefined;
  lifts: readonly LiftVote[];
}

export const BansDocument = Type.Object({
  frozen: Type.Array(Frozen, { maxItems: MOST_FROZEN }),
  halt: Type.Optional(Halt),
  own: Type.Object({
    votes: Type.Array(Vote, { maxItems: MOST_VOTES }),
    halt: Type.Optional(HaltVote),
    lifts: Type.Array(LiftVote, { maxItems: MOST_VOTES }),
  }),
  /** Latest orders of the authority by what they lift. */
  lifted: Type.Array(LiftVote, { maxItems: MOST_FROZEN }),
});
export type BansDocument = Static<typeof BansDocument>;

export type BanNews =
  | { kind: 'frozen'; frozen: Frozen }
  | { kind: 'unfrozen'; actor: string; by: Frozen['by'] | 'authority' }
  | { kind: 'halted'; halt: Halt }
  | { kind: 'lifted'; by: 'here' | 'quorum' | 'authority' };

export interface BansParts {
  self: string;
  quorum: number;
  /** Nodes in the network, this one among them. */
  networkSize: () => number;
  /** The word of a node that was removed does not count. */
  isMember: (node: string) => boolean;
}

export class Bans {
  readonly #parts: BansParts;
  readonly #frozen = new Map<string, Frozen>();
  readonly #heard = new Map<string, Ballot>();
  /** By voter: whom it has accused, and when that was first heard. */
  readonly #reach = new Map<string, Map<string, Millis>>();
  readonly #lifted = new Map<string, Millis>();
  /** By node: when it last froze or let go its own. */
  readonly #moves = new Map<string, Millis[]>();
  #halt: Halt | undefined;
  #own: { votes: Vote[]; halt?: HaltVote | undefined; lifts: LiftVote[] } = { votes: [], lifts: [] };

  constructor(parts: BansParts, document?: BansDocument) {
    this.#parts = parts;
    if (document === undefined) return;
    for (const frozen of document.frozen) this.#frozen.set(frozen.actor, frozen);
    for (const { what, at } of document.lifted) this.#lifted.set(what, at);
    this.#halt = document.halt;
    this.#own = structuredClone(document.own);
  }

  document(): BansDocument {
    const { votes, halt, lifts } = this.#own;
    return {
      frozen: [...this.#frozen.values()],
      ...(this.#halt && { halt: this.#halt }),
      own: { votes, lifts, ...(halt && { halt }) },
      lifted: [...this.#lifted].map(([what, at]) => ({ what, at })).slice(-MOST_FROZEN),
    };
  }

  /** What this node tells all others. */
  get ballot(): Ballot {
    return this.#own;
  }

  /** By whom and why nothing of this actor goes through; undefined when it may act. */
  frozen(key: string): Frozen | undefined {
    return this.#frozen.get(key) ?? this.#frozen.get(`${WHOLE_NODE}@${nodeOfKey(key)}`);
  }

  get halt(): Halt | undefined {
    return this.#halt;
  }

  list(): Frozen[] {
    return [...this.#frozen.values()];
  }

  /** This node has found an actor guilty: frozen here at once, and a vote to freeze it everywhere. */
  freeze(actor: string, reason: string, at: Millis): BanNews[] {
    const by = nodeOfKey(actor) === this.#parts.self ? 'owner' : 'here';
    this.#own.lifts = this.#own.lifts.filter(({ what }) => what !== actor);
    const others = this.#own.votes.filter((vote) => vote.actor !== actor);
    this.#own.votes = [...others, { actor, reason, at }].slice(-MOST_VOTES);
    return [...this.#enfreeze({ actor, reason, at, by }), ...this.#count(actor, at)];
  }

  /** This node halts changes on itself, and votes to halt them everywhere. */
  voteHalt(reason: string, at: Millis): BanNews[] {
    this.#own.lifts = this.#own.lifts.filter(({ what }) => what !== 'halt');
    this.#own.halt = { reason, at };
    const news: BanNews[] = [];
    if (this.#halt === undefined) news.push(this.#enhalt({ reason, at, by: 'here' }));
    return [...news, ...this.#countHalt(at)];
  }

  /** What another node says of all others now. */
  hear(voter: string, ballot: Ballot, now: Millis): BanNews[] {
    const before = this.#heard.get(voter);
    const { votes: cast, halt: haltCast, lifts } = notFromTheFuture(ballot, now);
    const halt = this.#countable(haltCast, before?.halt);
    const votes = cast.filter(({ actor }) => nodeOfKey(actor) === voter || this.#within(voter, actor, now));
    this.#heard.set(voter, { votes, halt, lifts });
    const news: BanNews[] = [];
    for (const { actor, reason, at } of votes) {
      if (nodeOfKey(actor) !== voter) news.push(...this.#count(actor, now));
      else if (!this.#frozen.has(actor) && this.#mayMove(voter, now)) {
        news.push(...this.#enfreeze({ actor, reason, at, by: 'owner' }));
      }
    }
    // Who owns an actor may let it go again, unless others too have frozen it.
    for (const { actor, by } of [...this.#frozen.values()]) {
      if (by !== 'owner' || nodeOfKey(actor) !== voter || votes.some((vote) => vote.actor === actor)) continue;
      if (!this.#mayMove(voter, now)) continue;
      this.#frozen.delete(actor);
      news.push({ kind: 'unfrozen', actor, by: 'owner' });
    }
    news.push(...this.#countHalt(now));
    for (const { what } of ballot.lifts) news.push(...this.#countLifts(what, now));
    return news;
  }

  /** An operator at this node lifts what holds here, and votes to lift it everywhere. */
  lift(what: string, at: Millis): BanNews[] {
    this.#own.votes = this.#own.votes.filter(({ actor }) => actor !== what);
    const others = this.#own.lifts.filter((lift) => lift.what !== what);
    this.#own.lifts = [...others, { what, at }].slice(-MOST_VOTES);
    if (what !== 'halt') {
      return this.#frozen.delete(what) ? [{ kind: 'unfrozen', actor: what, by: 'here' }] : [];
    }
    this.#own.halt = undefined;
    if (this.#halt === undefined) return [];
    if (this.#halt.by === 'here') {
      this.#halt = undefined;
      return [{ kind: 'lifted', by: 'here' }];
    }
    return this.#countLifts('halt', at);
  }

  /** The authority has signed that something is lifted: every vote from before is void. */
  obey({ what, at }: LiftVote): BanNews[] {
    if ((this.#lifted.get(what) ?? 0) >= at) return [];
    this.#lifted.set(what, at);
    this.#own.votes = this.#own.votes.filter((vote) => vote.actor !== what || vote.at > at);
    if (what === 'halt') {
      if (this.#own.halt !== undefined && this.#own.halt.at <= at) this.#own.halt = undefined;
      if (this.#halt === undefined || this.#halt.at > at) return [];
      this.#halt = undefined;
      return [{ kind: 'lifted', by: 'authority' }];
    }
    const frozen = this.#frozen.get(what);
    if (frozen === undefined || frozen.at > at) return [];
    this.#frozen.delete(what);
    return [{ kind: 'unfrozen', actor: what, by: 'authority' }];
  }

  /** The authority halts changes. */
  command(halt: HaltVote): BanNews[] {
    if ((this.#lifted.get('halt') ?? 0) >= halt.at || this.#halt?.by === 'authority') return [];
    return [this.#enhalt({ ...halt, by: 'authority' })];
  }

  /** How many nodes must say the same: at least two others, of those that there are. */
  get quorum(): number {
    const others = this.#parts.networkSize() - 1;
    return others < 2 ? Number.POSITIVE_INFINITY : Math.max(2, Math.min(this.#parts.quorum, others));
  }

  #count(actor: string, now: Millis): BanNews[] {
    const lifted = this.#lifted.get(actor) ?? 0;
    const votes: (Vote & { voter: string })[] = [];
    for (const [voter, ballot] of this.#ballots()) {
      if (voter === nodeOfKey(actor)) continue;
      const vote = ballot.votes.find((each) => each.actor === actor && each.at > lifted);
      if (vote !== undefined) votes.push({ ...vote, voter });
    }
    if (votes.length < this.quorum || this.#frozen.get(actor)?.by === 'quorum') return [];
    return this.#enfreeze({
      actor,
      reason: `${votes.length} nodes say: ${votes[0]!.reason}`.slice(0, 300),
      at: now,
      by: 'quorum',
    });
  }

  #countHalt(now: Millis): BanNews[] {
    if (this.#halt !== undefined && this.#halt.by !== 'here') return [];
    const lifted = this.#lifted.get('halt') ?? 0;
    const votes = this.#ballots().flatMap(([, { halt }]) => (halt && halt.at > lifted ? [halt] : []));
    if (votes.length < this.quorum) return [];
    return [
      this.#enhalt({ reason: `${votes.length} nodes say: ${votes[0]!.reason}`.slice(0, 300), at: now, by: 'quorum' }),
    ];
  }

  #countLifts(what: string, now: Millis): BanNews[] {
    const since = what === 'halt' ? this.#halt?.at : this.#frozen.get(what)?.at;
    if (since === undefined) return [];
    const lifts = this.#ballots().filter(
      ([voter, ballot]) =>
        voter !== nodeOfKey(what) && ballot.lifts.some((lift) => lift.what === what && lift.at >= since),
    );
    if (lifts.length < this.quorum) return [];
    this.#lifted.set(what, now);
    this.#own.votes = this.#own.votes.filter((vote) => vote.actor !== what);
    if (what === 'halt') {
      this.#own.halt = undefined;
      this.#halt = undefined;
      return [{ kind: 'lifted', by: 'quorum' }];
    }
    this.#frozen.delete(what);
    return [{ kind: 'unfrozen', actor: what, by: 'quorum' }];
  }

  #mayMove(node: string, now: Millis): boolean {
    const moves = (this.#moves.get(node) ?? []).filter((at) => at > now - HOUR);
    if (moves.length >= MOST_MOVES) return false;
    this.#moves.set(node, [...moves, now]);
    return true;
  }

  #ballots(): (readonly [string, Ballot])[] {
    const heard = [...this.#heard].filter(([voter]) => this.#parts.isMember(voter));
    return [...heard, [this.#parts.self, this.#own]];
  }

  #enfreeze(frozen: Frozen): BanNews[] {
    const before = this.#frozen.get(frozen.actor);
    if (before !== undefined && (before.by === 'quorum' || before.by === frozen.by)) return [];
    if ((this.#lifted.get(frozen.actor) ?? 0) >= frozen.at) return [];
    if (before === undefined && this.#frozen.size >= MOST_FROZEN) return [];
    this.#frozen.set(frozen.actor, frozen);
    return [{ kind: 'frozen', frozen }];
  }

  #enhalt(halt: Halt): BanNews {
    this.#halt = halt;
    return { kind: 'halted', halt };
  }

  /** Does this accusation lie within what one voter may bring about? */
  #within(voter: string, actor: string, now: Millis): boolean {
    const accused = this.#reach.get(voter) ?? new Map<string, Millis>();
    this.#reach.set(voter, accused);
    for (const [key, at] of accused) if (at < now - VOTER_MEMORY) accused.delete(key);
    if (accused.has(actor)) return true;
    const most = Math.max(1, Math.floor(VOTER_REACH * this.#parts.networkSize()));
    const nodes = new Set([...accused.keys()].map(nodeOfKey));
    if (!nodes.has(nodeOfKey(actor)) && nodes.size >= most) return false;
    if (accused.size >= MOST_VOTES) return false;
    accused.set(actor, now);
    return true;
  }

  #countable(halt: HaltVote | undefined, before: HaltVote | undefined): HaltVote | undefined {
    if (halt === undefined || before === undefined || halt.at === before.at) return halt;
    return halt.at - before.at >= HALT_PAUSE ? halt : before;
  }
}

/** A vote dated ahead would outlast its lifting. */
function notFromTheFuture({ votes, halt, lifts }: Ballot, now: Millis): Ballot {
  const dated = <T extends { at: Millis }>(each: T): T => ({ ...each, at: Math.min(each.at, now) });
  return { votes: votes.map(dated), halt: halt && dated(halt), lifts: lifts.map(dated) };
}
