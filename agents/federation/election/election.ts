// Who coordinates: a pure function of what was heard and how much time passed on this node's own monotonic clock. Like
// OSPF's designated router it needs no majority (a part of three nodes learns on when cut off); like Raft's leader it
// has a durable term and a lease that it renews. docs/federation-coordinators.md tells the bounds.

import type { Millis } from '../../../core/clock.ts';
import { bestCandidate, bestClaim, type Claimant, isLaterClaim, placeOf, precedes } from './claims.ts';
import {
  beatEvery,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionRules,
  type ElectionState,
  isSameSeat,
  type Role,
  type SeatReason,
  seatOf,
  settleTime,
} from './election-state.ts';
import { MOST_TERM, MOST_TERM_AHEAD, seatTopic, WORD_REFRESH, type Word } from './word.ts';

/** Weight of a new measure of the own cost. */
const SMOOTHING = 0.2;
/** A cost that moved by less is not told anew. */
const WORTH_TELLING = 0.2;
/** Candidates that are waited for one after the other; all others claim with the last of them, and the rule decides. */
const MOST_PLACES = 5;

/** Never throws; whatever peers say, the state stays as large as the number of peers present. */
export function step(
  state: ElectionState,
  event: ElectionEvent,
  now: Millis,
  rules: ElectionRules,
): { state: ElectionState; effects: ElectionEffect[] } {
  const turn = new Turn(state, now, rules);
  turn.take(event);
  turn.decide();
  return turn.end();
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** One step under way. */
class Turn {
  readonly #before: ElectionState;
  readonly #state: Mutable<ElectionState>;
  readonly #now: Millis;
  readonly #rules: ElectionRules;
  readonly #effects: ElectionEffect[] = [];
  #reason: SeatReason = 'claim-heard';
  #mustSay = false;

  constructor(before: ElectionState, now: Millis, rules: ElectionRules) {
    this.#before = before;
    this.#state = { ...before };
    this.#now = now;
    this.#rules = rules;
  }

  take(event: ElectionEvent): void {
    const state = this.#state;
    if (state.role.kind === 'stopped') return;
    switch (event.kind) {
      case 'tick':
        return;
      case 'heard':
        this.#hear(event.from, event.word);
        return;
      case 'present': {
        state.present = event.nodes;
        // Words of those who are away are kept while they live: gossip does not bring them again after a short cut.
        const isKept = ([id, { at }]: [string, { at: Millis }]): boolean =>
          event.nodes.has(id) || this.#now - at < seatTopic.lifetime;
        state.words = new Map([...state.words].filter(isKept));
        for (const [id, { word }] of state.words) if (event.nodes.has(id)) this.#learnTerm(word);
        return;
      }
      case 'measured':
        state.cost = state.isMeasured ? state.cost + SMOOTHING * (event.cost - state.cost) : event.cost;
        state.isMeasured = true;
        return;
      case 'kept':
        this.#kept(event.term);
        return;
      case 'not-kept':
        if (state.role.kind === 'claiming' && state.role.term === event.term) {
          state.role = { kind: 'vacant', since: this.#now };
        }
        if (state.role.kind === 'coordinating' && state.role.raising === event.term) {
          const { raising: _, ...role } = state.role;
          state.role = role;
        }
        return;
      case 'stop':
        this.#stop();
        return;
    }
  }

  /** Follows the state until nothing more is to be done at this time. */
  decide(): void {
    const state = this.#state;
    for (let again = true; again; ) {
      const { role } = state;
      this.#decideOnce();
      again = state.role !== role && state.role.kind !== 'stopped';
    }
    const { said, role } = state;
    // Who claims says so once the term is on the disk: before that it would only make others raise theirs.
    if (role.kind === 'listening' || role.kind === 'claiming' || role.kind === 'stopped') return;
    const isMoved = said === undefined || Math.abs(state.cost - said.word.cost) > WORTH_TELLING * said.word.cost;
    const isDue = said === undefined || this.#now - said.at >= WORD_REFRESH;
    // Who follows the latest term need not repeat it.
    const isAhead = (said?.word.term ?? 0) < state.term && !(role.kind === 'following' && role.term === state.term);
    // While the seat is empty all rank each other by what was said before, or two would each find themselves the best.
    if (this.#mustSay || (isMoved && role.kind !== 'vacant') || isDue || isAhead) this.#say();
  }

  end(): { state: ElectionState; effects: ElectionEffect[] } {
    const [before, seat] = [seatOf(this.#before), seatOf(this.#state)];
    if (!isSameSeat(before, seat)) this.#effects.push({ kind: 'changed', seat, before, reason: this.#reason });
    return { state: this.#state, effects: this.#effects };
  }

  #hear(from: string, word: Word): void {
    const state = this.#state;
    if (from === state.self || Math.max(word.term, word.claim?.term ?? 0) > state.term + MOST_TERM_AHEAD) return;
    const before = state.words.get(from);
    const isRenewed = word.claim !== undefined && isLaterClaim(word.claim, before?.word.claim);
    // What was heard before renews nothing.
    const until = word.claim === undefined ? 0 : isRenewed ? this.#now + word.claim.lease : (before?.until ?? 0);
    state.words = new Map(state.words).set(from, { word, until, at: this.#now });
    if (!state.present.has(from)) return;
    this.#learnTerm(word);
    if (word.successor !== undefined && state.role.kind === 'following' && state.role.node === from && until === 0) {
      this.#reason = 'withdrew';
      state.role = { kind: 'vacant', since: this.#now, successor: word.successor };
    }
  }

  #learnTerm(word: Word): void {
    this.#state.term = Math.max(this.#state.term, word.term, word.claim?.term ?? 0);
  }

  /** claiming -> coordinating, or coordinating in a higher term. */
  #kept(term: number): void {
    const state = this.#state;
    const { role } = state;
    const { lease } = this.#rules;
    if (role.kind === 'claiming' && role.term === term) {
      const claim = { term, beat: 1, lease, cost: rounded(state.cost) };
      this.#reason = 'claimed';
      state.role = { kind: 'coordinating', claim, beatAt: this.#now };
      this.#mustSay = true;
    } else if (role.kind === 'coordinating' && role.raising === term) {
      const { raising: _, ...rest } = role;
      this.#reason = 'raised';
      state.role = { ...rest, claim: { ...role.claim, term, beat: 1 }, beatAt: this.#now };
      this.#mustSay = true;
    }
  }

  #decideOnce(): void {
    const { role } = this.#state;
    switch (role.kind) {
      case 'listening':
        this.#listen(role);
        return;
      case 'following':
        this.#follow(role);
        return;
      case 'vacant':
        this.#waitForTurn(role);
        return;
      case 'claiming': {
        const rival = bestClaim(this.#state, this.#now);
        if (rival !== undefined && rival.claim.term >= role.term) this.#followClaim(rival);
        return;
      }
      case 'coordinating':
        this.#coordinate(role);
        return;
      case 'stopped':
        return;
    }
  }

  /** listening -> following | claiming | vacant. */
  #listen({ until, held }: Extract<Role, { kind: 'listening' }>): void {
    const rival = bestClaim(this.#state, this.#now);
    if (rival !== undefined) {
      if (rival.claim.term >= this.#state.term) {
        this.#followClaim(rival);
        return;
      }
      // It hears of the later term from this node, and claims anew.
      this.#state.role = { kind: 'vacant', since: this.#now };
      return;
    }
    if (this.#now < until) return;
    if (held && this.#rules.candidate) {
      this.#claim();
      return;
    }
    this.#state.role = { kind: 'vacant', since: this.#now };
  }

  /** following -> following another | vacant | claiming, where this node is appointed. */
  #follow(role: Extract<Role, { kind: 'following' }>): void {
    const state = this.#state;
    const best = bestClaim(this.#state, this.#now);
    if (best === undefined) {
      const heard = state.words.get(role.node);
      this.#reason =
        heard !== undefined && heard.word.claim === undefined
          ? 'withdrew'
          : (heard?.until ?? 0) > this.#now
            ? 'gone'
            : 'lease-out';
      state.role = { kind: 'vacant', since: this.#now };
      return;
    }
    // An appointed node that comes back claims in a later term before it is followed: terms do not go back.
    const isOther = best.id !== role.node || best.claim.term !== role.term;
    if (isOther && best.claim.term >= role.term) {
      this.#followClaim(best);
      return;
    }
    const { candidate, appointed } = this.#rules;
    if (candidate && appointed && !best.appointed) this.#claim();
  }

  /** vacant -> following | claiming. The best candidate goes first; each next one waits for those before it. */
  #waitForTurn({ since, successor }: Extract<Role, { kind: 'vacant' }>): void {
    const best = bestClaim(this.#state, this.#now);
    // A claim of an earlier term is about to be raised: its holder hears of the later one with our next word.
    if (best !== undefined && best.claim.term >= this.#state.term) {
      this.#followClaim(best);
      return;
    }
    if (!this.#rules.candidate || this.#state.said === undefined) return;
    const settle = settleTime(this.#rules.lease);
    const named = successor === undefined ? undefined : successor === this.#state.self;
    const places =
      named === true
        ? 0
        : 1 +
          placeOf(this.#state, this.#state.self, this.#state.said.word, MOST_PLACES) +
          (named === false && this.#isPresent(successor) ? 1 : 0);
    if (this.#now >= since + settle * places) this.#claim();
  }

  #coordinate(role: Extract<Role, { kind: 'coordinating' }>): void {
    const state = this.#state;
    const own = { id: state.self, claim: role.claim, appointed: this.#rules.appointed };
    const rival = bestClaim(this.#state, this.#now);
    if (rival !== undefined && precedes(rival, own)) {
      this.#reason = 'outranked';
      // An appointed node may outrank a later term. It is followed once it has claimed in a later one itself.
      state.role =
        rival.claim.term < role.claim.term
          ? { kind: 'vacant', since: this.#now, successor: rival.id }
          : { kind: 'following', node: rival.id, term: rival.claim.term };
      this.#keep(false);
      this.#mustSay = true;
      return;
    }
    // Others know of a later term, or have claimed in this one: all that they issued is to be older than what comes now.
    const isShared = rival?.claim.term === role.claim.term;
    if ((state.term > role.claim.term || isShared) && role.raising === undefined && state.term < MOST_TERM) {
      const raising = ++state.term;
      state.role = { ...role, raising };
      this.#effects.push({ kind: 'keep', term: raising, held: true, asks: true });
      return;
    }
    if (this.#now - role.beatAt >= beatEvery(this.#rules.lease)) {
      const claim = { ...role.claim, beat: role.claim.beat + 1 };
      state.role = { ...role, claim, beatAt: this.#now };
      this.#mustSay = true;
      return;
    }
    this.#considerMoving(role);
  }

  /** coordinating -> vacant, naming a successor that has been clearly better for long. */
  #considerMoving(role: Extract<Role, { kind: 'coordinating' }>): void {
    const state = this.#state;
    const { appointed, margin, moveAfter } = this.#rules;
    const better = appointed ? undefined : bestCandidate(this.#state);
    const isBetter = better !== undefined && better.word.cost < state.cost * (1 - margin);
    if (!isBetter) {
      if (role.challenged !== undefined) {
        const { challenged: _, ...calm } = role;
        state.role = calm;
      }
    } else if (role.challenged === undefined) state.role = { ...role, challenged: this.#now };
    else if (this.#now - role.challenged >= moveAfter) {
      this.#reason = 'moved';
      state.role = { kind: 'vacant', since: this.#now, successor: better.id };
      this.#keep(false);
      this.#say(better.id);
    }
  }

  /** Any role -> stopped, leaving the seat to the best of the others. */
  #stop(): void {
    const state = this.#state;
    const isHolder = state.role.kind === 'coordinating';
    this.#reason = 'stopped';
    state.role = { kind: 'stopped' };
    if (isHolder) this.#keep(false);
    if (state.said !== undefined) this.#say(isHolder ? bestCandidate(this.#state)?.id : undefined);
  }

  #claim(): void {
    const state = this.#state;
    if (state.term >= MOST_TERM) return;
    state.term++;
    state.role = { kind: 'claiming', term: state.term, since: this.#now };
    this.#effects.push({ kind: 'keep', term: state.term, held: true, asks: true });
  }

  #followClaim({ id, claim }: Claimant): void {
    const state = this.#state;
    if (claim.term > state.term) state.term = claim.term;
    state.role = { kind: 'following', node: id, term: claim.term };
    this.#keep(false);
  }

  #keep(held: boolean): void {
    this.#effects.push({ kind: 'keep', term: this.#state.term, held, asks: false });
  }

  #say(successor?: string): void {
    const state = this.#state;
    const { role } = state;
    const cost = role.kind === 'vacant' && state.said !== undefined ? state.said.word.cost : rounded(state.cost);
    const word: Word = {
      term: state.term,
      cost,
      candidate: this.#rules.candidate && role.kind !== 'stopped',
      ...(this.#rules.appointed ? { appointed: true } : {}),
      ...(role.kind === 'coordinating' ? { claim: role.claim } : {}),
      ...(successor === undefined ? {} : { successor }),
    };
    this.#mustSay = false;
    state.said = { word, at: this.#now };
    this.#effects.push({ kind: 'say', word });
  }

  #isPresent(id: string | undefined): boolean {
    return id !== undefined && this.#state.present.has(id);
  }
}

/** As it is told, so that all compare the same number. */
const rounded = (cost: number): number => Number(Math.min(cost, 1e6).toPrecision(6));
