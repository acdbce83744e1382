// Shortest paths that follow the graph: a change of some arcs costs as much as the part of the tree that it moves. The
// result is always the one that a full computation would give (Ramalingam and Reps' dynamic algorithm, 1996).

import type { ArcChange, Graph } from './graph.ts';
import { NodeHeap } from './node-heap.ts';
import { improve, noPaths, type ShortestPaths, spread } from './shortest-paths.ts';

export class PathTree implements ShortestPaths {
  readonly source: number;
  readonly distance: Float64Array;
  readonly hops: Int32Array;
  readonly parent: Int32Array;
  readonly #heap: NodeHeap;
  /** 1 for the nodes that lost their path, or were found; all 0 between two calls. */
  readonly #lost: Uint8Array;

  constructor(paths: ShortestPaths) {
    this.source = paths.source;
    this.distance = paths.distance;
    this.hops = paths.hops;
    this.parent = paths.parent;
    this.#heap = new NodeHeap(paths.distance, paths.hops);
    this.#lost = new Uint8Array(paths.distance.length);
  }

  static of(graph: Graph, source: number): PathTree {
    const tree = new PathTree(noPaths(graph.ids.length, source));
    tree.#heap.lift(source);
    spread(graph, tree, tree.#heap);
    return tree;
  }

  /** One that may be changed without changing this. */
  copy(): PathTree {
    const { source, distance, hops, parent } = this;
    return new PathTree({ source, distance: distance.slice(), hops: hops.slice(), parent: parent.slice() });
  }

  /**
   * Follows changes of cost that `graph` has already. Answers the nodes whose distance or parent may be another now;
   * the paths of those below them lead through them.
   */
  update(graph: Graph, changes: readonly ArcChange[]): number[] {
    const moved = this.#takeAway(graph, changes);
    for (const node of moved) this.#rejoin(graph, node);
    for (const { arc, before } of changes) {
      if (graph.costs[arc]! >= before) continue;
      const from = graph.targets[graph.opposite[arc]!]!;
      const to = graph.targets[arc]!;
      if (this.#lost[from] === 0 && improve(this, from, to, graph.costs[arc]!)) this.#heap.lift(to);
    }
    for (const node of moved) this.#lost[node] = 0;
    spread(graph, this, this.#heap, moved);
    return moved;
  }

  /** `roots`, those of them that have a path, and all nodes whose paths lead through them. */
  below({ offsets, targets }: Graph, roots: Iterable<number>): number[] {
    const found: number[] = [];
    const marked = this.#lost;
    for (const root of roots) {
      if (marked[root] === 1 || this.parent[root] === -1) continue;
      marked[root] = 1;
      found.push(root);
    }
    for (let next = 0; next < found.length; next++) {
      const node = found[next]!;
      for (let arc = offsets[node]!; arc < offsets[node + 1]!; arc++) {
        const to = targets[arc]!;
        if (this.parent[to] !== node || marked[to] === 1) continue;
        marked[to] = 1;
        found.push(to);
      }
    }
    for (const node of found) marked[node] = 0;
    return found;
  }

  /** Takes their path from the nodes below arcs that became dearer. */
  #takeAway(graph: Graph, changes: readonly ArcChange[]): number[] {
    const { targets, costs, opposite } = graph;
    const roots: number[] = [];
    for (const { arc, before } of changes) {
      const to = targets[arc]!;
      if (costs[arc]! > before && this.parent[to] === targets[opposite[arc]!]) roots.push(to);
    }
    if (roots.length === 0) return roots;
    const lost = this.below(graph, roots);
    for (const node of lost) {
      this.distance[node] = Number.POSITIVE_INFINITY;
      this.hops[node] = 0;
      this.parent[node] = -1;
      this.#lost[node] = 1;
    }
    return lost;
  }

  /** Hangs a node that lost its path to the best neighbour that kept its own. */
  #rejoin({ offsets, targets, costs, opposite }: Graph, node: number): void {
    let found = false;
    for (let arc = offsets[node]!; arc < offsets[node + 1]!; arc++) {
      const from = targets[arc]!;
      if (this.#lost[from] === 0 && improve(this, from, node, costs[opposite[arc]!]!)) found = true;
    }
    if (found) this.#heap.lift(node);
  }
}
