// How often each peer's link failed, and which are damped for it. Outlives connections: a new one makes a bad cable
// neither better nor worse.

import type { Clock, Timer } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';
import { type Flap, isForgotten, neverFlapped, onFlap, settled, untilReuse } from './flap-damping.ts';

export interface FlapRegisterParts {
  clock: Clock;
  /** A damped link has held long enough. */
  reuse: (peer: NodeId) => void;
}

/** Remembered at most, but for those that still count. */
const MOST = 64;

export class FlapRegister {
  readonly #parts: FlapRegisterParts;
  readonly #flaps = new Map<NodeId, Flap>();
  readonly #timers = new Map<NodeId, Timer>();

  constructor(parts: FlapRegisterParts) {
    this.#parts = parts;
  }

  /** As of now. */
  of(peer: NodeId): Flap {
    const now = this.#parts.clock.now();
    return settled(this.#flaps.get(peer) ?? neverFlapped(now), now);
  }

  failed(peer: NodeId): Flap {
    const { clock, reuse } = this.#parts;
    const now = clock.now();
    const flap = onFlap(this.of(peer), now);
    this.#flaps.set(peer, flap);
    this.#cancel(peer);
    if (flap.damped) {
      const timer = clock.after(untilReuse(flap, now) + 1, () => {
        this.#timers.delete(peer);
        this.#flaps.set(peer, this.of(peer));
        reuse(peer);
      });
      this.#timers.set(peer, timer);
    }
    if (this.#flaps.size > MOST) this.#forgetOld();
    return flap;
  }

  stop(): void {
    for (const peer of [...this.#timers.keys()]) this.#cancel(peer);
  }

  #cancel(peer: NodeId): void {
    this.#timers.get(peer)?.cancel();
    this.#timers.delete(peer);
  }

  #forgetOld(): void {
    const now = this.#parts.clock.now();
    for (const [peer, flap] of this.#flaps) if (isForgotten(flap, now)) this.#flaps.delete(peer);
  }
}
