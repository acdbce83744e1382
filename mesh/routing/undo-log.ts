// What a trial of costs changed in a shard, so that it can be taken back for the price of copying.

const FIRST_ROOM = 4096;

export class UndoLog {
  readonly #distance: Float64Array;
  readonly #parent: Int32Array;
  readonly #loads: Float64Array;
  readonly #loadsBefore: Float64Array;
  #keys: { arc: number; key: number }[] = [];
  #places = new Int32Array(FIRST_ROOM);
  #distances = new Float64Array(FIRST_ROOM);
  #parents = new Int32Array(FIRST_ROOM);
  #count = 0;

  constructor(distance: Float64Array, parent: Int32Array, loads: Float64Array) {
    this.#distance = distance;
    this.#parent = parent;
    this.#loads = loads;
    this.#loadsBefore = loads.slice();
  }

  /** Forgets the last trial: it counts for good. */
  begin(): void {
    this.#count = 0;
    this.#keys = [];
    this.#loadsBefore.set(this.#loads);
  }

  keepKey(arc: number, key: number): void {
    this.#keys.push({ arc, key });
  }

  /** @param place of a path that is about to change, in the arrays of all sources */
  keepPath(place: number): void {
    if (this.#count === this.#places.length) this.#grow();
    const at = this.#count++;
    this.#places[at] = place;
    this.#distances[at] = this.#distance[place]!;
    this.#parents[at] = this.#parent[place]!;
  }

  takeBack(keys: Float64Array): void {
    for (const { arc, key } of this.#keys) keys[arc] = key;
    for (let at = 0; at < this.#count; at++) {
      this.#distance[this.#places[at]!] = this.#distances[at]!;
      this.#parent[this.#places[at]!] = this.#parents[at]!;
    }
    this.#loads.set(this.#loadsBefore);
    this.#count = 0;
    this.#keys = [];
  }

  #grow(): void {
    const room = 2 * this.#places.length;
    this.#places = grown(new Int32Array(room), this.#places);
    this.#distances = grown(new Float64Array(room), this.#distances);
    this.#parents = grown(new Int32Array(room), this.#parents);
  }
}

function grown<A extends Int32Array | Float64Array>(larger: A, known: A): A {
  larger.set(known);
  return larger;
}
