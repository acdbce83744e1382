// A sparse random network in which every node reaches every other: a ring of all, and chords. Pure, by a seed.

import type { Random } from '../../core/random.ts';
import type { Cable, Topology } from '../rig/topology.ts';

/** @param degree neighbours of a node, on average */
export function sparse(nodes: number, degree: number, random: Random): Topology {
  const cables: Cable[] = Array.from({ length: nodes }, (_, node): Cable => [node, (node + 1) % nodes]);
  const known = new Set(cables.map(([a, b]) => key(a, b)));
  const wanted = Math.min(Math.round((nodes * degree) / 2), (nodes * (nodes - 1)) / 2);
  while (cables.length < wanted) {
    const [a, b] = [random.below(nodes), random.below(nodes)];
    if (a === b || known.has(key(a, b))) continue;
    known.add(key(a, b));
    cables.push([a, b]);
  }
  const half = Math.floor(nodes / 2);
  return { name: `sparse network of ${nodes}`, nodes, cables, from: 0, to: half, fewestHops: 1 };
}

const key = (a: number, b: number): string => (a < b ? `${a} ${b}` : `${b} ${a}`);
