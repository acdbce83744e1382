// Who lost a link to whom, as the nodes themselves say by their link states. A reason to look at once, never a verdict.

import type { Clock } from '../../core/clock.ts';
import type { NodeId } from './keys.ts';
import type { Accuser } from './presence.ts';

/** Of one member; more would say no more. */
const MOST_ACCUSERS = 16;
const MOST_ACCUSED = 1024;

type Neighbours = readonly { to: NodeId }[];

export class Accusations {
  readonly #clock: Clock;
  readonly #accused = new Map<NodeId, Accuser[]>();
  /** The other way round: whom each accuses. */
  readonly #accuses = new Map<NodeId, Set<NodeId>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A node told of its links; returns whom it reached before and does not reach now.
   * @param before what it told last; undefined the first time
   */
  heard(accuser: NodeId, before: Neighbours | undefined, now: Neighbours): NodeId[] {
    const accused = this.#accuses.get(accuser);
    if (before === undefined && accused === undefined) return [];
    const reached = new Set(now.map(({ to }) => to));
    for (const id of accused ?? []) if (reached.has(id)) this.#withdraw(accuser, id);
    // Whoever stops gives up all its links, and accuses nobody.
    if (before === undefined || now.length === 0) return [];
    const lost = before.map(({ to }) => to).filter((to) => !reached.has(to));
    for (const id of lost) this.#accuse(accuser, id);
    return lost;
  }

  /** Its word counts no longer. */
  ended(accuser: NodeId): void {
    for (const id of this.#accuses.get(accuser) ?? []) this.#withdraw(accuser, id);
  }

  /** Who lost its link to this member and has not told of another. */
  of(id: NodeId): readonly Accuser[] {
    return this.#accused.get(id) ?? [];
  }

  #accuse(accuser: NodeId, id: NodeId): void {
    const accusers = this.#accused.get(id) ?? [];
    if (accusers.length >= MOST_ACCUSERS || accusers.some((one) => one.id === accuser)) return;
    if (accusers.length === 0 && this.#accused.size >= MOST_ACCUSED) return;
    this.#accused.set(id, [...accusers, { id: accuser, since: this.#clock.wall() }]);
    const accused = this.#accuses.get(accuser);
    if (accused === undefined) this.#accuses.set(accuser, new Set([id]));
    else accused.add(id);
  }

  #withdraw(accuser: NodeId, id: NodeId): void {
    const left = this.of(id).filter((one) => one.id !== accuser);
    if (left.length > 0) this.#accused.set(id, left);
    else this.#accused.delete(id);
    const accused = this.#accuses.get(accuser);
    accused?.delete(id);
    if (accused?.size === 0) this.#accuses.delete(accuser);
  }
}
