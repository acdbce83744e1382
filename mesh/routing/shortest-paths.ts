// Dijkstra over typed arrays. Equal costs are decided by fewer hops, then by the smaller parent, so that every node,
// and every run, chooses the same tree.

import type { Graph } from './graph.ts';
import { NodeHeap } from './node-heap.ts';

export interface ShortestPaths {
  source: number;
  /** Infinity where there is no path. */
  distance: Float64Array;
  /** 0 where there is no path. */
  hops: Int32Array;
  /** The node before on the path; -1 for the source and the unreachable. */
  parent: Int32Array;
}

export function shortestPaths(graph: Graph, source: number): ShortestPaths {
  const paths = noPaths(graph.ids.length, source);
  const heap = new NodeHeap(paths.distance, paths.hops);
  heap.lift(source);
  spread(graph, paths, heap);
  return paths;
}

/** The source alone, before anything is reached. */
export function noPaths(count: number, source: number): ShortestPaths {
  const distance = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  distance[source] = 0;
  return { source, distance, hops: new Int32Array(count), parent: new Int32Array(count).fill(-1) };
}

/** Settles what is in the heap and everything that gets nearer through it. Appends each settled node to `settled`. */
export function spread(graph: Graph, paths: ShortestPaths, heap: NodeHeap, settled?: number[]): void {
  const { offsets, targets, costs } = graph;
  while (heap.size > 0) {
    const node = heap.takeFirst();
    settled?.push(node);
    const end = offsets[node + 1]!;
    for (let arc = offsets[node]!; arc < end; arc++) {
      const to = targets[arc]!;
      if (improve(paths, node, to, costs[arc]!)) heap.lift(to);
    }
  }
}

/** Takes the way to `to` through `from` when it is better than the one that is known. */
export function improve({ distance, hops, parent }: ShortestPaths, from: number, to: number, cost: number): boolean {
  const through = distance[from]! + cost;
  const known = distance[to]!;
  if (through > known || through === Number.POSITIVE_INFINITY) return false;
  const hopsThrough = hops[from]! + 1;
  if (through === known) {
    if (hopsThrough > hops[to]!) return false;
    if (hopsThrough === hops[to]! && from >= parent[to]!) return false;
  }
  distance[to] = through;
  hops[to] = hopsThrough;
  parent[to] = from;
  return true;
}

/** The nodes from the first hop to `target`; empty when there is no path, or when `target` is the source. */
export function pathTo({ source, parent }: ShortestPaths, target: number): number[] {
  const path: number[] = [];
  for (let at = target; at !== source; at = parent[at]!) {
    if (at === -1) return [];
    path.push(at);
  }
  return path.reverse();
}
