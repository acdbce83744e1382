// What the shape of a network tells: how many links each node has, which nodes and links everything depends on. Pure;
// links are undirected here, and count once.

export interface PlainGraph {
  nodes: readonly { id: string }[];
  edges: readonly { source: string; target: string }[];
}

export interface NodeMetrics {
  id: string;
  degree: number;
  /** Share of all pairs of other nodes whose shortest ways run through it, 0 to 1. */
  betweenness: number;
}

export interface GraphMetrics {
  nodes: NodeMetrics[];
  /** Links without which the network falls apart. */
  bridges: { source: string; target: string }[];
  /** Ids of nodes without which others lose each other. */
  articulationPoints: string[];
  /** Ids of nodes without a link. */
  isolated: string[];
  /** Parts that are not connected with each other. */
  components: number;
}

/** Links to unknown nodes and of a node to itself are left out. Time grows with nodes times links. */
export function metricsOf(graph: PlainGraph): GraphMetrics {
  const index = new Map(graph.nodes.map(({ id }, i) => [id, i]));
  const neighbours = graph.nodes.map(() => new Set<number>());
  for (const { source, target } of graph.edges) {
    const [a, b] = [index.get(source), index.get(target)];
    if (a === undefined || b === undefined || a === b) continue;
    neighbours[a]!.add(b);
    neighbours[b]!.add(a);
  }
  const betweenness = betweennessOf(neighbours);
  const { bridges, points, components } = cutsOf(neighbours);
  const id = (i: number): string => graph.nodes[i]!.id;
  return {
    nodes: graph.nodes.map((node, i) => ({ id: node.id, degree: neighbours[i]!.size, betweenness: betweenness[i]! })),
    bridges: bridges.map(([a, b]) => ({ source: id(a), target: id(b) })),
    articulationPoints: points.map(id),
    isolated: graph.nodes.filter((_, i) => neighbours[i]!.size === 0).map((node) => node.id),
    components,
  };
}

/** Brandes (2001), over shortest ways by hops, as a share of the pairs. */
function betweennessOf(neighbours: readonly ReadonlySet<number>[]): number[] {
  const count = neighbours.length;
  const sums = new Array<number>(count).fill(0);
  for (let source = 0; source < count; source++) {
    const distance = new Array<number>(count).fill(-1);
    const ways = new Array<number>(count).fill(0);
    const order = [source];
    distance[source] = 0;
    ways[source] = 1;
    for (const at of order) {
      for (const next of neighbours[at]!) {
        if (distance[next] === -1) {
          distance[next] = distance[at]! + 1;
          order.push(next);
        }
        if (distance[next] === distance[at]! + 1) ways[next]! += ways[at]!;
      }
    }
    const share = new Array<number>(count).fill(0);
    for (const at of order.reverse()) {
      for (const next of neighbours[at]!) {
        if (distance[next] === distance[at]! + 1) share[at]! += (ways[at]! / ways[next]!) * (1 + share[next]!);
      }
      if (at !== source) sums[at]! += share[at]!;
    }
  }
  const pairs = (count - 1) * (count - 2);
  return sums.map((sum) => (pairs <= 0 ? 0 : Math.round((sum / pairs) * 1e6) / 1e6));
}

/** Bridges and articulation points by one depth-first walk (Hopcroft and Tarjan, 1973), without recursion. */
function cutsOf(neighbours: readonly ReadonlySet<number>[]) {
  const seen = new Array<number>(neighbours.length).fill(-1);
  const low = new Array<number>(neighbours.length).fill(0);
  const bridges: [number, number][] = [];
  const points = new Set<number>();
  let time = 0;
  let components = 0;
  for (let root = 0; root < neighbours.length; root++) {
    if (seen[root] !== -1) continue;
    components++;
    let children = 0;
    const walk = [{ at: root, parent: -1, rest: [...neighbours[root]!] }];
    seen[root] = low[root] = time++;
    while (walk.length > 0) {
      const step = walk.at(-1)!;
      const next = step.rest.pop();
      if (next === undefined) {
        walk.pop();
        const { at, parent } = step;
        if (parent === -1) continue;
        low[parent] = Math.min(low[parent]!, low[at]!);
        if (low[at]! > seen[parent]!) bridges.push([parent, at]);
        if (parent !== root && low[at]! >= seen[parent]!) points.add(parent);
        continue;
      }
      if (next === step.parent) continue;
      if (seen[next] !== -1) {
        low[step.at] = Math.min(low[step.at]!, seen[next]!);
        continue;
      }
      if (step.at === root) children++;
      seen[next] = low[next] = time++;
      walk.push({ at: next, parent: step.at, rest: [...neighbours[next]!] });
    }
    if (children > 1) points.add(root);
  }
  return { bridges, points: [...points].sort((a, b) => a - b), components };
}
