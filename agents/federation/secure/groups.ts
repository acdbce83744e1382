// Who is in whose group: drawn from nonces that every node committed to before anybody saw one, so that neither the
// coordinator nor a node can choose its neighbours, and everybody can draw again to check. Pure.

import { createCipheriv, createHash } from 'node:crypto';
import { SecretNumbers } from '../privacy/secret-numbers.ts';
import { digestOf } from './federation-keys.ts';
import type { Plan } from './messages.ts';

/** What a node says when it asks to take part; it shows the nonce (32 bytes, base64) with its keys. */
export const commitmentOf = (nonce: string): string => digestOf('parlmesh nonce 1\0', nonce);

/** Undefined for nonces that are not what was committed to. @param nonces in the plan's order, empty where none came */
export function seedOf(plan: Plan, planDigest: string, nonces: readonly string[]): Uint8Array | undefined {
  if (nonces.length !== plan.invited.length) return undefined;
  const hash = createHash('sha256').update(`parlmesh draw 1\0${planDigest}`);
  for (const [at, { commitment }] of plan.invited.entries()) {
    const nonce = nonces[at]!;
    if (nonce !== '' && commitmentOf(nonce) !== commitment) return undefined;
    hash.update(`${nonce};`);
  }
  return hash.digest();
}

/**
 * Places in the plan, by group. As many groups as have `groupSize` members each, whose sizes differ by one at most; a
 * single one when there are fewer.
 */
export function drawGroups(plan: Plan, seed: Uint8Array, nonces: readonly string[]): number[][] {
  const present = nonces.flatMap((nonce, place) => (nonce === '' ? [] : [place]));
  const stream = createCipheriv('chacha20', seed, new Uint8Array(16));
  const numbers = new SecretNumbers((bytes) => stream.update(new Uint8Array(bytes)));
  // Fisher and Yates.
  for (let at = present.length - 1; at > 0; at--) {
    const other = numbers.below(at + 1);
    [present[at], present[other]] = [present[other]!, present[at]!];
  }
  const count = Math.max(1, Math.floor(present.length / plan.groupSize));
  const groups: number[][] = Array.from({ length: count }, () => []);
  present.forEach((place, at) => {
    groups[at % count]!.push(place);
  });
  return groups;
}

/** Binds everything later to the round, the draw and the keys of this group. */
export function groupDigest(planDigest: string, seed: Uint8Array, number: number, keys: readonly string[]): string {
  return digestOf('parlmesh group 1\0', planDigest, seed, `${number}\0`, keys.join('\n'));
}
