// Neighbours that hand over what no honest node passes on, forged or broken frames: to find that out costs a signature
// each time, so they are not listened to for a while.

import type { Millis } from '../../core/clock.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { NodeId } from '../membership/keys.ts';

/** Faults that are forgiven: bits may turn in a bad memory. */
const FAULTS = { perSecond: 1, burst: 20 };
const SHUNNED: Millis = 10_000;
/** Neighbours that are remembered. */
const MOST = 1024;

export class Blame {
  readonly #by = new Map<NodeId, { faults: TokenBucket; until: Millis }>();

  isShunned(neighbour: NodeId, now: Millis): boolean {
    return now < (this.#by.get(neighbour)?.until ?? 0);
  }

  add(neighbour: NodeId, now: Millis): void {
    let known = this.#by.get(neighbour);
    if (known === undefined) {
      known = { faults: new TokenBucket(FAULTS.perSecond, FAULTS.burst, now), until: 0 };
      this.#by.set(neighbour, known);
      const [first] = this.#by.keys();
      if (this.#by.size > MOST && first !== undefined) this.#by.delete(first);
    }
    if (!known.faults.take(now)) known.until = now + SHUNNED;
  }
}
