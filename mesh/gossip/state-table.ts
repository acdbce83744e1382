// The newest message of every origin on every `state` topic: what a node knows of its network.

import type { Clock, Millis } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';
import type { TransportKind } from '../transport/transport.ts';
import { bucketOf, Fingerprint, type Slot, slotOf } from './fingerprint.ts';
import { staysInArea, type Topic } from './topics.ts';

/** Through what a message came: a transport's broadcast, a neighbour's synchronisation, or it is our own. */
export type Source = TransportKind | 'sync' | 'self';

export interface StateEntry {
  topic: string;
  origin: NodeId;
  originKey: Uint8Array;
  sequence: number;
  frame: Uint8Array;
  source: Source;
  /** Of its topic. */
  scope?: Topic['scope'];
}

/** A state as it is told apart from others, and how new it is. */
export interface SlotEntry extends StateEntry {
  slot: Slot;
  /** False when it has aged out: its number alone is remembered. */
  live: boolean;
  /** Monotonic: when it came. */
  since: Millis;
}

interface Kept extends SlotEntry {
  /** Monotonic: when it no longer counts. */
  endsAt: Millis;
  /** Monotonic: when even a replay of it would be refused as expired, so that it need not be remembered. */
  forgetAt: Millis;
}

export class StateTable {
  /** Of all states that count. */
  readonly fingerprint = new Fingerprint();
  /** Of those that every area has. */
  readonly commonFingerprint = new Fingerprint();
  readonly #clock: Clock;
  readonly #most: number;
  readonly #topics = new Map<string, Map<NodeId, Kept>>();
  #size = 0;

  /** @param most entries kept in all */
  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** The newest sequence seen, also of what has aged out; 0 when none. */
  sequence(topic: string, origin: NodeId): number {
    return this.#topics.get(topic)?.get(origin)?.sequence ?? 0;
  }

  /**
   * Keeps an entry, replacing an older one of its origin. False when the table is full.
   * @param lifetime milliseconds it counts from now
   * @param memory milliseconds from now until it may be forgotten
   */
  put(entry: StateEntry, lifetime: Millis, memory: Millis): boolean {
    let origins = this.#topics.get(entry.topic);
    if (origins === undefined) {
      origins = new Map();
      this.#topics.set(entry.topic, origins);
    }
    const known = origins.get(entry.origin);
    if (known === undefined) {
      if (this.#size >= this.#most) return false;
      this.#size++;
    }
    const now = this.#clock.now();
    const slot = known?.slot ?? slotOf(entry.topic, entry.originKey);
    const endsAt = now + lifetime;
    const kept = { ...entry, slot, since: now, endsAt, forgetAt: now + Math.max(lifetime, memory), live: true };
    if (known?.live) this.#toggle(known, now);
    this.#toggle(kept, now);
    origins.set(entry.origin, kept);
    return true;
  }

  get(topic: string, origin: NodeId): StateEntry | undefined {
    const entry = this.#topics.get(topic)?.get(origin);
    return entry?.live ? entry : undefined;
  }

  *entries(): Iterable<StateEntry> {
    for (const origins of this.#topics.values()) {
      for (const entry of origins.values()) if (entry.live) yield entry;
    }
  }

  /** All in these buckets, those that have aged out too. */
  *inBuckets(buckets: ReadonlySet<number>): Iterable<SlotEntry> {
    for (const origins of this.#topics.values()) {
      for (const entry of origins.values()) if (buckets.has(bucketOf(entry.slot))) yield entry;
    }
  }

  /** All that `origin` said, also what has aged out. */
  *saidBy(origin: NodeId): Iterable<SlotEntry> {
    for (const origins of this.#topics.values()) {
      const entry = origins.get(origin);
      if (entry !== undefined) yield entry;
    }
  }

  /** Lets go of all that `origin` said. */
  forget(origin: NodeId): void {
    for (const origins of this.#topics.values()) {
      const entry = origins.get(origin);
      if (entry === undefined) continue;
      if (entry.live) this.#toggle(entry, this.#clock.now());
      origins.delete(origin);
      this.#size--;
    }
  }

  /** Lets go of what is too old and returns what just stopped to count. */
  sweep(): StateEntry[] {
    const now = this.#clock.now();
    const ended: StateEntry[] = [];
    for (const origins of this.#topics.values()) {
      for (const [origin, entry] of origins) {
        if (entry.live && now >= entry.endsAt) {
          entry.live = false;
          this.#toggle(entry, now);
          entry.frame = new Uint8Array();
          ended.push(entry);
        }
        if (now >= entry.forgetAt) {
          origins.delete(origin);
          this.#size--;
        }
      }
    }
    return ended;
  }

  get size(): number {
    return this.#size;
  }

  #toggle({ slot, sequence, scope }: Kept, now: Millis): void {
    this.fingerprint.toggle(slot, sequence, now);
    if (!staysInArea(scope)) this.commonFingerprint.toggle(slot, sequence, now);
  }
}
