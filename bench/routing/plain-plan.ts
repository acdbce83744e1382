// The plan of a network as one would write it first: the same search, and every trial evaluated by a full Dijkstra from
// every source (binary heap, typed arrays), one after the other.

import { seededRandom } from '../../core/random.ts';
import { type BetterWeights, findBetterWeights } from '../../mesh/routing/better-weights.ts';
import { findCuts } from '../../mesh/routing/cuts.ts';
import { findArc, type Graph } from '../../mesh/routing/graph.ts';
import { type ShortestPaths, shortestPaths } from '../../mesh/routing/shortest-paths.ts';

/** @param mostTrials as many as the other one made */
export function plainPlan(graph: Graph, seed: number, mostTrials: number): Promise<BetterWeights> {
  const fixed = new Set(findCuts(graph).links.flatMap(({ arc }) => [arc, graph.opposite[arc]!]));
  let kept = graph.costs;
  let costs = graph.costs;
  return findBetterWeights({
    ...{ graph, fixed, mostTrials },
    capacities: new Float64Array(graph.targets.length).fill(1),
    loads: plainLoads(graph),
    random: seededRandom(seed),
    effort: Number.POSITIVE_INFINITY,
    raise: async (dearer, takeBack) => {
      if (!takeBack) kept = costs;
      costs = kept.slice();
      for (const { arc, cost } of dearer) costs[arc] = cost;
      return { loads: plainLoads({ ...graph, costs }), paths: 0 };
    },
  });
}

/** Of each arc, when every node sends the same to every other. */
export function plainLoads(graph: Graph): Float64Array {
  const loads = new Float64Array(graph.targets.length);
  for (const source of graph.ids.keys()) addLoads(graph, shortestPaths(graph, source), loads);
  return loads;
}

/** From the farthest nodes towards the source: what passes through a node is what is sent to it and beyond. */
function addLoads(graph: Graph, { source, parent, hops }: ShortestPaths, loads: Float64Array): void {
  const byHops: number[][] = [];
  for (let node = 0; node < parent.length; node++) {
    if (parent[node] === -1) continue;
    const level = byHops[hops[node]!];
    if (level === undefined) byHops[hops[node]!] = [node];
    else level.push(node);
  }
  const flow = new Float64Array(parent.length).fill(1);
  for (const level of byHops.reverse()) {
    for (const node of level ?? []) {
      const before = parent[node]!;
      loads[findArc(graph, before, node)]! += flow[node]!;
      if (before !== source) flow[before]! += flow[node]!;
    }
  }
}
