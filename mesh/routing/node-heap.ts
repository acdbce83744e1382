// A binary heap of nodes by distance, then hops, then number: the order in which shortest paths are settled.

export class NodeHeap {
  readonly #distance: Float64Array;
  readonly #hops: Int32Array;
  readonly #heap: Int32Array;
  /** Where a node is in the heap; -1 when it is not. */
  readonly #place: Int32Array;
  #size = 0;

  /** Reads the arrays as they are at each call; a node that got nearer must be lifted before anything else. */
  constructor(distance: Float64Array, hops: Int32Array) {
    this.#distance = distance;
    this.#hops = hops;
    this.#heap = new Int32Array(distance.length);
    this.#place = new Int32Array(distance.length).fill(-1);
  }

  get size(): number {
    return this.#size;
  }

  /** Puts a node in, or moves it up after it got nearer. */
  lift(node: number): void {
    const heap = this.#heap;
    const place = this.#place;
    let at = place[node]!;
    if (at === -1) at = this.#size++;
    while (at > 0) {
      const above = (at - 1) >>> 1;
      const other = heap[above]!;
      if (!this.#before(node, other)) break;
      heap[at] = other;
      place[other] = at;
      at = above;
    }
    heap[at] = node;
    place[node] = at;
  }

  /** Takes the nearest node out. The heap must not be empty. */
  takeFirst(): number {
    const heap = this.#heap;
    const place = this.#place;
    const first = heap[0]!;
    place[first] = -1;
    const size = --this.#size;
    if (size === 0) return first;
    const node = heap[size]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(heap[child + 1]!, heap[child]!)) child++;
      const below = heap[child]!;
      if (!this.#before(below, node)) break;
      heap[at] = below;
      place[below] = at;
      at = child;
    }
    heap[at] = node;
    place[node] = at;
    return first;
  }

  #before(a: number, b: number): boolean {
    const distance = this.#distance;
    if (distance[a]! !== distance[b]!) return distance[a]! < distance[b]!;
    const hops = this.#hops;
    return hops[a]! !== hops[b]! ? hops[a]! < hops[b]! : a < b;
  }
}
