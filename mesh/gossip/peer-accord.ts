// What a node knows of how far one neighbour's table and its own agree, and how much work it still owes that neighbour.

import type { Millis } from '../../core/clock.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import { Comparisons } from './comparisons.ts';

/** Comparisons that a neighbour may ask for: one a round is usual, a score when two halves of a network meet. */
const QUESTIONS = { perSecond: 10, burst: 60 };
/** Frames that a neighbour may hand over: two large halves that meet are tens of thousands. */
const FRAMES = { perSecond: 2000, burst: 20_000 };
/** Bytes of frames that it is given. */
const BYTES = { perSecond: 512 * 1024, burst: 4 * 1024 * 1024 };
/** Until the same root is told again, doubled each time. Who does not answer most likely has the same. */
const AGAIN = { different: { first: 500, most: 4000 }, silent: { first: 5000, most: 30_000 } };

export class PeerAccord {
  readonly comparisons = new Comparisons();
  readonly #questions: TokenBucket;
  readonly #frames: TokenBucket;
  readonly #bytes: TokenBucket;
  #theirs: number | undefined;
  /** Our root when we heard theirs. */
  #against: number | undefined;
  #told: number | undefined;
  #toldAt: Millis = 0;
  #tellings = 0;

  constructor(now: Millis) {
    this.#questions = new TokenBucket(QUESTIONS.perSecond, QUESTIONS.burst, now);
    this.#frames = new TokenBucket(FRAMES.perSecond, FRAMES.burst, now);
    this.#bytes = new TokenBucket(BYTES.perSecond, BYTES.burst, now);
  }

  /** The neighbour just said its root, when ours was `mine`. */
  hear(theirs: number, mine: number): void {
    this.#theirs = theirs;
    this.#against = mine;
  }

  /** Our root goes to it. */
  tell(root: number, now: Millis): void {
    this.#tellings = this.#told === root ? this.#tellings + 1 : 0;
    this.#told = root;
    this.#toldAt = now;
  }

  /** Whether it should hear our root. */
  wants(root: number, now: Millis): boolean {
    if (this.#theirs === root) return false;
    const { first, most } = this.#against === root ? AGAIN.different : AGAIN.silent;
    return this.#told !== root || now - this.#toldAt >= Math.min(most, first * 2 ** this.#tellings);
  }

  mayAsk(now: Millis): boolean {
    return this.#questions.take(now);
  }

  mayHandOver(frames: number, now: Millis): boolean {
    return this.#frames.take(now, frames);
  }

  mayHave(bytes: number, now: Millis): boolean {
    return this.#bytes.take(now, bytes);
  }
}
