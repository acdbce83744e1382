// Who is wired to whom in a simulation, and where they stand in the unit square.

import type { Random } from '../../core/random.ts';

export interface Place {
  name: string;
  /** 0 to 1, to the right and downwards. */
  x: number;
  y: number;
  /** Left out: all are in one. */
  area?: string;
}

export interface Wiring {
  nodes: Place[];
  /** Numbers of nodes; each pair once. */
  links: [number, number][];
}

export const TOPOLOGIES = ['grid', 'ring', 'line', 'tree', 'geometric'] as const;
export type TopologyName = (typeof TOPOLOGIES)[number];

/** Links a node in a random geometric network on average: well connected, as boards in one building are. */
const GEOMETRIC_DEGREE = 8;
const TREE_CHILDREN = 3;

export function makeTopology(name: TopologyName, count: number, random: Random): Wiring {
  switch (name) {
    case 'grid':
      return grid(count);
    case 'ring':
      return circle(count, (last) => (count > 2 ? [[last, 0]] : []));
    case 'line':
      return line(count);
    case 'tree':
      return tree(count);
    case 'geometric':
      return geometric(count, random);
  }
}

const named = (places: { x: number; y: number }[]): Place[] =>
  places.map((at, index) => ({ name: `n${index}`, ...at }));

const chain = (count: number): [number, number][] =>
  Array.from({ length: Math.max(0, count - 1) }, (_, at) => [at, at + 1]);

function grid(count: number): Wiring {
  const width = Math.ceil(Math.sqrt(count));
  const links: [number, number][] = [];
  for (let at = 0; at < count; at++) {
    if (at % width !== width - 1 && at + 1 < count) links.push([at, at + 1]);
    if (at + width < count) links.push([at, at + width]);
  }
  const spread = (cell: number): number => (cell + 0.5) / width;
  const places = Array.from({ length: count }, (_, at) => ({
    x: spread(at % width),
    y: spread(Math.floor(at / width)),
  }));
  return { nodes: named(places), links };
}

export function circle(count: number, closing: (last: number) => [number, number][]): Wiring {
  const places = Array.from({ length: count }, (_, at) => {
    const angle = (2 * Math.PI * at) / count;
    return { x: 0.5 + 0.45 * Math.cos(angle), y: 0.5 + 0.45 * Math.sin(angle) };
  });
  return { nodes: named(places), links: [...chain(count), ...closing(count - 1)] };
}

function line(count: number): Wiring {
  const places = Array.from({ length: count }, (_, at) => ({ x: (at + 0.5) / count, y: 0.5 }));
  return { nodes: named(places), links: chain(count) };
}

function tree(count: number): Wiring {
  const parentOf = (at: number): number => Math.floor((at - 1) / TREE_CHILDREN);
  const levels: number[][] = [];
  const depths: number[] = [];
  for (let at = 0; at < count; at++) {
    const depth = at === 0 ? 0 : depths[parentOf(at)]! + 1;
    depths.push(depth);
    levels[depth] = [...(levels[depth] ?? []), at];
  }
  const places = depths.map((depth, at) => {
    const level = levels[depth]!;
    return { x: (level.indexOf(at) + 0.5) / level.length, y: (depth + 0.5) / levels.length };
  });
  return { nodes: named(places), links: places.slice(1).map((_, at) => [parentOf(at + 1), at + 1]) };
}

/** Random places; who is near is wired, and parts that stay apart are joined where they are nearest. */
function geometric(count: number, random: Random): Wiring {
  const places = Array.from({ length: count }, () => ({ x: random.next(), y: random.next() }));
  const radius = Math.sqrt(GEOMETRIC_DEGREE / (Math.PI * count));
  const links: [number, number][] = [];
  const group = places.map((_, at) => at);
  const rootOf = (at: number): number => {
    let root = at;
    while (group[root] !== root) root = group[root]!;
    group[at] = root;
    return root;
  };
  const join = (a: number, b: number): void => {
    links.push([a, b]);
    group[rootOf(a)] = rootOf(b);
  };
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) if (distance(places[a]!, places[b]!) <= radius) join(a, b);
  }
  for (;;) {
    const [a, b] = nearestApart(places, rootOf);
    if (a === undefined || b === undefined) return { nodes: named(places), links };
    join(a, b);
  }
}

/** The nearest pair of one node in the first node's part and one outside it. */
function nearestApart(places: { x: number; y: number }[], rootOf: (at: number) => number): [number?, number?] {
  const inside: number[] = [];
  const outside: number[] = [];
  places.forEach((_, at) => {
    (rootOf(at) === rootOf(0) ? inside : outside).push(at);
  });
  let nearest: [number?, number?] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const a of inside) {
    for (const b of outside) {
      const apart = distance(places[a]!, places[b]!);
      if (apart >= least) continue;
      least = apart;
      nearest = [a, b];
    }
  }
  return nearest;
}

export const distance = (a: { x: number; y: number }, b: { x: number; y: number }): number =>
  Math.hypot(a.x - b.x, a.y - b.y);
