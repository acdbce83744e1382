// Random geometric networks: nodes in a square, links between those that are near, cost by distance.

import { seededRandom } from '../../core/random.ts';
import type { LinkStateList } from '../../mesh/routing/graph.ts';

/** Neighbours of a node, on average. */
const DEGREE = 10;

export function geometric(count: number, seed: number): LinkStateList[] {
  const random = seededRandom(seed);
  const places = Array.from({ length: count }, () => ({ x: random.next(), y: random.next() }));
  const radius = Math.sqrt(DEGREE / (Math.PI * count));
  const lists = places.map((_, node) => ({ origin: nameOf(node), links: new Map<string, number>() }));
  for (const [a, here] of places.entries()) {
    for (const [b, there] of places.slice(0, a).entries()) {
      const distance = Math.hypot(here.x - there.x, here.y - there.y);
      if (distance >= radius) continue;
      const cost = 10 + Math.round((90 * distance) / radius);
      lists[a]!.links.set(nameOf(b), cost);
      lists[b]!.links.set(nameOf(a), cost);
    }
  }
  return lists;
}

export const nameOf = (node: number): string => `n${String(node).padStart(5, '0')}`;
