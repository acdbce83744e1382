// What nodes were caught at: neighbours that hand over what no honest node passes on, and members that flood. Who forges is not
// listened to for a while, since each forgery costs a signature to find out; all of it is told, and the self-healing weighs it.

import type { Millis } from '../../core/clock.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { NodeId } from '../membership/keys.ts';

/**
 * `forged`: frames that are forged or broken, lists that are no lists; every honest node checks what it passes on. `flooded`: what
 * was refused because it was too much, by the signature of who said it, or by the connection. `replayed`: out-of-date frames that
 * the same neighbour has handed over before.
 */
export type Misdeed = 'forged' | 'flooded' | 'replayed';

/** How often within the last minute. */
export type Misdeeds = Partial<Record<Misdeed, number>>;

/** Faults that are forgiven: bits may turn in a bad memory. */
const FAULTS = { perSecond: 1, burst: 20 };
const SHUNNED: Millis = 10_000;
const REMEMBERED: Millis = 60_000;
/** Nodes that are remembered, misdeeds of one kind of each, and its out-of-date frames. */
const MOST = { nodes: 1024, misdeeds: 200, stale: 64 };

interface Known {
  faults: TokenBucket;
  until: Millis;
  times: Map<Misdeed, Millis[]>;
  stale: Set<string>;
}

export class Blame {
  readonly #by = new Map<NodeId, Known>();

  isShunned(neighbour: NodeId, now: Millis): boolean {
    return now < (this.#by.get(neighbour)?.until ?? 0);
  }

  add(node: NodeId, misdeed: Misdeed, now: Millis): void {
    const known = this.#recordOf(node, now);
    const times = lately(known.times.get(misdeed), now);
    known.times.set(misdeed, [...times, now].slice(-MOST.misdeeds));
    if (misdeed === 'forged' && !known.faults.take(now)) known.until = now + SHUNNED;
  }

  /** A neighbour handed over a frame that a newer one has replaced. Once is late; the same one again is a replay. */
  outOfDate(neighbour: NodeId, frame: string, now: Millis): void {
    const { stale } = this.#recordOf(neighbour, now);
    if (stale.has(frame)) this.add(neighbour, 'replayed', now);
    stale.add(frame);
    const [first] = stale;
    if (stale.size > MOST.stale && first !== undefined) stale.delete(first);
  }

  /** Undefined when there is nothing to say against it. */
  of(node: NodeId, now: Millis): Misdeeds | undefined {
    const counts = [...(this.#by.get(node)?.times ?? [])].map(([misdeed, times]) => [
      misdeed,
      lately(times, now).length,
    ]);
    const some = counts.filter(([, count]) => count !== 0);
    return some.length === 0 ? undefined : Object.fromEntries(some);
  }

  /** It is let in again: what counts is what it does from now on. */
  forget(node: NodeId): void {
    this.#by.delete(node);
  }

  #recordOf(node: NodeId, now: Millis): Known {
    const known = this.#by.get(node);
    if (known !== undefined) return known;
    const record = {
      ...{ faults: new TokenBucket(FAULTS.perSecond, FAULTS.burst, now), until: 0 },
      ...{ times: new Map<Misdeed, Millis[]>(), stale: new Set<string>() },
    };
    this.#by.set(node, record);
    const [first] = this.#by.keys();
    if (this.#by.size > MOST.nodes && first !== undefined) this.#by.delete(first);
    return record;
  }
}

const lately = (times: readonly Millis[] = [], now: Millis): Millis[] => times.filter((at) => now - at < REMEMBERED);
