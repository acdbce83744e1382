// What a border has said to other areas, and what it must say anew: a part is repeated when a destination comes or goes,
// when the way to one is another, or when a cost is off by a quarter. Pure.

import type { BriefName } from './brief-names.ts';
import { type Claim, type Claims, MOST_VIA, OFFER_PARTS, partOf } from './offer.ts';

/** As with the cost of a link: noise is not worth a word. */
const RELEVANT_SHARE = 0.25;
const RELEVANT_STEP = 5;

export class StandingOffer {
  readonly #parts: Claims[] = Array.from({ length: OFFER_PARTS }, () => new Map());

  /** Answers the parts that have to be said again, whole. */
  update(reached: Iterable<[BriefName, Claim]>): Map<number, Claims> {
    const now: Claims[] = Array.from({ length: OFFER_PARTS }, () => new Map());
    for (const [name, claim] of reached) if (claim.via.length <= MOST_VIA) now[partOf(name)]!.set(name, claim);
    const changed = new Map<number, Claims>();
    for (const [part, claims] of now.entries()) {
      if (!differs(this.#parts[part]!, claims)) continue;
      this.#parts[part] = claims;
      changed.set(part, claims);
    }
    return changed;
  }

  get parts(): readonly Claims[] {
    return this.#parts;
  }
}

function differs(said: Claims, now: Claims): boolean {
  if (said.size !== now.size) return true;
  for (const [name, { cost, via }] of now) {
    const known = said.get(name);
    if (known === undefined || !sameWay(known.via, via)) return true;
    const by = Math.abs(cost - known.cost);
    if (by >= RELEVANT_STEP && by >= RELEVANT_SHARE * known.cost) return true;
  }
  return false;
}

const sameWay = (a: readonly BriefName[], b: readonly BriefName[]): boolean =>
  a === b || (a.length === b.length && a.every((name, at) => name === b[at]));
