// Why a route is as it is, and what would change it: the alternatives, and the cheapest change of one link that moves
// the route elsewhere.

import { COST_STEP, findArc, type Graph } from './graph.ts';
import { PathTree } from './path-tree.ts';
import { pathTo, type ShortestPaths, shortestPaths } from './shortest-paths.ts';

/** A path by its nodes from the first hop to the destination. */
export interface WhatIfPath {
  nodes: number[];
  cost: number;
}

export interface WhatIfChange {
  /** The link, in the direction in which its cost counts here. */
  from: number;
  to: number;
  cost: number;
  /** The route moves when the cost goes beyond this. */
  direction: 'above' | 'below';
  threshold: number;
  /** The route then. */
  path: WhatIfPath;
}

export interface WhatIf {
  /** Through each other neighbour, cheapest first. */
  alternatives: WhatIfPath[];
  /** Undefined where no change of one cost moves the route. */
  change: WhatIfChange | undefined;
}

/** @param target must be reachable, and not the source */
export function whatIf(graph: Graph, source: number, target: number): WhatIf {
  const own = PathTree.of(graph, source);
  const candidates = [dearer(graph, own, target), cheaper(graph, own, target)].filter((change) => change !== undefined);
  candidates.sort((a, b) => Math.abs(a.threshold - a.cost) - Math.abs(b.threshold - b.cost));
  return { alternatives: alternatives(graph, own, target), change: candidates[0] };
}

/** The best path through each neighbour but the one in use, without coming back here. */
function alternatives(graph: Graph, own: ShortestPaths, target: number): WhatIfPath[] {
  const { offsets, targets, costs, opposite } = graph;
  const { source } = own;
  const [first] = pathTo(own, target);
  // From the target backwards, over a graph in which nothing leads through this node.
  const towards = reversed(graph);
  for (let arc = offsets[source]!; arc < offsets[source + 1]!; arc++) {
    towards.costs[arc] = Number.POSITIVE_INFINITY;
    towards.costs[opposite[arc]!] = Number.POSITIVE_INFINITY;
  }
  const back = shortestPaths(towards, target);
  const found: WhatIfPath[] = [];
  for (let arc = offsets[source]!; arc < offsets[source + 1]!; arc++) {
    const node = targets[arc]!;
    const cost = costs[arc]! + back.distance[node]!;
    if (node === first || cost === Number.POSITIVE_INFINITY) continue;
    found.push({ nodes: [...pathTo(back, node).reverse(), target], cost });
  }
  return found.sort((a, b) => a.cost - b.cost || a.nodes.length - b.nodes.length || a.nodes[0]! - b.nodes[0]!);
}

/** The link of the route that needs to become dearer by the least. */
function dearer(graph: Graph, own: PathTree, target: number): WhatIfChange | undefined {
  let best: WhatIfChange | undefined;
  let from = own.source;
  for (const to of pathTo(own, target)) {
    const arc = findArc(graph, from, to);
    const cost = graph.costs[arc]!;
    const without = tried(graph, own, arc, Number.POSITIVE_INFINITY);
    const by = without.distance[target]! - own.distance[target]!;
    if (by < (best === undefined ? Number.POSITIVE_INFINITY : best.threshold - best.cost)) {
      best = { from, to, cost, direction: 'above', threshold: cost + by, path: pathOf(without, target) };
    }
    from = to;
  }
  return best;
}

/** The link elsewhere that needs to become cheaper by the least. */
function cheaper(graph: Graph, own: PathTree, target: number): WhatIfChange | undefined {
  const { ids, offsets, targets, costs } = graph;
  const toTarget = shortestPaths(reversed(graph), target).distance;
  let best: { arc: number; from: number; by: number } | undefined;
  for (let from = 0; from < ids.length; from++) {
    for (let arc = offsets[from]!; arc < offsets[from + 1]!; arc++) {
      const around = own.distance[from]! + costs[arc]! + toTarget[targets[arc]!]!;
      const by = around - own.distance[target]!;
      // Below the threshold there must be room for a cost.
      if (!(by < (best?.by ?? Number.POSITIVE_INFINITY)) || costs[arc]! - by < 2 * COST_STEP) continue;
      if (isOnRoute(graph, own, target, arc, from)) continue;
      best = { arc, from, by };
    }
  }
  if (best === undefined) return undefined;
  const { arc, from, by } = best;
  const cost = costs[arc]!;
  const path = pathOf(tried(graph, own, arc, cost - by - COST_STEP), target);
  return { from, to: targets[arc]!, cost, direction: 'below', threshold: cost - by, path };
}

/** The graph with every arc turned round: paths from a node are then paths to it. */
const reversed = (graph: Graph): Graph => ({
  ...graph,
  costs: Float64Array.from(graph.costs, (_, arc) => graph.costs[graph.opposite[arc]!]!),
});

function isOnRoute({ targets }: Graph, own: PathTree, target: number, arc: number, from: number): boolean {
  const to = targets[arc]!;
  if (own.parent[to] !== from) return false;
  for (let at = target; at !== -1; at = own.parent[at]!) if (at === to) return true;
  return false;
}

/** The paths from here if one arc had another cost. */
function tried(graph: Graph, own: PathTree, arc: number, cost: number): ShortestPaths {
  const costs = graph.costs.slice();
  costs[arc] = cost;
  const tree = own.copy();
  tree.update({ ...graph, costs }, [{ arc, before: graph.costs[arc]! }]);
  return tree;
}

const pathOf = (paths: ShortestPaths, target: number): WhatIfPath => ({
  nodes: pathTo(paths, target),
  cost: paths.distance[target]!,
});
