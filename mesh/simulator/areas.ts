// Divides a simulated network into areas by where its nodes stand: what is close together floods together.

import type { Place, Wiring } from './topologies.ts';

/** As many nodes in each area as can be, give or take one. Names: area-1, area-2… */
export function inAreas({ nodes, links }: Wiring, count: number): Wiring {
  const areas = new Map<Place, string>();
  const divide = (places: Place[], first: number, into: number): void => {
    if (into === 1) {
      for (const place of places) areas.set(place, `area-${first}`);
      return;
    }
    const range = (of: (place: Place) => number): number => Math.max(...places.map(of)) - Math.min(...places.map(of));
    const isWide = range(({ x }) => x) >= range(({ y }) => y);
    const sorted = places.toSorted((a, b) => (isWide ? a.x - b.x || a.y - b.y : a.y - b.y || a.x - b.x));
    const half = Math.floor(into / 2);
    const middle = Math.round((places.length * half) / into);
    divide(sorted.slice(0, middle), first, half);
    divide(sorted.slice(middle), first + half, into - half);
  };
  divide(nodes, 1, Math.min(count, nodes.length));
  return { nodes: nodes.map((place) => ({ ...place, area: areas.get(place)! })), links };
}
