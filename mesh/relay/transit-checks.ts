// Watches whether neighbours pass on what they are handed: while a way is in use, a sealed probe along it now and then,
// answered the same way back. Where one is missing, the same way is compared with one that differs in nothing but the
// neighbour. A neighbour that is found to withhold is avoided until it forwards again.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';
import { neverDoubted, onCompared, onProbed, type TransitTrust } from './transit-trust.ts';

export interface TransitChecksParts {
  self: NodeId;
  clock: Clock;
  /** Neighbours that frames for others went to since the last call, each with a destination of these. */
  takeUsed: () => ReadonlyMap<NodeId, NodeId>;
  /** Node ids from the first hop on. */
  routeTo: (destination: NodeId) => readonly NodeId[] | undefined;
  /** The shortest path that keeps clear of a node. */
  pathAround: (destination: NodeId, avoid: NodeId) => readonly NodeId[] | undefined;
  /** Every link of the path is announced by both its ends. */
  isPath: (path: readonly NodeId[]) => boolean;
  /** The nodes that one has a link to. */
  linkedTo: (neighbour: NodeId) => readonly NodeId[];
  /** Its link is up: it answers for itself. */
  isWell: (neighbour: NodeId) => boolean;
  /** Asks the last node of `path` along it, to be answered the same way back; resolves to whether it was. */
  probe: (path: readonly NodeId[], within: Millis) => Promise<boolean>;
  /** A neighbour is avoided from now on, or no longer. */
  changed: (neighbour: NodeId, verdict: TransitVerdict) => void;
}

export interface TransitVerdict {
  withholds: boolean;
  /** The node that was asked through it. */
  destination: NodeId;
}

export interface TransitCounts {
  answered: number;
  unanswered: number;
  /** Neighbours that are avoided now. */
  avoided: number;
}

/** Between two probes through a neighbour: three a minute. */
const PERIOD: Millis = 20_000;
/** Between two comparisons. A series lasts longer than a process may hang before its link is called down. */
const COMPARE_EVERY: Millis = 1500;
const ANSWERED_WITHIN: Millis = 1400;
/** A stalled stream asks for a probe at once, but not more often than this. */
const HURRY: Millis = 10_000;
/** Neighbours that are probed in one period at most. */
const MOST_PROBED = 8;

interface Watched {
  trust: TransitTrust;
  /** The way that was in use last: from the neighbour to the destination, two nodes at least. */
  way: readonly NodeId[];
  probedAt: Millis;
  busy: boolean;
}

export class TransitChecks {
  readonly #parts: TransitChecksParts;
  readonly #watched = new Map<NodeId, Watched>();
  readonly #timers = new Set<Timer>();
  #running = false;
  #answered = 0;
  #unanswered = 0;

  constructor(parts: TransitChecksParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = true;
    this.#timers.add(this.#parts.clock.every(PERIOD, () => this.#checkAll()));
  }

  stop(): void {
    this.#running = false;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  /** It is handed nothing for others while there is another way. */
  avoids(neighbour: NodeId): boolean {
    return this.#watched.get(neighbour)?.trust.kind === 'avoided';
  }

  /** It is trusted until it is found out anew. */
  forget(neighbour: NodeId): void {
    this.#watched.delete(neighbour);
  }

  /** A stream to `destination` makes no headway. */
  hurry(destination: NodeId): void {
    const way = this.#parts.routeTo(destination) ?? [];
    const [neighbour] = way;
    if (neighbour === undefined || way.length < 2 || !this.#running) return;
    const watched = this.#watch(neighbour, way);
    if (this.#parts.clock.now() - watched.probedAt >= HURRY) void this.#check(neighbour, watched);
  }

  counts(): TransitCounts {
    let avoided = 0;
    for (const { trust } of this.#watched.values()) if (trust.kind === 'avoided') avoided++;
    return { answered: this.#answered, unanswered: this.#unanswered, avoided };
  }

  #checkAll(): void {
    const used = this.#parts.takeUsed();
    for (const [neighbour, { trust, busy }] of this.#watched) {
      const isBlameless = trust.kind === 'trusted' && trust.offences === 0;
      if (isBlameless && !busy && !used.has(neighbour)) this.#watched.delete(neighbour);
    }
    for (const [neighbour, destination] of used) {
      const way = this.#parts.routeTo(destination) ?? [];
      // The route may have moved on since.
      if (way[0] === neighbour && way.length >= 2) this.#watch(neighbour, way);
    }
    const due = [...this.#watched].filter(
      ([neighbour, { trust, busy }]) => !busy && (used.has(neighbour) || trust.kind === 'avoided'),
    );
    // Who was probed longest ago comes first, so that all have their turn.
    due.sort(([, a], [, b]) => a.probedAt - b.probedAt);
    for (const [neighbour, watched] of due.slice(0, MOST_PROBED)) void this.#check(neighbour, watched);
  }

  #watch(neighbour: NodeId, way: readonly NodeId[]): Watched {
    let watched = this.#watched.get(neighbour);
    if (watched === undefined) {
      watched = { trust: neverDoubted, way, probedAt: Number.NEGATIVE_INFINITY, busy: false };
      this.#watched.set(neighbour, watched);
    }
    // A series, and what is to end it, goes one and the same way.
    if (watched.trust.kind === 'trusted') watched.way = way;
    return watched;
  }

  async #check(neighbour: NodeId, watched: Watched): Promise<void> {
    if (watched.busy || watched.trust.kind === 'doubted' || !this.#parts.isWell(neighbour)) return;
    if (!this.#parts.isPath(watched.way)) {
      const beyond = this.#parts.linkedTo(neighbour).find((id) => id !== this.#parts.self);
      if (beyond === undefined) return;
      watched.way = [neighbour, beyond];
    }
    watched.busy = true;
    watched.probedAt = this.#parts.clock.now();
    const answered = await this.#probe(watched.way);
    watched.busy = false;
    if (!this.#running) return;
    this.#settle(neighbour, watched, onProbed(watched.trust, answered));
  }

  async #compare(neighbour: NodeId, watched: Watched): Promise<void> {
    const { clock, isWell, isPath } = this.#parts;
    const nextAt = clock.now() + COMPARE_EVERY;
    const around = this.#around(neighbour, watched.way);
    let comparison: { through: boolean; around: boolean } | undefined;
    const isFair = (): boolean => isWell(neighbour) && isPath(watched.way);
    if (around !== undefined && isFair()) {
      // First around: that also agrees on the keys for both, on a way that the neighbour cannot close.
      const [isAround, isThrough] = await Promise.all([this.#probe(around), this.#probe(watched.way)]);
      // A link that failed meanwhile, or failed then and is known to have only now, explains a missing answer.
      if (isFair()) comparison = { through: isThrough, around: isAround };
    }
    if (this.#running) this.#settle(neighbour, watched, onCompared(watched.trust, comparison, clock.now()), nextAt);
  }

  /** The same way with the neighbour left out: to the node after it by another path, then on as before. */
  #around(neighbour: NodeId, [, second, ...rest]: readonly NodeId[]): readonly NodeId[] | undefined {
    const detour = second === undefined ? undefined : this.#parts.pathAround(second, neighbour);
    return detour && [...detour, ...rest];
  }

  async #probe(path: readonly NodeId[]): Promise<boolean> {
    const answered = await this.#parts.probe(path, ANSWERED_WITHIN);
    if (answered) this.#answered++;
    else this.#unanswered++;
    return answered;
  }

  #settle(neighbour: NodeId, watched: Watched, trust: TransitTrust, nextAt = this.#parts.clock.now()): void {
    const before = watched.trust.kind;
    watched.trust = trust;
    if (this.#watched.get(neighbour) !== watched) return;
    if (trust.kind === 'doubted') {
      const timer = this.#parts.clock.after(Math.max(0, nextAt - this.#parts.clock.now()), () => {
        this.#timers.delete(timer);
        void this.#compare(neighbour, watched);
      });
      this.#timers.add(timer);
    }
    const withholds = trust.kind === 'avoided';
    if (withholds !== (before === 'avoided')) {
      this.#parts.changed(neighbour, { withholds, destination: watched.way.at(-1)! });
    }
  }
}
