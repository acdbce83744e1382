// The behavioural watch: what an actor does over time, seen by one node. Pure: events and times in, findings out. Four
// signs count, each measured against its limit; beyond 1 it is found.

import { type Static, Type } from 'typebox';
import type { Millis } from '../../core/clock.ts';
import { actorKey, nodeOfKey, WHOLE_NODE } from './actor.ts';
import { isWide } from './approvers.ts';
import type { OracleConfig } from './config.ts';

export type Sign =
  /** Wide actions, one after the other. */
  | 'burst'
  /** More and more of the network touched, a few nodes at a time. */
  | 'share'
  /** The same change on many nodes within a second. */
  | 'same-change'
  /** Attempts without the right. */
  | 'attempts';

export interface Finding {
  actor: string;
  sign: Sign;
  /** For people. */
  reason: string;
}

/** One node carries out, or is about to, what an actor wants. */
export interface Touch {
  actor: string;
  /** Where it is carried out. */
  node: string;
  fingerprint?: string;
  approved: boolean;
}

export const BURST_WINDOW: Millis = 600_000;
export const ATTEMPT_WINDOW: Millis = 60_000;
export const SAME_WINDOW: Millis = 1_000;
const HOUR: Millis = 3600_000;
/** Nodes that see the network differently by a few must not find each other guilty: refusing begins at 1, guilt at 2. */
const GUILTY_SHARE = 2;
const MOST_ACTORS = 2_000;
/** Names on one node that are told apart; whoever makes up more is booked as the whole node, and nobody is forgotten. */
const MOST_NAMES = 64;
const MOST_FINGERPRINTS = 500;
const MOST_TIMES = 1_000;
const MOST_KEPT = 2_000;

export const WatchDocument = Type.Array(
  Type.Object({
    actor: Type.String({ maxLength: 400 }),
    node: Type.String({ maxLength: 64 }),
    /** Milliseconds since 1970. */
    at: Type.Number(),
    approved: Type.Boolean(),
  }),
  { maxItems: MOST_KEPT },
);
export type WatchDocument = Static<typeof WatchDocument>;

interface Conduct {
  wide: Millis[];
  attempts: Millis[];
  /** Nodes touched, each with the last time; those without approval again. */
  touched: Map<string, Millis>;
  unapproved: Map<string, Millis>;
}

export type WatchLimits = Pick<OracleConfig, 'wideShare' | 'window' | 'mostWide' | 'mostAttempts' | 'sameChangeNodes'>;

export class Watch {
  readonly #limits: WatchLimits;
  readonly #conducts = new Map<string, Conduct>();
  /** Touches seen since the start. */
  touches = 0;
  readonly #changes = new Map<string, { actor: string; node: string; at: Millis }[]>();

  constructor(limits: WatchLimits) {
    this.#limits = limits;
  }

  /** An approved wide action is about to begin, or somebody asks to approve one. See `attempt` for `allowance`. */
  wide(actor: string, now: Millis, allowance = 1): Finding[] {
    const conduct = this.#of(actor);
    conduct.wide = [...since(conduct.wide, now - BURST_WINDOW), now].slice(-MOST_TIMES);
    const count = conduct.wide.length;
    if (count <= this.#limits.mostWide * allowance) return [];
    return [{ actor, sign: 'burst', reason: `${count} wide actions within ten minutes` }];
  }

  /** Somebody wanted to change what it has no right to. `allowance`: so many times as many attempts are forgiven. */
  attempt(actor: string, now: Millis, allowance = 1): Finding[] {
    const conduct = this.#of(actor);
    conduct.attempts = [...since(conduct.attempts, now - ATTEMPT_WINDOW), now].slice(-MOST_TIMES);
    const count = conduct.attempts.length;
    if (count <= this.#limits.mostAttempts * allowance) return [];
    return [{ actor, sign: 'attempts', reason: `${count} attempts without the right within a minute` }];
  }

  /** @param networkSize nodes in the network, this one among them */
  touch(touch: Touch, networkSize: number, now: Millis): Finding[] {
    const name = this.#bookedAs(touch.actor);
    if (name !== touch.actor) return this.touch({ ...touch, actor: name }, networkSize, now);
    const { actor, node, fingerprint, approved } = touch;
    this.touches++;
    const conduct = this.#of(actor);
    note(conduct.touched, node, now);
    if (approved) return [];
    note(conduct.unapproved, node, now);
    const findings: Finding[] = [];
    const count = this.unapprovedBy(actor, now).size;
    if (isWide(count, networkSize, this.#limits.wideShare * GUILTY_SHARE) && count > GUILTY_SHARE) {
      const reason = `${count} of ${networkSize} nodes touched within ${this.#limits.window} hours without approval`;
      findings.push({ actor, sign: 'share', reason });
    }
    return fingerprint === undefined ? findings : [...findings, ...this.#same({ actor, node, at: now }, fingerprint)];
  }

  /** Nodes that the actor touched within the window. */
  touchedBy(actor: string, now: Millis): ReadonlySet<string> {
    return this.#within(this.#conducts.get(this.#bookedAs(actor))?.touched, now);
  }

  /** Those of them that nobody had approved. */
  unapprovedBy(actor: string, now: Millis): ReadonlySet<string> {
    return this.#within(this.#conducts.get(this.#bookedAs(actor))?.unapproved, now);
  }

  /** How near the actor is to being frozen: 0 not at all, 1 at the limit. */
  score(actor: string, networkSize: number, now: Millis): number {
    const conduct = this.#conducts.get(actor);
    if (conduct === undefined) return 0;
    const { mostWide, mostAttempts, wideShare } = this.#limits;
    const share = Math.max(1, GUILTY_SHARE * wideShare * networkSize);
    const touched = this.unapprovedBy(actor, now).size;
    return Math.max(
      since(conduct.wide, now - BURST_WINDOW).length / mostWide,
      since(conduct.attempts, now - ATTEMPT_WINDOW).length / mostAttempts,
      touched < 2 ? 0 : touched / share,
    );
  }

  /** Which nodes whom touched when, in wall-clock time: it outlasts a restart. */
  document(now: Millis, wall: Millis): WatchDocument {
    const touches: WatchDocument = [];
    for (const [actor, { touched, unapproved }] of this.#conducts) {
      for (const [node, at] of touched) {
        touches.push({ actor, node, at: wall - now + at, approved: !unapproved.has(node) });
      }
    }
    return touches.sort((a, b) => a.at - b.at).slice(-MOST_KEPT);
  }

  restore(touches: WatchDocument, now: Millis, wall: Millis): void {
    for (const { actor, node, at, approved } of touches) {
      const then = Math.min(now, now - wall + at);
      const conduct = this.#of(actor);
      note(conduct.touched, node, then);
      if (!approved) note(conduct.unapproved, node, then);
    }
  }

  actors(): string[] {
    return [...this.#conducts.keys()];
  }

  /** An operator has looked at it: what was before does not count any more. */
  forgive(actor: string): void {
    this.#conducts.delete(actor);
    for (const touches of this.#changes.values()) {
      const others = touches.filter((touch) => touch.actor !== actor);
      touches.splice(0, touches.length, ...others);
    }
  }

  #same(touch: { actor: string; node: string; at: Millis }, fingerprint: string): Finding[] {
    const before = this.#changes.get(fingerprint) ?? [];
    const recent = [...before.filter(({ at }) => at > touch.at - SAME_WINDOW), touch].slice(-MOST_TIMES);
    this.#changes.delete(fingerprint);
    this.#changes.set(fingerprint, recent);
    trim(this.#changes, MOST_FINGERPRINTS);
    const nodes = new Set(recent.map(({ node }) => node)).size;
    if (nodes < this.#limits.sameChangeNodes) return [];
    const reason = `the same unapproved change on ${nodes} nodes within a second`;
    return [...new Set(recent.map(({ actor }) => actor))].map((actor) => ({ actor, sign: 'same-change', reason }));
  }

  /** Entries are in the order of their times. */
  #within(nodes: Map<string, Millis> | undefined, now: Millis): ReadonlySet<string> {
    if (nodes === undefined) return new Set();
    const oldest = now - this.#limits.window * HOUR;
    for (const [node, at] of nodes) {
      if (at >= oldest) break;
      nodes.delete(node);
    }
    return new Set(nodes.keys());
  }

  /** A change that a node makes on itself: counts only as the same as others'. */
  home(touch: Omit<Touch, 'approved'> & { fingerprint: string }, now: Millis): Finding[] {
    const { actor, node, fingerprint } = touch;
    return this.#same({ actor, node, at: now }, fingerprint);
  }

  #bookedAs(actor: string): string {
    if (this.#conducts.has(actor)) return actor;
    const node = nodeOfKey(actor);
    let names = 0;
    for (const key of this.#conducts.keys()) if (nodeOfKey(key) === node) names++;
    return names < MOST_NAMES ? actor : actorKey(WHOLE_NODE, node);
  }

  #of(name: string): Conduct {
    const actor = this.#bookedAs(name);
    const conduct = this.#conducts.get(actor) ?? { wide: [], attempts: [], touched: new Map(), unapproved: new Map() };
    // Insertion order is the order of use: who has been quiet longest is forgotten first.
    this.#conducts.delete(actor);
    this.#conducts.set(actor, conduct);
    trim(this.#conducts, MOST_ACTORS);
    return conduct;
  }
}

function note(nodes: Map<string, Millis>, node: string, at: Millis): void {
  nodes.delete(node);
  nodes.set(node, at);
}

function since(times: readonly Millis[], oldest: Millis): Millis[] {
  return times.filter((at) => at > oldest);
}

function trim(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
