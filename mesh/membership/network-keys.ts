// The keys of a network: the one in use, and those before it for as long as they still let members in. Pure.

import type { Millis } from '../../core/clock.ts';

export interface NetworkKey {
  /** Each rotation makes the next; the first is 0. */
  number: number;
  /** 32 bytes that every member has and no stranger. */
  key: Uint8Array;
  /** Milliseconds since 1970: when the authority made it. */
  since: Millis;
  /** Until when it lets members in, once there is a newer one. */
  until?: Millis;
}

/** The newest first; never empty. */
export type NetworkKeys = readonly [NetworkKey, ...NetworkKey[]];

/** Each is tried on every connection that comes; when there are more, the oldest goes before its time. */
export const MOST_KEYS = 4;

/** @param until how long the keys before it still let members in */
export function withNewKey(keys: NetworkKeys, next: NetworkKey, until: Millis): NetworkKeys {
  if (next.number <= keys[0].number) return keys;
  const former = keys.map((key) => ({ ...key, until: Math.min(key.until ?? until, until) }));
  return [next, ...former.slice(0, MOST_KEYS - 1)];
}

/** Without those before number `oldest`, and those whose time is over. The newest always stays. */
export function stillAccepted([newest, ...former]: NetworkKeys, oldest: number, now: Millis): NetworkKeys {
  return [newest, ...former.filter(({ number, until = 0 }) => number >= oldest && until > now)];
}
