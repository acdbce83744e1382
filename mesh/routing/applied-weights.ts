// What an order of the authority makes of this node's own links: dearer than measured, never cheaper, fourfold at most,
// and only while the order counts.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { DropReason } from '../counters.ts';
import type { Link } from '../link/link-monitor.ts';
import type { NodeId, PublicKey } from '../membership/keys.ts';
import type { Statement } from '../membership/statement.ts';
import { MOST_RAISED } from './better-weights.ts';
import { inSteps } from './graph.ts';
import { ORDER_LIFETIME, readOrder, type WeightOrder } from './weight-order.ts';

/** Clocks that differ by less than this agree on what is old. */
const CLOCK_SLACK: Millis = 5 * 60_000;
/** What a link may cost at most. */
const MOST_COST = 1e6;

export interface AppliedWeightsParts {
  self: NodeId;
  clock: Clock;
  network: { id: string; authority: PublicKey };
  /** False: orders are heard and not followed. */
  follows: boolean;
  /** Counts what is refused. */
  drop: (reason: DropReason) => void;
  /** The factors of this node's links are others. */
  changed: (factors: ReadonlyMap<NodeId, number>) => void;
}

export class AppliedWeights {
  readonly #parts: AppliedWeightsParts;
  #newest: Millis = Number.NEGATIVE_INFINITY;
  #factors: ReadonlyMap<NodeId, number> = new Map();
  /** By neighbour, of the links that cost more: what they cost without. */
  #measured = new Map<NodeId, number>();
  #end: Timer | undefined;

  constructor(parts: AppliedWeightsParts) {
    this.#parts = parts;
  }

  /** Takes an order that the authority signed, unless a newer one is known or it is too old. */
  hear(statement: Statement): void {
    const { network, clock, drop, follows } = this.#parts;
    const order = readOrder(network, statement);
    if (order === undefined) return void drop('forged');
    const age = clock.wall() - order.issuedAt;
    if (age > ORDER_LIFETIME || age < -CLOCK_SLACK) return void drop('expired');
    if (order.issuedAt <= this.#newest) return;
    this.#newest = order.issuedAt;
    if (!follows) return;
    this.#end?.cancel();
    this.#end = clock.after(ORDER_LIFETIME - Math.max(0, age), () => this.#follow(new Map()));
    this.#follow(this.#ownFactors(order));
  }

  stop(): void {
    this.#end?.cancel();
  }

  /** The links, each at the cost that is to be announced. */
  weighed(links: readonly Link[]): Link[] {
    if (this.#factors.size === 0) return [...links];
    return links.map((link) => {
      const factor = this.#factors.get(link.peer);
      if (factor === undefined) return link;
      this.#measured.set(link.peer, link.cost);
      const raised = Math.min(inSteps(link.cost * factor), link.cost * MOST_RAISED, MOST_COST);
      return { ...link, cost: Math.max(link.cost, raised) };
    });
  }

  /** Links that cost more than measured. */
  raised(): { to: NodeId; measured: number }[] {
    return [...this.#measured].map(([to, measured]) => ({ to, measured }));
  }

  #follow(factors: ReadonlyMap<NodeId, number>): void {
    const same =
      factors.size === this.#factors.size && [...factors].every(([to, one]) => this.#factors.get(to) === one);
    if (same) return;
    this.#factors = factors;
    this.#measured = new Map([...this.#measured].filter(([to]) => factors.has(to)));
    this.#parts.changed(factors);
  }

  #ownFactors({ links }: WeightOrder): Map<NodeId, number> {
    const own = links.filter(({ from, factor }) => from === this.#parts.self && factor > 1);
    return new Map(own.map(({ to, factor }) => [to, factor]));
  }
}
