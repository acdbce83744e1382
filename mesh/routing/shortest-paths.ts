// Dijkstra with a binary heap over typed arrays. Equal costs are decided by fewer hops, then by the smaller parent, so
// that every node, and every run, chooses the same tree.

import type { Graph } from './graph.ts';

export interface ShortestPaths {
  source: number;
  /** Infinity where there is no path. */
  distance: Float64Array;
  hops: Int32Array;
  /** The node before on the path; -1 for the source and the unreachable. */
  parent: Int32Array;
}

export function shortestPaths({ ids, offsets, targets, costs }: Graph, source: number): ShortestPaths {
  const count = ids.length;
  const distance = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const hops = new Int32Array(count);
  const parent = new Int32Array(count).fill(-1);
  const settled = new Uint8Array(count);
  const heap = new Int32Array(count);
  const place = new Int32Array(count).fill(-1);
  let size = 0;

  const before = (a: number, b: number): boolean => {
    const difference = distance[a]! - distance[b]!;
    if (difference !== 0) return difference < 0;
    return hops[a]! !== hops[b]! ? hops[a]! < hops[b]! : a < b;
  };
  const rise = (from: number): void => {
    let at = from;
    const node = heap[at]!;
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if (!before(node, heap[above]!)) break;
      heap[at] = heap[above]!;
      place[heap[at]!] = at;
      at = above;
    }
    heap[at] = node;
    place[node] = at;
  };
  const takeFirst = (): number => {
    const first = heap[0]!;
    const node = heap[--size]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, node)) break;
      heap[at] = heap[child]!;
      place[heap[at]!] = at;
      at = child;
    }
    heap[at] = node;
    place[node] = at;
    return first;
  };

  distance[source] = 0;
  heap[0] = source;
  place[source] = 0;
  size = 1;
  while (size > 0) {
    const node = takeFirst();
    settled[node] = 1;
    for (let at = offsets[node]!; at < offsets[node + 1]!; at++) {
      const to = targets[at]!;
      if (settled[to]) continue;
      const through = distance[node]! + costs[at]!;
      const hopsThrough = hops[node]! + 1;
      const better =
        through < distance[to]! ||
        (through === distance[to]! && (hopsThrough < hops[to]! || (hopsThrough === hops[to]! && node < parent[to]!)));
      if (!better) continue;
      distance[to] = through;
      hops[to] = hopsThrough;
      parent[to] = node;
      if (place[to] === -1) {
        heap[size] = to;
        place[to] = size++;
      }
      rise(place[to]!);
    }
  }
  return { source, distance, hops, parent };
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
