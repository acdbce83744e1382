// What a bridge between brokers lets through: at most so many messages a second, no topic without end, and nothing that
// goes in circles. Pure but for what it remembers, which is bounded.

import type { Millis } from '../../core/clock.ts';
import { TokenBucket } from '../../core/token-bucket.ts';

export type BridgeVerdict = 'pass' | 'too-fast' | 'too-large' | 'loop';

export interface BridgeMessage {
  /** As it will be published. */
  topic: string;
  payload: Uint8Array;
}

const MOST_TOPIC = 256;
const MOST_PAYLOAD = 256_000;
/** The same message on the same topic so often within the window goes in circles; the topic rests for a while then. */
const REPEATS = 20;
const WINDOW: Millis = 10_000;
const REST: Millis = 60_000;
const MOST_TOPICS = 4_096;

interface Seen {
  hash: number;
  since: Millis;
  times: number;
  restsUntil: Millis;
}

export class BridgeGuard {
  readonly #rate: TokenBucket;
  readonly #prefix: string;
  readonly #seen = new Map<string, Seen>();

  /** @param prefix of the topics on this side; one that holds it twice has been here before */
  constructor(prefix: string, messagesPerSecond: number, now: Millis) {
    this.#prefix = prefix;
    this.#rate = new TokenBucket(messagesPerSecond, 2 * messagesPerSecond, now);
  }

  judge({ topic, payload }: BridgeMessage, now: Millis): BridgeVerdict {
    if (topic.length > MOST_TOPIC || payload.length > MOST_PAYLOAD) return 'too-large';
    if (topic.split(this.#prefix).length > 2) return 'loop';
    if (this.#circles(topic, payload, now)) return 'loop';
    return this.#rate.take(now) ? 'pass' : 'too-fast';
  }

  #circles(topic: string, payload: Uint8Array, now: Millis): boolean {
    const hash = fnv1a(payload);
    const seen = this.#seen.get(topic);
    if (seen !== undefined && now < seen.restsUntil) return true;
    this.#seen.delete(topic);
    const same = seen !== undefined && seen.hash === hash && now - seen.since < WINDOW;
    const times = same ? seen.times + 1 : 1;
    const restsUntil = times > REPEATS ? now + REST : 0;
    this.#seen.set(topic, { hash, since: same ? seen.since : now, times, restsUntil });
    if (this.#seen.size > MOST_TOPICS) this.#seen.delete(this.#seen.keys().next().value ?? '');
    return restsUntil > 0;
  }
}

function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
