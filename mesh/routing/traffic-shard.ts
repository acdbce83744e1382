// The load that the traffic of some sources puts on every link, kept up to date while costs are tried out. One shard of
// a network-wide plan: others do the same for the other sources.

import type { Graph } from './graph.ts';
import { findArc } from './graph.ts';
import { PathTree } from './path-tree.ts';

export interface ShardSetup {
  graph: Graph;
  /** The sources of this shard: from, and up to but without. */
  from: number;
  to: number;
  /** How much each node sends to each, row by row; undefined for the same between all. */
  traffic: Float64Array | undefined;
  /** Whether costs will be tried out; otherwise no tree is kept (25 bytes for each pair of source and node). */
  trying: boolean;
}

export interface NewCost {
  arc: number;
  cost: number;
}

/** Something that computes loads: in this thread or in another. */
export interface LoadSource {
  /** Takes new costs and answers the load of each arc. */
  loads(costs: readonly NewCost[]): Promise<Float64Array>;
}

export class TrafficShard {
  readonly #graph: Graph;
  readonly #traffic: Float64Array | undefined;
  readonly #trees: PathTree[] = [];
  readonly #loads: Float64Array;
  /** By node: what passes through it or ends there. Scratch. */
  readonly #flow: Float64Array;
  readonly #order: Int32Array;
  readonly #starts: Int32Array;

  constructor({ graph, from, to, traffic, trying }: ShardSetup) {
    const count = graph.ids.length;
    this.#graph = { ...graph, costs: graph.costs.slice() };
    this.#traffic = traffic;
    this.#loads = new Float64Array(graph.targets.length);
    this.#flow = new Float64Array(count);
    this.#order = new Int32Array(count);
    this.#starts = new Int32Array(count + 1);
    for (let source = from; source < to; source++) {
      const tree = PathTree.of(this.#graph, source);
      if (trying) this.#trees.push(tree);
      this.#add(tree, 1);
    }
  }

  /** New costs count only where they are tried out. */
  loads(costs: readonly NewCost[]): Float64Array {
    const changes = costs.map(({ arc }) => ({ arc, before: this.#graph.costs[arc]! }));
    for (const { arc, cost } of costs) this.#graph.costs[arc] = cost;
    const touched = this.#trees.filter((tree) => changes.some(({ arc, before }) => this.#matters(tree, arc, before)));
    // Taking away and adding is two passes over a tree: where most are touched, adding all anew is less.
    const anew = 2 * touched.length > this.#trees.length;
    if (anew) this.#loads.fill(0);
    for (const tree of touched) {
      if (!anew) this.#add(tree, -1);
      tree.update(this.#graph, changes);
      if (!anew) this.#add(tree, 1);
    }
    if (anew) for (const tree of this.#trees) this.#add(tree, 1);
    return this.#loads;
  }

  /** Whether a changed arc is, or may become, part of the tree. */
  #matters({ distance, parent }: PathTree, arc: number, before: number): boolean {
    const { targets, opposite, costs } = this.#graph;
    const from = targets[opposite[arc]!]!;
    const to = targets[arc]!;
    if (parent[to] === from) return true;
    return costs[arc]! < before && distance[from]! + costs[arc]! <= distance[to]!;
  }

  /** Adds the loads of one source, or takes them away: from the farthest nodes towards the source. */
  #add(tree: PathTree, sign: 1 | -1): void {
    const { source, parent } = tree;
    const flow = this.#flow;
    const count = this.#sortByHops(tree);
    const row = source * parent.length;
    for (let at = 0; at < count; at++) {
      const node = this.#order[at]!;
      flow[node] = this.#traffic === undefined ? 1 : this.#traffic[row + node]!;
    }
    for (let at = count - 1; at >= 0; at--) {
      const node = this.#order[at]!;
      const before = parent[node]!;
      this.#loads[findArc(this.#graph, before, node)]! += sign * flow[node]!;
      if (before !== source) flow[before]! += flow[node]!;
    }
  }

  /** Fills the order with the nodes that are reached, nearest first, and answers how many. */
  #sortByHops({ parent, hops }: PathTree): number {
    const starts = this.#starts.fill(0);
    for (let node = 0; node < parent.length; node++) if (parent[node] !== -1) starts[hops[node]! + 1]!++;
    for (let level = 1; level < starts.length; level++) starts[level]! += starts[level - 1]!;
    const count = starts.at(-1)!;
    for (let node = 0; node < parent.length; node++) {
      if (parent[node] !== -1) this.#order[starts[hops[node]!]!++] = node;
    }
    return count;
  }
}
