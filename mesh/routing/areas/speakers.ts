// Who of many borders speaks to the area beside: two for each pair of parts that links join, as what all of them would say
// is nearly the same. Pure, and decided alike by all from what they know of each other.

/** One to speak, and another that is there already when the first dies. */
const SPEAKERS = 2;

export interface Junction<Id> {
  /** This node's neighbours in the area beside. */
  neighbours: readonly Id[];
  /** Links of other borders of this node's part into that area: our side, their side. */
  others: Iterable<readonly [border: Id, beyond: Id]>;
  /** Comes before this node where not all need to speak. */
  precedes: (border: Id) => boolean;
  /** Two nodes of the area beside are known to be in one part of it. */
  together: (a: Id, b: Id) => boolean;
}

/** False where two others say it to the same part. Where that is not known for sure, this node speaks too. */
export function speaks<Id>({ neighbours, others, precedes, together }: Junction<Id>): boolean {
  const before = new Set<Id>();
  for (const [border, beyond] of others) {
    if (before.has(border) || !precedes(border)) continue;
    if (neighbours.every((neighbour) => neighbour === beyond || together(neighbour, beyond))) before.add(border);
    if (before.size === SPEAKERS) return false;
  }
  return true;
}
