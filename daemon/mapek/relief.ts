// Work that this node does not take on for a while, so that it can recover: the swarm offers fewer places or none.

import type { Clock, Millis } from '../../core/clock.ts';

export class Relief {
  readonly #clock: Clock;
  #share = 0;
  #until: Millis = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** 0 takes all work to 1 takes none. */
  get share(): number {
    return this.#clock.now() < this.#until ? this.#share : 0;
  }

  /** A smaller share does not end a greater one before its time. */
  ask(share: number, within: Millis): void {
    this.#share = Math.max(this.share, share);
    this.#until = Math.max(this.#until, this.#clock.now() + within);
  }

  end(): void {
    this.#until = 0;
  }
}
