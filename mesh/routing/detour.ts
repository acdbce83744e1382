// Paths other than the routes: which keep clear of a node, and whether one is still there. Pure.

import type { NodeId } from '../membership/keys.ts';
import { type Graph, linkCost } from './graph.ts';
import { pathTo, shortestPaths } from './shortest-paths.ts';

/** Node ids from the first hop to `to`; undefined where every path runs over `avoid`. */
export function pathAround(graph: Graph, from: NodeId, to: NodeId, avoid: NodeId): NodeId[] | undefined {
  const [source, target, without] = [from, to, avoid].map((id) => graph.index.get(id));
  if (source === undefined || target === undefined) return undefined;
  const costs = graph.costs.map((cost, arc) => (graph.targets[arc] === without ? Number.POSITIVE_INFINITY : cost));
  const path = pathTo(shortestPaths({ ...graph, costs }, source), target).map((node) => graph.ids[node]!);
  return path.length === 0 ? undefined : path;
}

/** Both ends of every link on it announce it. @param path node ids from the first hop on */
export function isPath(graph: Graph, from: NodeId, path: readonly NodeId[]): boolean {
  return path.every((id, at) => Number.isFinite(linkCost(graph, path[at - 1] ?? from, id)));
}

/** The nodes that one has a link to, by id. */
export function linkedTo(graph: Graph, id: NodeId): NodeId[] {
  const node = graph.index.get(id);
  if (node === undefined) return [];
  const linked: NodeId[] = [];
  for (let arc = graph.offsets[node]!; arc < graph.offsets[node + 1]!; arc++) {
    if (Number.isFinite(graph.costs[arc])) linked.push(graph.ids[graph.targets[arc]!]!);
  }
  return linked;
}
