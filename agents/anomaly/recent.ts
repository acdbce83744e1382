// The last values of a series, in a ring of fixed size.

import type { StateReader, StateWriter } from './state-codec.ts';

export class Recent {
  readonly #values: Float32Array;
  #count = 0;
  #next = 0;

  constructor(size: number) {
    this.#values = new Float32Array(size);
  }

  push(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#values.length;
    if (this.#count < this.#values.length) this.#count++;
  }

  clear(): void {
    this.#count = 0;
    this.#next = 0;
  }

  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count === this.#values.length;
  }

  /** The value `back` before the last one. */
  ago(back: number): number {
    const size = this.#values.length;
    return this.#values[(this.#next - 1 - back + 2 * size) % size]!;
  }

  mean(): number {
    let sum = 0;
    for (let at = 0; at < this.#count; at++) sum += this.#values[at]!;
    return this.#count === 0 ? 0 : sum / this.#count;
  }

  lowest(): number {
    let low = Number.POSITIVE_INFINITY;
    for (let at = 0; at < this.#count; at++) if (this.#values[at]! < low) low = this.#values[at]!;
    return low;
  }

  /** Standard deviation of the population. */
  deviation(): number {
    const mean = this.mean();
    let squares = 0;
    for (let at = 0; at < this.#count; at++) squares += (this.#values[at]! - mean) ** 2;
    return this.#count < 2 ? 0 : Math.sqrt(squares / this.#count);
  }

  /** Oldest first. */
  values(): Float32Array {
    return Float32Array.from({ length: this.#count }, (_, at) => this.ago(this.#count - 1 - at));
  }

  save(to: StateWriter): void {
    to.putArray(this.values());
  }

  load(from: StateReader): void {
    const values = new Float32Array(this.#values.length);
    const count = from.takeArray(values);
    this.clear();
    for (let at = 0; at < count; at++) this.push(values[at]!);
  }
}
