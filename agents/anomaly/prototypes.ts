// What was seen before, as a bounded set of points that lie no closer than a radius: how far is a point from all of them?

import type { StateReader, StateWriter } from './state-codec.ts';

/** How much wider the radius gets when the set is full ... */
const WIDEN = 1.3;
/** ... until this share of the room is used. */
const ROOM = 0.9;
/** The first radius, of the set's extent. */
const FIRST_RADIUS = 1e-6;
/** Points that nothing came near for so many others are forgotten: what was normal long ago is news again. */
const FORGET_AFTER = 40_000;
/** Counters start again from here, float32 being exact below. */
const RENUMBER_AT = 8_000_000;

/**
 * Leader clustering with a radius that grows as in the doubling algorithm (Charikar et al. 1997, DOI
 * 10.1145/258533.258657): at most `capacity` prototypes cover all that came. The same idea as the vigilance of adaptive
 * resonance (Carpenter and Grossberg 1987). Distances are sums of absolute differences.
 */
export class Prototypes {
  readonly #dimensions: number;
  readonly #capacity: number;
  readonly #points: Float32Array;
  /** When something came near each. */
  readonly #seen: Float32Array;
  #count = 0;
  #radius = 0;
  #now = 0;
  #checked = 0;
  #nearest = -1;

  constructor(dimensions: number, capacity: number) {
    this.#dimensions = dimensions;
    this.#capacity = capacity;
    this.#points = new Float32Array(dimensions * (capacity + 1));
    this.#seen = new Float32Array(capacity + 1);
  }

  /** The distance of `point` from what came before (0 for the first one), then remembers it. Bounds float32. */
  push(point: Float32Array): number {
    this.#now++;
    this.#forgetOne();
    const distance = this.#distance(point);
    if (distance <= this.#radius) this.#seen[this.#nearest] = this.#now;
    else this.#add(point);
    if (this.#now >= RENUMBER_AT) this.#renumber();
    return distance === Number.POSITIVE_INFINITY ? 0 : distance;
  }

  #distance(point: Float32Array): number {
    const points = this.#points;
    const dimensions = this.#dimensions;
    let best = Number.POSITIVE_INFINITY;
    let at = 0;
    for (let each = 0; each < this.#count; each++) {
      let distance = 0;
      for (let axis = 0; axis < dimensions; axis++) distance += Math.abs(points[at++]! - point[axis]!);
      if (distance < best) {
        best = distance;
        this.#nearest = each;
      }
    }
    return best;
  }

  #add(point: Float32Array): void {
    this.#points.set(point, this.#count * this.#dimensions);
    this.#seen[this.#count++] = this.#now;
    if (this.#count > this.#capacity) this.#thinOut();
  }

  #thinOut(): void {
    let closest = 0;
    while (this.#count > this.#capacity * ROOM) {
      do this.#widen();
      while (
        // Radii below the smallest distance would remove nothing.
        this.#radius < closest
      );
      closest = this.#keepApart();
    }
  }

  #widen(): void {
    this.#radius = this.#radius > 0 ? this.#radius * WIDEN : Math.max(FIRST_RADIUS * this.#extent(), 1e-30);
  }

  /** Keeps what lies farther than the radius from all that is kept before it; the smallest distance among those. */
  #keepApart(): number {
    const before = this.#count;
    let closest = Number.POSITIVE_INFINITY;
    this.#count = 0;
    for (let each = 0; each < before; each++) {
      const from = each * this.#dimensions;
      const point = this.#points.subarray(from, from + this.#dimensions);
      const seen = this.#seen[each]!;
      const distance = this.#distance(point);
      if (distance <= this.#radius) {
        this.#seen[this.#nearest] = Math.max(this.#seen[this.#nearest]!, seen);
        continue;
      }
      closest = Math.min(closest, distance);
      this.#points.set(point, this.#count * this.#dimensions);
      this.#seen[this.#count++] = seen;
    }
    return closest;
  }

  #extent(): number {
    const first = this.#points.subarray(0, this.#dimensions);
    let widest = 0;
    for (let each = 1; each < this.#count; each++) {
      let distance = 0;
      for (let axis = 0; axis < this.#dimensions; axis++) {
        distance += Math.abs(this.#points[each * this.#dimensions + axis]! - first[axis]!);
      }
      widest = Math.max(widest, distance);
    }
    return widest;
  }

  /** Looks at one prototype a time. */
  #forgetOne(): void {
    if (this.#count < 2) return;
    this.#checked = (this.#checked + 1) % this.#count;
    if (this.#now - this.#seen[this.#checked]! <= FORGET_AFTER) return;
    const last = --this.#count;
    this.#points.copyWithin(this.#checked * this.#dimensions, last * this.#dimensions, (last + 1) * this.#dimensions);
    this.#seen[this.#checked] = this.#seen[last]!;
  }

  #renumber(): void {
    const back = this.#now - FORGET_AFTER - 1;
    for (let each = 0; each < this.#count; each++) this.#seen[each] = Math.max(0, this.#seen[each]! - back);
    this.#now -= back;
  }

  save(to: StateWriter): void {
    to.put(this.#now, this.#radius);
    to.putArray(this.#seen, this.#count);
    to.putArray(this.#points, this.#count * this.#dimensions);
  }

  load(from: StateReader): void {
    this.#now = from.takeCount(RENUMBER_AT);
    this.#radius = Math.max(0, from.take());
    const count = from.takeArray(this.#seen);
    const numbers = from.takeArray(this.#points);
    this.#count = Math.min(count, this.#capacity, Math.floor(numbers / this.#dimensions));
  }
}
