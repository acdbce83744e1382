// What a border says to another area: the nodes that it reaches, at which cost, and through which borders of further
// areas. Cut into parts by the name of the destination, so that a change repeats one part only. Pure.

import { BRIEF_LENGTH, type BriefName } from './brief-names.ts';
import type { OfferPayload } from './topics.ts';

export interface Claim {
  cost: number;
  /** Borders on the way after the one who says it, the next first: by them a part of the network knows itself again. */
  via: readonly BriefName[];
}

export type Claims = Map<BriefName, Claim>;

/** Destinations that are taken from one part of one border's offer. */
export const MOST_CLAIMS = 4096;
/** Areas that a frame may cross; a longer way is not offered. */
export const MOST_VIA = 14;
export const OFFER_PARTS = 4;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const COST_LENGTH = 4;
const MOST_COST = 2 ** 24 - 1;
const VALUE = new Map([...ALPHABET].map((letter, at) => [letter, at]));

/** Which part of an offer a destination is in. */
export const partOf = (name: BriefName): number => VALUE.get(name[0] ?? '')! % OFFER_PARTS;

export function toPayload(claims: Claims): OfferPayload {
  const groups = new Map<string, { via: BriefName[]; nodes: string[] }>();
  for (const [name, { cost, via }] of [...claims].slice(0, MOST_CLAIMS)) {
    const key = via.join();
    let group = groups.get(key);
    if (group === undefined) {
      group = { via: [...via], nodes: [] };
      groups.set(key, group);
    }
    group.nodes.push(name + costInText(cost));
  }
  return { groups: [...groups.values()].map(({ via, nodes }) => ({ via, nodes: nodes.join('') })) };
}

/** The first claim about a node counts; what is beyond the bound is left out. The payload has passed its schema. */
export function fromPayload({ groups }: OfferPayload): Claims {
  const claims: Claims = new Map();
  for (const { via, nodes } of groups) {
    for (let at = 0; at < nodes.length; at += BRIEF_LENGTH + COST_LENGTH) {
      const name = nodes.slice(at, at + BRIEF_LENGTH);
      if (claims.size >= MOST_CLAIMS) return claims;
      if (!claims.has(name)) claims.set(name, { cost: costAt(nodes, at + BRIEF_LENGTH), via });
    }
  }
  return claims;
}

function costInText(cost: number): string {
  let left = Math.min(MOST_COST, Math.max(1, Math.ceil(cost)));
  let text = '';
  for (let digit = 0; digit < COST_LENGTH; digit++) {
    text = ALPHABET[left % 64]! + text;
    left = Math.floor(left / 64);
  }
  return text;
}

function costAt(text: string, start: number): number {
  let cost = 0;
  for (let at = start; at < start + COST_LENGTH; at++) cost = cost * 64 + VALUE.get(text[at]!)!;
  return Math.max(1, cost);
}
