// The network as a graph in flat arrays, built from link states. Deterministic: nodes are sorted by id.

import type { NodeId } from '../membership/keys.ts';

/** What one node says of its links. */
export interface LinkStateList {
  origin: NodeId;
  /** Neighbour to cost. */
  links: ReadonlyMap<NodeId, number>;
}

/** Compressed rows: the links of node `n` are `targets[offsets[n] … offsets[n + 1] - 1]` with `costs` beside them. */
export interface Graph {
  ids: readonly NodeId[];
  index: ReadonlyMap<NodeId, number>;
  offsets: Int32Array;
  targets: Int32Array;
  costs: Float64Array;
}

/** Only links that both ends announce count: a node cannot attract routes with links that its neighbours deny. */
export function buildGraph(lists: Iterable<LinkStateList>): Graph {
  const byOrigin = new Map<NodeId, ReadonlyMap<NodeId, number>>();
  for (const { origin, links } of lists) byOrigin.set(origin, links);
  const ids = [...byOrigin.keys()].sort();
  const index = new Map(ids.map((id, at) => [id, at]));
  const offsets = new Int32Array(ids.length + 1);
  const targets: number[] = [];
  const costs: number[] = [];
  ids.forEach((id, at) => {
    const neighbours: [number, number][] = [];
    for (const [to, cost] of byOrigin.get(id) ?? []) {
      const target = index.get(to);
      if (target !== undefined && target !== at && byOrigin.get(to)?.has(id)) neighbours.push([target, cost]);
    }
    neighbours.sort((a, b) => a[0] - b[0]);
    for (const [target, cost] of neighbours) {
      targets.push(target);
      costs.push(cost);
    }
    offsets[at + 1] = targets.length;
  });
  return { ids, index, offsets, targets: Int32Array.from(targets), costs: Float64Array.from(costs) };
}

/** The cost of the direct link from `a` to `b`; undefined when there is none. */
export function linkCost(graph: Graph, a: NodeId, b: NodeId): number | undefined {
  const from = graph.index.get(a);
  const to = graph.index.get(b);
  if (from === undefined || to === undefined) return undefined;
  for (let at = graph.offsets[from]!; at < graph.offsets[from + 1]!; at++) {
    if (graph.targets[at] === to) return graph.costs[at];
  }
  return undefined;
}
