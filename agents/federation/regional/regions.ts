// Which nodes aggregate together, and at whose head: near ones, in regions of about √n, so that the coordinator hears √n
// updates of √n nodes each. Pure; the same nodes give the same regions.

export interface RegionalNode {
  id: string;
  /** As it told in the election (`standing.ts`): less is a better head. */
  cost: number;
  /** Whether it may be a head: it has the capability, is reachable, is no stranger to the round. */
  mayHead: boolean;
  /** The part of a network with areas that it is in. Regions do not cross their borders while they can do without. */
  area?: string;
}

export interface Region {
  head: string;
  /** In the order of their ids, with the head where it takes part. */
  members: string[];
}

export interface RegionPlan {
  regions: Region[];
  /** Nodes that send to the coordinator themselves. */
  direct: string[];
}

/** With fewer nodes all send directly: regions would save little, and each head is one more that can fail. */
export const LEAST_NODES = 48;
/** A robust rule needs so many to tell a liar from an accident. */
export const LEAST_SIZE = 6;
/** A region may be so many times as large as wanted, where nodes stand unevenly. */
const MOST_OVER = 1.5;

/** √n: n/m regions of m nodes cost the coordinator n/m updates and each head m; the greater of both is least here. */
export const regionSize = (nodes: number): number => Math.max(LEAST_SIZE, Math.round(Math.sqrt(nodes)));

/**
 * Heads by farthest-first traversal (Gonzalez 1985: no node is more than twice as far from its head as the best choice
 * would bring it), beginning with the best node and preferring better ones of those that are about as far; then every node
 * to the nearest head that has room. A region that stays too small is dissolved.
 * @param distance seconds between two nodes, as far as it is known
 */
export function planRegions(
  nodes: readonly RegionalNode[],
  distance: (a: string, b: string) => number | undefined,
  size = regionSize(nodes.length),
): RegionPlan {
  const sorted = nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  if (sorted.length < LEAST_NODES) return { regions: [], direct: sorted.map(({ id }) => id) };
  const away = (a: RegionalNode, b: RegionalNode): number =>
    a.id === b.id ? 0 : (distance(a.id, b.id) ?? UNKNOWN) + (a.area === b.area ? 0 : BORDER);
  const heads = chooseHeads(sorted, Math.ceil(sorted.length / size), away);
  const members = new Map(heads.map((head) => [head.id, [head]]));
  const room = Math.ceil(size * MOST_OVER);
  // Who has the fewest near heads chooses first: those at the edge would else find the only near one full.
  const choices = sorted
    .filter(({ id }) => !members.has(id))
    .map((node) => {
      const near = heads.map((head) => ({ head, away: away(node, head) })).sort((a, b) => a.away - b.away);
      return { node, near, regret: (near[1]?.away ?? Number.POSITIVE_INFINITY) - (near[0]?.away ?? 0) };
    })
    .sort((a, b) => b.regret - a.regret);
  const direct: string[] = [];
  for (const { node, near } of choices) {
    const free = near.find(({ head }) => members.get(head.id)!.length < room);
    if (free === undefined) direct.push(node.id);
    else members.get(free.head.id)!.push(node);
  }
  const regions: Region[] = [];
  for (const [head, region] of members) {
    const ids = region.map(({ id }) => id).sort();
    if (ids.length < LEAST_SIZE) direct.push(...ids);
    else regions.push({ head, members: ids });
  }
  return { regions, direct: direct.sort() };
}

/** Seconds; of two nodes whose distance nobody measured. */
const UNKNOWN = 1;
/** Seconds that another area is farther away than any node of the own one. */
const BORDER = 100;
/** Nodes so much nearer than the farthest may head in its place when they are better. */
const ABOUT_AS_FAR = 0.7;

function chooseHeads(
  nodes: readonly RegionalNode[],
  count: number,
  away: (a: RegionalNode, b: RegionalNode) => number,
): RegionalNode[] {
  const able = nodes.filter(({ mayHead }) => mayHead);
  const better = (a: RegionalNode, b: RegionalNode): RegionalNode => (b.cost < a.cost ? b : a);
  if (able.length === 0) return [];
  const first = able.reduce(better);
  const heads = [first];
  const nearest = new Map(able.map((node) => [node, away(node, first)]));
  while (heads.length < Math.min(count, able.length)) {
    // A head is its own nearest: 0 away.
    const rest = able.filter((node) => nearest.get(node)! > 0);
    if (rest.length === 0) break;
    const farthest = Math.max(...rest.map((node) => nearest.get(node)!));
    const next = rest.filter((node) => nearest.get(node)! >= ABOUT_AS_FAR * farthest).reduce(better);
    heads.push(next);
    for (const [node, before] of nearest) nearest.set(node, Math.min(before, away(node, next)));
  }
  return heads;
}
