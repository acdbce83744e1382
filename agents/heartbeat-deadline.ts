// When an agent's next heartbeat is due: one timer per agent, moved only when it fires, so that a beat costs nothing.

import type { Clock, Millis, Timer } from '../core/clock.ts';

/** A timer that fires this late says that the daemon's own loop was stalled: then the agent is not to blame yet. */
const OWN_STALL: Millis = 250;

export class HeartbeatDeadline {
  readonly #clock: Clock;
  readonly #timeout: Millis;
  readonly #onMissed: () => void;
  #due = Number.POSITIVE_INFINITY;
  #armedFor = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  #forgiven = false;

  /** @param timeout ms by which a promised beat may be late */
  constructor(clock: Clock, timeout: Millis, onMissed: () => void) {
    this.#clock = clock;
    this.#timeout = timeout;
    this.#onMissed = onMissed;
  }

  beat(nextWithin: Millis): void {
    this.#forgiven = false;
    this.#due = this.#clock.now() + nextWithin + this.#timeout;
    if (this.#due < this.#armedFor) this.#arm();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#due = this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#armedFor = this.#due;
    if (Number.isFinite(this.#due)) this.#timer = this.#clock.after(this.#due - this.#clock.now(), () => this.#fire());
  }

  #fire(): void {
    const now = this.#clock.now();
    const stalled = now - this.#armedFor > OWN_STALL && !this.#forgiven;
    if (stalled && now >= this.#due) {
      this.#forgiven = true;
      this.#due = now + this.#timeout;
    }
    // Timers may fire a fraction of a millisecond early.
    if (now + 1 < this.#due) this.#arm();
    else this.#onMissed();
  }
}
