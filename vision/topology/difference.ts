// A drawing beside the mesh as it is: which node of the one is which of the other, and what only one of them has.

import { distance } from 'fastest-levenshtein';

/** What a drawing shows, as far as it is compared. */
export interface DrawnNetwork {
  nodes: readonly { id: string; label: string }[];
  edges: readonly { source: string; target: string }[];
}

/** The mesh as it is now. */
export interface LiveNetwork {
  nodes: readonly { id: string; name: string }[];
  links: readonly { a: string; b: string }[];
}

export interface Difference {
  /** Nodes that are in both: id in the drawing, name in the mesh, and how alike both names are, 0 to 1. */
  matched: { drawn: string; name: string; alike: number }[];
  /** Labels that no node of the mesh has. */
  onlyDrawn: string[];
  /** Names of nodes that the drawing does not show. */
  onlyLive: string[];
  /** Links between nodes that both have, by the mesh's names. */
  linksOnlyDrawn: [string, string][];
  linksOnlyLive: [string, string][];
  /** Each difference as a sentence. */
  sentences: string[];
}

/** Names that are less alike are not the same node. */
const LEAST_ALIKE = 0.6;

export function differenceBetween(drawn: DrawnNetwork, live: LiveNetwork): Difference {
  const matched = matchedNodes(drawn, live);
  const nameOfDrawn = new Map(matched.map(({ drawn: id, node }) => [id, node.name]));
  const nameOfLive = new Map(live.nodes.map(({ id, name }) => [id, name]));
  const known = new Set(nameOfDrawn.values());
  const drawnLinks = linksOf(
    drawn.edges.map(({ source, target }) => [nameOfDrawn.get(source), nameOfDrawn.get(target)]),
  );
  const liveLinks = linksOf(live.links.map(({ a, b }) => [nameOfLive.get(a), nameOfLive.get(b)]));
  const onlyDrawn = drawn.nodes
    .filter(({ id }) => !nameOfDrawn.has(id))
    .map(({ id, label }) => label || `unlabelled ${id}`);
  const onlyLive = live.nodes.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  const linksOnlyDrawn = [...drawnLinks].filter(([key]) => !liveLinks.has(key)).map(([, link]) => link);
  const linksOnlyLive = [...liveLinks]
    .filter(([key, [a, b]]) => !drawnLinks.has(key) && known.has(a) && known.has(b))
    .map(([, link]) => link);
  return {
    matched: matched.map(({ drawn: id, node, alike }) => ({ drawn: id, name: node.name, alike })),
    ...{ onlyDrawn, onlyLive, linksOnlyDrawn, linksOnlyLive },
    sentences: [
      ...onlyDrawn.map((label) => `the drawing has ${label}, the mesh does not`),
      ...onlyLive.map((name) => `the mesh has ${name}, the drawing does not`),
      ...linksOnlyDrawn.map(([a, b]) => `the drawing has ${a}–${b}, the mesh does not`),
      ...linksOnlyLive.map(([a, b]) => `the mesh has ${a}–${b}, the drawing does not`),
    ],
  };
}

interface Match {
  drawn: string;
  node: LiveNetwork['nodes'][number];
  alike: number;
}

/** The most alike first, each name once. */
function matchedNodes(drawn: DrawnNetwork, live: LiveNetwork): Match[] {
  const pairs = drawn.nodes
    .flatMap(({ id, label }) =>
      live.nodes.map((node): Match => ({ drawn: id, node, alike: likeness(label, node.name) })),
    )
    .filter(({ alike }) => alike >= LEAST_ALIKE)
    .sort((a, b) => b.alike - a.alike);
  const taken = new Set<unknown>();
  return pairs.filter(({ drawn: id, node }) => {
    if (taken.has(id) || taken.has(node)) return false;
    taken.add(id);
    taken.add(node);
    return true;
  });
}

/** 1 for the same name, 0 for nothing in common; what readers of text confuse counts as the same. */
export function likeness(label: string, name: string): number {
  const exact = label.trim().toLowerCase() === name.trim().toLowerCase();
  if (exact) return 1;
  const [a, b] = [folded(label), folded(name)];
  const longer = Math.max(a.length, b.length);
  // Never quite as good as the very same name: pi-1 and pi-l may both exist.
  return longer === 0 ? 0 : Math.max(0, 0.99 - distance(a, b) / longer);
}

const CONFUSED: readonly (readonly [RegExp, string])[] = [
  [/[\s_–—.-]+/g, '-'],
  [/[il|!]/g, '1'],
  [/o/g, '0'],
  [/s/g, '5'],
  [/b/g, '8'],
  [/z/g, '2'],
  [/rn/g, 'm'],
];

function folded(text: string): string {
  return CONFUSED.reduce((whole, [what, by]) => whole.replace(what, by), text.trim().toLowerCase().normalize('NFKC'));
}

/** By their names in order; a node's link to itself is none. */
function linksOf(pairs: readonly [string | undefined, string | undefined][]): Map<string, [string, string]> {
  const links = new Map<string, [string, string]>();
  for (const [a, b] of pairs) {
    if (a === undefined || b === undefined || a === b) continue;
    const link: [string, string] = a < b ? [a, b] : [b, a];
    links.set(JSON.stringify(link), link);
  }
  return links;
}
