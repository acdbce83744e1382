// Whom a node passes a frame on to: informed flooding. A neighbour that has the frame from the same hand is not sent it
// again, which leaves none of the copies that plain flooding makes among neighbours of each other (self-pruning, Lim and
// Kim 2001; RFC 6621 section 6 calls the like "neighbour elimination"). Pure.

import type { NodeId } from '../membership/keys.ts';
import type { LinkStatePayload } from './topics.ts';

export interface Surroundings {
  /** Admitted neighbours. */
  neighbours: readonly NodeId[];
  areaOf: (neighbour: NodeId) => string | undefined;
  /** What a node told last of its links. */
  linksOf: (node: NodeId) => LinkStatePayload['links'] | undefined;
}

/**
 * Whoever passes a frame on sends it to all its neighbours but those that had it from the hand before. So each neighbour of
 * `from` has it, as long as both tell of the link: one node alone cannot claim that another was reached. What is lost
 * where that is out of date, comparing brings.
 * @param area the frame stays in; undefined: none
 * @param from the neighbour that passed it on; undefined where it begins here
 */
export function heirs(
  { neighbours, areaOf, linksOf }: Surroundings,
  area: string | undefined,
  from: NodeId | undefined,
): NodeId[] {
  const reached = new Set(from === undefined ? [] : linksOf(from)?.map(({ to }) => to));
  return neighbours.filter((peer) => {
    if (peer === from || (area !== undefined && areaOf(peer) !== area)) return false;
    return !(reached.has(peer) && linksOf(peer)?.some(({ to }) => to === from));
  });
}
