// Dials who should be connected, for ever, with back-off: configured addresses, remembered peers, members found.

import { type BackoffOptions, backoff } from '../../core/backoff.ts';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { NodeId } from './keys.ts';

export interface DialerParts {
  /** Never dialled. */
  self: NodeId;
  clock: Clock;
  random: Random;
  backoff: BackoffOptions;
  dial: (target: DialTarget, signal: AbortSignal) => Promise<NodeId>;
  isConnected: (peer: NodeId) => boolean;
  /** False while there are as many peers as are wanted. */
  hasRoom: () => boolean;
  failed: (target: DialTarget, cause: string) => void;
}

export interface DialTarget {
  /** Undefined for a configured address that names no peer id, until somebody answered there. */
  peer: NodeId | undefined;
  addresses: string[];
}

/** Whoever was connected lately may come back any moment: sought this often at least, for so long. */
const SOUGHT: BackoffOptions = { first: 500, most: 5000 };
const SOUGHT_FOR: Millis = 600_000;
const MOST_AT_ONCE = 4;
const MOST_TARGETS = 1024;

interface Target extends DialTarget {
  /** Node id, or the address itself. */
  key: string;
  attempt: number;
  lostAt: Millis;
  timer: Timer | undefined;
  dialing: boolean;
}

export class Dialer {
  readonly #parts: DialerParts;
  readonly #targets = new Map<string, Target>();
  readonly #waiting: Target[] = [];
  readonly #abort = new AbortController();
  #dialing = 0;

  constructor(parts: DialerParts) {
    this.#parts = parts;
  }

  /** Adds a target or renews its addresses; dials it soon when it is not connected. */
  want(target: DialTarget): void {
    const key = target.peer ?? target.addresses.join(' ');
    if (target.addresses.length === 0 || target.peer === this.#parts.self || this.#abort.signal.aborted) return;
    const known = this.#targets.get(key);
    if (known !== undefined) {
      known.addresses = target.addresses;
      return;
    }
    if (this.#targets.size >= MOST_TARGETS) return;
    const added: Target = {
      ...target,
      key,
      attempt: 0,
      lostAt: Number.NEGATIVE_INFINITY,
      timer: undefined,
      dialing: false,
    };
    this.#targets.set(key, added);
    this.#enqueue(added);
  }

  /** A peer went: dial it again, if it is one of ours to dial. */
  lost(peer: NodeId): void {
    for (const target of this.#targets.values()) {
      if (target.peer !== peer) continue;
      target.attempt = 0;
      target.lostAt = this.#parts.clock.now();
      this.#later(target);
    }
  }

  /** Never dial this one again. */
  drop(peer: NodeId): void {
    for (const [key, target] of this.#targets) {
      if (target.peer !== peer) continue;
      target.timer?.cancel();
      this.#targets.delete(key);
    }
  }

  stop(): void {
    this.#abort.abort();
    for (const { timer } of this.#targets.values()) timer?.cancel();
    this.#targets.clear();
    this.#waiting.length = 0;
  }

  #enqueue(target: Target): void {
    target.timer?.cancel();
    target.timer = undefined;
    if (!this.#waiting.includes(target)) this.#waiting.push(target);
    this.#next();
  }

  #next(): void {
    while (this.#dialing < MOST_AT_ONCE) {
      const target = this.#waiting.shift();
      if (target === undefined) return;
      if (this.#targets.get(target.key) === target && !target.dialing) void this.#dial(target);
    }
  }

  async #dial(target: Target): Promise<void> {
    const { dial, isConnected, hasRoom, failed } = this.#parts;
    if (target.peer !== undefined && isConnected(target.peer)) return;
    if (!hasRoom()) return this.#later(target);
    target.dialing = true;
    this.#dialing++;
    try {
      target.peer = await dial(target, this.#abort.signal);
      target.attempt = 0;
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      failed(target, messageOf(error));
      this.#later(target);
    } finally {
      target.dialing = false;
      this.#dialing--;
      this.#next();
    }
  }

  #later(target: Target): void {
    const { clock, random } = this.#parts;
    if (this.#abort.signal.aborted) return;
    target.timer?.cancel();
    const pace = clock.now() - target.lostAt < SOUGHT_FOR ? SOUGHT : this.#parts.backoff;
    target.timer = clock.after(backoff(target.attempt++, pace, random), () => this.#enqueue(target));
  }
}
