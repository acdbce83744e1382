// The network as a graph in flat arrays, built from link states. Deterministic: nodes are sorted by id.

import type { NodeId } from '../membership/keys.ts';

/** What one node says of its links. */
export interface LinkStateList {
  origin: NodeId;
  /** Neighbour to cost. */
  links: ReadonlyMap<NodeId, number>;
}

/**
 * Compressed rows: the arcs of node `n` are `offsets[n] … offsets[n + 1] - 1`, each with its target and cost. Every arc
 * has its opposite. An arc that is out of use keeps its place with a cost of Infinity, so that a link that fails and
 * comes back changes no shape.
 */
export interface Graph {
  ids: readonly NodeId[];
  index: ReadonlyMap<NodeId, number>;
  offsets: Int32Array;
  targets: Int32Array;
  costs: Float64Array;
  /** The arc the other way. */
  opposite: Int32Array;
}

/** An arc whose cost is another now. */
export interface ArcChange {
  arc: number;
  /** The cost that it had. */
  before: number;
}

/** Costs are kept in sixteenths: sums are exact, so that every node finds the same paths equal. */
export const COST_STEP = 1 / 16;

/** Only links that both ends announce count: a node cannot attract routes with links that its neighbours deny. */
export function buildGraph(lists: Iterable<LinkStateList>): Graph {
  const byOrigin = new Map<NodeId, ReadonlyMap<NodeId, number>>();
  for (const { origin, links } of lists) byOrigin.set(origin, links);
  const ids = [...byOrigin.keys()].sort();
  const index = new Map(ids.map((id, at) => [id, at]));
  const said = announced(ids, index, byOrigin);
  const offsets = new Int32Array(ids.length + 1);
  const targets = new Int32Array(said.targets.length);
  const costs = new Float64Array(said.targets.length);
  let count = 0;
  for (let from = 0; from < ids.length; from++) {
    for (let arc = said.offsets[from]!; arc < said.offsets[from + 1]!; arc++) {
      const to = said.targets[arc]!;
      if (findArc(said, to, from) === -1) continue;
      targets[count] = to;
      costs[count++] = inSteps(said.costs[arc]!);
    }
    offsets[from + 1] = count;
  }
  const graph = { ids, index, offsets, targets: targets.slice(0, count), costs: costs.slice(0, count) };
  return { ...graph, opposite: opposites(graph) };
}

/** Everybody's links by number, whether the other side announces them or not; each row sorted. */
function announced(
  ids: readonly NodeId[],
  index: ReadonlyMap<NodeId, number>,
  byOrigin: ReadonlyMap<NodeId, ReadonlyMap<NodeId, number>>,
): { offsets: Int32Array; targets: Int32Array; costs: Float64Array } {
  let most = 0;
  for (const links of byOrigin.values()) most += links.size;
  const offsets = new Int32Array(ids.length + 1);
  const targets = new Int32Array(most);
  const costs = new Float64Array(most);
  let end = 0;
  for (const [from, id] of ids.entries()) {
    const start = end;
    for (const [neighbour, cost] of byOrigin.get(id)!) {
      const to = index.get(neighbour);
      if (to === undefined || to === from) continue;
      let at = end++;
      for (; at > start && targets[at - 1]! > to; at--) {
        targets[at] = targets[at - 1]!;
        costs[at] = costs[at - 1]!;
      }
      targets[at] = to;
      costs[at] = cost;
    }
    offsets[from + 1] = end;
  }
  return { offsets, targets, costs };
}

/**
 * Brings the costs up to date with the lists of `origins`, in place. Undefined, with nothing changed, when a node or a
 * link is new: then the graph must be built anew.
 */
export function recost(
  graph: Graph,
  lists: ReadonlyMap<NodeId, ReadonlyMap<NodeId, number>>,
  origins: Iterable<NodeId>,
): ArcChange[] | undefined {
  const { ids, index, offsets, targets, costs, opposite } = graph;
  const wanted = new Map<number, number>();
  for (const origin of origins) {
    const node = index.get(origin);
    const own = lists.get(origin);
    if (node === undefined) {
      if (own === undefined) continue;
      return undefined;
    }
    let placed = 0;
    for (let arc = offsets[node]!; arc < offsets[node + 1]!; arc++) {
      const other = ids[targets[arc]!]!;
      const there = own?.get(other);
      const back = lists.get(other)?.get(origin);
      if (there !== undefined) placed++;
      const both = there !== undefined && back !== undefined;
      wanted.set(arc, both ? inSteps(there) : Number.POSITIVE_INFINITY);
      wanted.set(opposite[arc]!, both ? inSteps(back) : Number.POSITIVE_INFINITY);
    }
    if (own !== undefined && placed < own.size && hasNewLink(graph, lists, origin, own)) return undefined;
  }
  const changes: ArcChange[] = [];
  for (const [arc, cost] of wanted) {
    if (costs[arc] === cost) continue;
    changes.push({ arc, before: costs[arc]! });
    costs[arc] = cost;
  }
  return changes;
}

function hasNewLink(
  graph: Graph,
  lists: ReadonlyMap<NodeId, ReadonlyMap<NodeId, number>>,
  origin: NodeId,
  links: ReadonlyMap<NodeId, number>,
): boolean {
  for (const to of links.keys()) {
    if (to !== origin && lists.get(to)?.has(origin) && arcBetween(graph, origin, to) === undefined) return true;
  }
  return false;
}

/** The cost of the direct link from `a` to `b`; undefined when there is none. */
export function linkCost(graph: Graph, a: NodeId, b: NodeId): number | undefined {
  const arc = arcBetween(graph, a, b);
  const cost = arc === undefined ? undefined : graph.costs[arc];
  return cost === Number.POSITIVE_INFINITY ? undefined : cost;
}

/** The arc from `a` to `b`, in use or not. */
export function arcBetween(graph: Graph, a: NodeId, b: NodeId): number | undefined {
  const from = graph.index.get(a);
  const to = graph.index.get(b);
  if (from === undefined || to === undefined) return undefined;
  const arc = findArc(graph, from, to);
  return arc === -1 ? undefined : arc;
}

/** The arc between two nodes by their numbers; -1 when there is none. */
export function findArc({ offsets, targets }: Pick<Graph, 'offsets' | 'targets'>, from: number, to: number): number {
  let low = offsets[from]!;
  let high = offsets[from + 1]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (targets[middle]! < to) low = middle + 1;
    else high = middle;
  }
  return low < offsets[from + 1]! && targets[low] === to ? low : -1;
}

function opposites(graph: Pick<Graph, 'ids' | 'offsets' | 'targets'>): Int32Array {
  const { ids, offsets, targets } = graph;
  const opposite = new Int32Array(targets.length);
  for (let from = 0; from < ids.length; from++) {
    for (let arc = offsets[from]!; arc < offsets[from + 1]!; arc++) {
      opposite[arc] = findArc(graph, targets[arc]!, from);
    }
  }
  return opposite;
}

export const inSteps = (cost: number): number => Math.max(1, Math.round(cost / COST_STEP)) * COST_STEP;
