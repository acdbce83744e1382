// A binary heap of nodes by a key that travels with them: one comparison a step, nothing looked up elsewhere.

export class KeyHeap {
  readonly #keys: Float64Array;
  readonly #nodes: Int32Array;
  /** Where a node is in the heap; -1 when it is not. */
  readonly #place: Int32Array;
  #size = 0;

  constructor(count: number) {
    this.#keys = new Float64Array(count);
    this.#nodes = new Int32Array(count);
    this.#place = new Int32Array(count).fill(-1);
  }

  get size(): number {
    return this.#size;
  }

  /** Puts a node in, or moves it up to a smaller key. */
  lift(node: number, key: number): void {
    const keys = this.#keys;
    const nodes = this.#nodes;
    const place = this.#place;
    let at = place[node]!;
    if (at === -1) at = this.#size++;
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if (keys[above]! <= key) break;
      keys[at] = keys[above]!;
      nodes[at] = nodes[above]!;
      place[nodes[at]!] = at;
      at = above;
    }
    keys[at] = key;
    nodes[at] = node;
    place[node] = at;
  }

  /** Takes the node with the smallest key out. The heap must not be empty. */
  takeFirst(): number {
    const keys = this.#keys;
    const nodes = this.#nodes;
    const place = this.#place;
    const first = nodes[0]!;
    place[first] = -1;
    const size = --this.#size;
    if (size === 0) return first;
    const key = keys[size]!;
    const node = nodes[size]!;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && keys[child + 1]! < keys[child]!) child++;
      if (keys[child]! >= key) break;
      keys[at] = keys[child]!;
      nodes[at] = nodes[child]!;
      place[nodes[at]!] = at;
      at = child;
    }
    keys[at] = key;
    nodes[at] = node;
    place[node] = at;
    return first;
  }
}
