// The shortest paths of this node and of its neighbours, kept up to date together, and the backups that follow from
// them.

import { Backups, type Neighbour } from './backups.ts';
import type { ArcChange, Graph } from './graph.ts';
import { PathTree } from './path-tree.ts';

/**
 * Neighbours that are looked at for alternates, the cheapest first. A node among hundreds on one switch finds one among
 * these; where it does not, there is a repair path.
 */
const MOST_ALTERNATES = 16;

export class RouteTrees {
  readonly own: PathTree;
  readonly #graph: Graph;
  readonly #trees = new Map<number, PathTree>();
  /** What the neighbours' trees have not followed yet: arc to the cost that they count with. */
  #pending = new Map<number, number>();
  #backups: Backups | undefined;

  constructor(graph: Graph, source: number) {
    this.#graph = graph;
    this.own = PathTree.of(graph, source);
  }

  /**
   * For the routes as they are. While changes come one upon the other nobody asks, and the trees of the neighbours
   * follow them all at once.
   */
  get backups(): Backups {
    if (this.#backups === undefined) {
      const changes = Array.from(this.#pending, ([arc, before]) => ({ arc, before }));
      this.#pending = new Map();
      for (const tree of this.#trees.values()) tree.update(this.#graph, changes);
      this.#backups = new Backups(this.#graph, this.own, this.#neighbours());
    }
    return this.#backups;
  }

  /** They are worked out for the routes as they are: asking costs little. */
  get hasBackups(): boolean {
    return this.#backups !== undefined;
  }

  /** Follows changes that the graph has already. Answers the nodes to which the path or its cost may be another now. */
  update(changes: readonly ArcChange[]): number[] {
    for (const { arc, before } of changes) if (!this.#pending.has(arc)) this.#pending.set(arc, before);
    this.#backups = undefined;
    const moved = this.own.update(this.#graph, changes);
    return [...new Set([...moved, ...this.own.below(this.#graph, moved)])];
  }

  /** Those whose link is up; a tree once grown is kept, as links come back. */
  #neighbours(): Neighbour[] {
    const { offsets, targets, costs } = this.#graph;
    const { source } = this.own;
    const up: { node: number; cost: number }[] = [];
    for (let arc = offsets[source]!; arc < offsets[source + 1]!; arc++) {
      if (costs[arc]! < Number.POSITIVE_INFINITY) up.push({ node: targets[arc]!, cost: costs[arc]! });
    }
    const rank = ({ node }: { node: number }): number => (this.#trees.has(node) ? 0 : 1);
    up.sort((a, b) => rank(a) - rank(b) || a.cost - b.cost || a.node - b.node);
    return up.slice(0, MOST_ALTERNATES).map(({ node, cost }) => ({ node, cost, tree: this.#treeOf(node) }));
  }

  #treeOf(node: number): PathTree {
    let tree = this.#trees.get(node);
    if (tree === undefined) {
      tree = PathTree.of(this.#graph, node);
      this.#trees.set(node, tree);
    }
    return tree;
  }
}
