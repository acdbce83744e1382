// The nodes of other areas as this node reaches them: through which gateway, at which cost. Pure.

import type { NodeId } from '../../membership/keys.ts';
import type { BriefName } from './brief-names.ts';
import { type Claim, type Claims, OFFER_PARTS, partOf } from './offer.ts';

/** A way out of this area towards one destination. */
export interface Exit extends Claim {
  gateway: NodeId;
  /** From here to the destination. */
  cost: number;
}

/** As of the last computation of the routes inside of this area. */
export interface Inside {
  /** Undefined where no route leads to the gateway. */
  distanceTo: (gateway: NodeId) => number | undefined;
  /** Whether a node belongs to the part of this area that this node is in. */
  holds: (name: BriefName) => boolean;
  /** Whether a route inside leads to a node: it is preferred (RFC 2328, section 11). */
  reaches: (name: BriefName) => boolean;
}

/** Borders whose offers are kept. */
const MOST_GATEWAYS = 256;

export class Exterior {
  /** By gateway, then by part of its offer. */
  readonly #offers = new Map<NodeId, Claims[]>();
  #best: ReadonlyMap<BriefName, Exit> = new Map();
  #inside: Inside = { distanceTo: () => undefined, holds: () => false, reaches: () => false };

  /** Takes the newest of one part. False when there are too many who offer. */
  offer(gateway: NodeId, part: number, claims: Claims): boolean {
    let offers = this.#offers.get(gateway);
    if (offers === undefined) {
      if (this.#offers.size >= MOST_GATEWAYS && !this.#forgetUseless()) return false;
      offers = Array.from({ length: OFFER_PARTS }, () => new Map());
      this.#offers.set(gateway, offers);
    }
    // Each part speaks of its own destinations only, or two parts could contradict each other.
    for (const name of claims.keys()) if (partOf(name) !== part) claims.delete(name);
    offers[part] = claims;
    return true;
  }

  forget(gateway: NodeId): void {
    this.#offers.delete(gateway);
  }

  /** Chooses the cheapest exit to every destination outside. True when an exit that was in use is another now, or lost. */
  settle(inside: Inside): boolean {
    this.#inside = inside;
    const best = new Map<BriefName, Exit>();
    for (const [gateway, offers] of this.#offers) {
      const distance = inside.distanceTo(gateway);
      if (distance === undefined) continue;
      const isSound = soundness(inside);
      for (const claims of offers) {
        for (const [name, { cost, via }] of claims) {
          if (inside.reaches(name) || !isSound(via)) continue;
          const exit = { gateway, cost: distance + cost, via };
          const known = best.get(name);
          if (known === undefined || isBetter(exit, known)) best.set(name, exit);
        }
      }
    }
    const before = this.#best;
    this.#best = best;
    for (const [name, { gateway }] of before) if (best.get(name)?.gateway !== gateway) return true;
    return false;
  }

  /** The best exit to each destination. */
  get best(): ReadonlyMap<BriefName, Exit> {
    return this.#best;
  }

  /** Whether a gateway says that it reaches a node without leaving its own area. */
  isBehind(gateway: NodeId, name: BriefName): boolean {
    return this.#offers.get(gateway)?.[partOf(name)]?.get(name)?.via.length === 0;
  }

  /** All exits to one destination, the best first. */
  exits(name: BriefName): Exit[] {
    const { distanceTo, reaches } = this.#inside;
    if (reaches(name)) return [];
    const isSound = soundness(this.#inside);
    const found: Exit[] = [];
    for (const [gateway, offers] of this.#offers) {
      const claim = offers[partOf(name)]!.get(name);
      const distance = claim === undefined ? undefined : distanceTo(gateway);
      if (claim === undefined || distance === undefined || !isSound(claim.via)) continue;
      found.push({ gateway, cost: distance + claim.cost, via: claim.via });
    }
    return found.sort((a, b) => (isBetter(a, b) ? -1 : 1));
  }

  /** Whoever is no gateway must not keep out those who are. */
  #forgetUseless(): boolean {
    for (const gateway of this.#offers.keys()) {
      if (this.#inside.distanceTo(gateway) === undefined) return this.#offers.delete(gateway);
    }
    return false;
  }
}

/**
 * Whether a way does not come back: a claim that passes through this part of the area was learned from it. (A path
 * vector, as BGP's; RFC 4271, section 9.1.2.)
 */
function soundness({ holds }: Inside): (via: readonly BriefName[]) => boolean {
  const known = new Map<readonly BriefName[], boolean>();
  return (via) => {
    let sound = known.get(via);
    if (sound === undefined) {
      sound = !via.some(holds);
      known.set(via, sound);
    }
    return sound;
  };
}

/** Every node of an area decides alike, so that their choices fit together. */
function isBetter(a: Exit, b: Exit): boolean {
  if (a.cost !== b.cost) return a.cost < b.cost;
  if (a.via.length !== b.via.length) return a.via.length < b.via.length;
  return a.gateway < b.gateway;
}
