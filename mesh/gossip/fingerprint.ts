// A short sum of a table of states that two nodes compare instead of the table: 256 buckets and one sum over all, each
// the exclusive or of a hash of what is in it, so that every change costs the same. Pure.

import type { Millis } from '../../core/clock.ts';

export const BUCKETS = 256;

/** Which state it is, whatever it says: 53 bits of a hash of topic and origin. */
export type Slot = number;

const HIGH = 2 ** 32;
const HIGH_BITS = 2 ** 21 - 1;

/**
 * cyrb53 (bryc, public domain). Not cryptographic, and need not be: an origin's key cannot be chosen, and whoever plays
 * with its own sequence numbers hides differences in its own states only.
 */
export function slotOf(topic: string, originKey: Uint8Array): Slot {
  let a = 0x2d_eb_5c_0f;
  let b = 0x41_c6_ce_57;
  const take = (byte: number): void => {
    a = Math.imul(a ^ byte, 2_654_435_761);
    b = Math.imul(b ^ byte, 1_597_334_677);
  };
  for (let at = 0; at < topic.length; at++) take(topic.charCodeAt(at));
  take(0);
  for (const byte of originKey) take(byte);
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return (b & HIGH_BITS) * HIGH + (a >>> 0);
}

export const bucketOf = (slot: Slot): number => (slot >>> 0) % BUCKETS;

/** MurmurHash3's last step: every bit of the input changes half of the output. */
function mixed(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85_eb_ca_6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2_b2_ae_35);
  return h ^ (h >>> 16);
}

export class Fingerprint {
  /** One sum a bucket. */
  readonly buckets = new Int32Array(BUCKETS);
  readonly #changedAt = new Float64Array(BUCKETS).fill(Number.NEGATIVE_INFINITY);
  #low = 0;
  #high = 0;

  /** Over everything: 53 bits; 0 while nothing is there. */
  get root(): number {
    return (this.#high & HIGH_BITS) * HIGH + (this.#low >>> 0);
  }

  /** Puts a state in, or takes it out when it is in. */
  toggle(slot: Slot, sequence: number, now: Millis): void {
    const low = mixed(mixed(slot >>> 0) ^ Math.floor(slot / HIGH) ^ mixed((sequence >>> 0) + 0x9e_37_79_b9));
    const print = mixed(low + Math.floor(sequence / HIGH));
    const bucket = bucketOf(slot);
    this.buckets[bucket]! ^= print;
    this.#changedAt[bucket] = Math.max(now, this.#changedAt[bucket]!);
    this.#low ^= print;
    this.#high ^= mixed(print ^ slot);
  }

  /** The sum with some more states in it. */
  with(states: Iterable<{ slot: Slot; sequence: number; since: Millis }>): Fingerprint {
    const sum = new Fingerprint();
    sum.buckets.set(this.buckets);
    sum.#changedAt.set(this.#changedAt);
    sum.#low = this.#low;
    sum.#high = this.#high;
    for (const { slot, sequence, since } of states) sum.toggle(slot, sequence, since);
    return sum;
  }

  /** Whether a bucket has not changed for so long: what is on its way to all is in all of them, or was lost. */
  isSettled(bucket: number, now: Millis, since: Millis): boolean {
    return now - this.#changedAt[bucket]! >= since;
  }
}
