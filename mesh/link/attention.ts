// Which links are probed at the full pace. In a dense mesh most links are idle and most peers are watched by others:
// probing them all would cost the square of the nodes.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';

/** `full`: as the preset says; `eased`: rarely, because this node needs no more. The faster wish of the two ends holds. */
export type Pace = 'full' | 'eased';

/** A link that carried something, failed, or came to be, is looked at closely for so long. */
const LATELY: Millis = 10_000;
/** Neighbours on either side, on the ring of all ids, that a node watches whatever happens: four in all. */
const WATCHED_EACH_SIDE = 2;

export interface AttentionParts {
  self: NodeId;
  clock: Clock;
  /** False: all links are always needed. */
  eases: boolean;
  changed: (peer: NodeId, pace: Pace) => void;
}

export class Attention {
  readonly #parts: AttentionParts;
  /** When each neighbour's link was needed last. */
  readonly #neededAt = new Map<NodeId, Millis>();
  readonly #paces = new Map<NodeId, Pace>();
  #watched: ReadonlySet<NodeId> = new Set();
  #timer: Timer | undefined;

  constructor(parts: AttentionParts) {
    this.#parts = parts;
  }

  add(peer: NodeId): void {
    this.#neededAt.set(peer, this.#parts.clock.now());
    this.#paces.set(peer, 'full');
    this.#choose();
  }

  remove(peer: NodeId): void {
    this.#neededAt.delete(peer);
    this.#paces.delete(peer);
    this.#choose();
  }

  /** Its link is about to carry something, or somebody says that it is dead: full pace from now on. */
  need(peer: NodeId): void {
    if (!this.#neededAt.has(peer)) return;
    this.#neededAt.set(peer, this.#parts.clock.now());
    if (this.#paces.get(peer) === 'eased') this.#settle();
  }

  paceOf(peer: NodeId): Pace {
    return this.#paces.get(peer) ?? 'full';
  }

  stop(): void {
    this.#timer?.cancel();
    this.#neededAt.clear();
    this.#paces.clear();
  }

  #choose(): void {
    this.#watched = watchedBy(this.#parts.self, [...this.#neededAt.keys()]);
    this.#settle();
  }

  #settle(): void {
    const { clock, changed, eases } = this.#parts;
    if (!eases) return;
    const now = clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [peer, neededAt] of this.#neededAt) {
      const rest = this.#watched.has(peer) ? Number.POSITIVE_INFINITY : neededAt + LATELY - now;
      const pace = rest > 0 ? 'full' : 'eased';
      if (rest > 0) next = Math.min(next, rest);
      if (pace === this.#paces.get(peer)) continue;
      this.#paces.set(peer, pace);
      changed(peer, pace);
    }
    this.#timer?.cancel();
    this.#timer = Number.isFinite(next) ? clock.after(next, () => this.#settle()) : undefined;
  }
}

/**
 * The two before and the two after a node on the ring of ids, among its neighbours. Ids are public keys, so the ring is
 * as good as drawn by lot, and where everybody is everybody's neighbour the choice is mutual: each is watched by four.
 */
export function watchedBy(self: NodeId, neighbours: readonly NodeId[]): Set<NodeId> {
  const ring = [...neighbours].sort();
  const after = ring.findIndex((id) => id > self);
  const start = after === -1 ? 0 : after;
  const watched = new Set<NodeId>();
  for (let step = -WATCHED_EACH_SIDE; step < WATCHED_EACH_SIDE; step++) {
    const id = ring.at((start + step) % ring.length);
    if (id !== undefined) watched.add(id);
  }
  return watched;
}
