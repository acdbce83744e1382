// What to do when the first link of a route fails, worked out before it does: for every destination a loop-free
// alternate (RFC 5286), else a repair path around the failure where the network has one.

import type { NodeId } from '../membership/keys.ts';
import { findArc, type Graph } from './graph.ts';
import type { PathTree } from './path-tree.ts';
import { pathTo, type ShortestPaths } from './shortest-paths.ts';

export interface Backup {
  /**
   * `lfa`: the next hop's own route does not lead back, so the frame needs nothing special. `path`: the frame must carry
   * `path`, as the next hop may still route it back.
   */
  kind: 'lfa' | 'path';
  nextHop: NodeId;
  /** Node ids from the next hop to the destination. */
  path: NodeId[];
  cost: number;
  /** Whether it also holds when the whole first node of the route is dead, or only the link to it. */
  protects: 'node' | 'link';
}

/** A neighbour over a link that is up, with the paths from there. */
export interface Neighbour {
  node: number;
  /** Of the link to it. */
  cost: number;
  tree: PathTree;
}

interface Alternate {
  neighbour: Neighbour;
  cost: number;
  protects: 'node' | 'link';
}

/** Paths around a first hop that failed. */
interface Repair {
  withoutNode: ShortestPaths;
  withoutLink: ShortestPaths;
}

export class Backups {
  readonly #graph: Graph;
  readonly #own: PathTree;
  readonly #neighbours: readonly Neighbour[];
  /** The first node on the way to each; -1 for the source and the unreachable. */
  readonly #firstHop: Int32Array;
  /** By first hop; found when the first destination needs it. */
  readonly #repairs = new Map<number, Repair>();

  constructor(graph: Graph, own: PathTree, neighbours: readonly Neighbour[]) {
    this.#graph = graph;
    this.#own = own;
    this.#neighbours = neighbours;
    this.#firstHop = firstHops(own);
  }

  /** Does ahead what costs more than microseconds: the paths around every first hop that some destination needs. */
  prepare(): void {
    for (let target = 0; target < this.#firstHop.length; target++) {
      const first = this.#firstHop[target]!;
      if (first === -1 || this.#repairs.has(first)) continue;
      if (this.#alternate(target, (node) => node === first) === undefined) this.#repairAround(first);
    }
  }

  of(target: number): Backup | undefined {
    const first = this.#firstHop[target]!;
    if (first === -1) return undefined;
    const alternate = this.#alternate(target, (node) => node === first);
    if (alternate !== undefined) return this.#fromAlternate(alternate, target);
    const repair = this.#repairAround(first);
    return this.#fromPath(repair.withoutNode, target, 'node') ?? this.#fromPath(repair.withoutLink, target, 'link');
  }

  /** A loop-free alternate whose link is none of those; for when the backup is lost too. */
  around(target: number, down: ReadonlySet<NodeId>): Backup | undefined {
    if (this.#firstHop[target]! === -1) return undefined;
    const alternate = this.#alternate(target, (node) => down.has(this.#graph.ids[node]!));
    return alternate && this.#fromAlternate(alternate, target);
  }

  /** All next hops of paths that cost the same as the route, its own among them. */
  equalCost(target: number): NodeId[] {
    const first = this.#firstHop[target]!;
    if (first === -1) return [];
    const best = this.#own.distance[target]!;
    const equal = this.#neighbours.filter(({ cost, tree }) => cost + tree.distance[target]! === best);
    const nodes = new Set([first, ...equal.map(({ node }) => node)]);
    return [...nodes].sort((a, b) => a - b).map((node) => this.#graph.ids[node]!);
  }

  /** The best: protects against the death of the node, then is cheap, then has the smaller id. */
  #alternate(target: number, isDown: (node: number) => boolean): Alternate | undefined {
    const { source, distance } = this.#own;
    const first = this.#firstHop[target]!;
    const fromFirst = distance[target]! - distance[first]!;
    let best: Alternate | undefined;
    for (const neighbour of this.#neighbours) {
      const { node, tree } = neighbour;
      if (isDown(node)) continue;
      const there = tree.distance[target]!;
      // RFC 5286, inequality 1: its way does not lead back here. Inequality 3: nor through the node that failed.
      if (!(there < tree.distance[source]! + distance[target]!)) continue;
      const protects = target !== first && there < tree.distance[first]! + fromFirst ? 'node' : 'link';
      const cost = neighbour.cost + there;
      const better =
        best === undefined ||
        (protects !== best.protects
          ? protects === 'node'
          : cost < best.cost || (cost === best.cost && node < best.neighbour.node));
      if (better) best = { neighbour, cost, protects };
    }
    return best;
  }

  #repairAround(first: number): Repair {
    const known = this.#repairs.get(first);
    if (known !== undefined) return known;
    const { offsets } = this.#graph;
    const link = findArc(this.#graph, this.#own.source, first);
    const arcs = Array.from({ length: offsets[first + 1]! - offsets[first]! }, (_, at) => offsets[first]! + at);
    const repair = { withoutNode: this.#without([link, ...arcs]), withoutLink: this.#without([link]) };
    this.#repairs.set(first, repair);
    return repair;
  }

  /** The paths from here if these links did not exist. */
  #without(arcs: readonly number[]): ShortestPaths {
    const { opposite } = this.#graph;
    const costs = this.#graph.costs.slice();
    const both = new Set(arcs.flatMap((arc) => [arc, opposite[arc]!]));
    const changes = [...both].map((arc) => ({ arc, before: costs[arc]! }));
    for (const arc of both) costs[arc] = Number.POSITIVE_INFINITY;
    const tree = this.#own.copy();
    tree.update({ ...this.#graph, costs }, changes);
    return tree;
  }

  #fromAlternate({ neighbour, cost, protects }: Alternate, target: number): Backup {
    const path = [neighbour.node, ...pathTo(neighbour.tree, target)].map((node) => this.#graph.ids[node]!);
    return { kind: 'lfa', nextHop: path[0]!, path, cost, protects };
  }

  #fromPath(paths: ShortestPaths, target: number, protects: 'node' | 'link'): Backup | undefined {
    const path = pathTo(paths, target).map((node) => this.#graph.ids[node]!);
    const [nextHop] = path;
    if (nextHop === undefined) return undefined;
    return { kind: 'path', nextHop, path, cost: paths.distance[target]!, protects };
  }
}

function firstHops({ source, parent }: ShortestPaths): Int32Array {
  const first = new Int32Array(parent.length).fill(-1);
  const way: number[] = [];
  for (let target = 0; target < parent.length; target++) {
    let at = target;
    while (parent[at] !== -1 && first[at] === -1) {
      way.push(at);
      at = parent[at]!;
    }
    while (way.length > 0) {
      const node = way.pop()!;
      first[node] = parent[node] === source ? node : first[parent[node]!]!;
    }
  }
  return first;
}
