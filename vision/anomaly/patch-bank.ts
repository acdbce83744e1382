// What every cell of a camera's view has looked like: a few examples each, joined as they repeat (the memory bank of
// PatchCore, kept by place as in PaDiM), and how far a look usually is from them.

import { FEATURES } from './patch-features.ts';
import { CELLS, COLUMNS, ROWS } from './working-picture.ts';

/** Examples that a cell keeps. */
const EXAMPLES = 12;
/** Looks nearer than this (squared, in mean of features) are one example. */
const SAME = 1.2;
/** How fast an example follows what resembles it. */
const FOLLOW = 0.05;
/** Seconds of being seen after which an example is wholly usual. */
const USUAL_AFTER = 30;
/** What a distance grows by where its example was hardly seen. */
const NEW = 4;
/** Weight of one look in what distance is usual. */
const SPREAD_FOLLOW = 0.01;

export class PatchBank {
  readonly #examples = new Float32Array(CELLS * EXAMPLES * FEATURES);
  /** Seconds that each example was seen; 0 is an empty place. */
  readonly #seen = new Float32Array(CELLS * EXAMPLES);
  /** By cell: mean and mean square of the distance. */
  readonly #mean = new Float32Array(CELLS).fill(0.5);
  readonly #square = new Float32Array(CELLS).fill(0.5);
  #looks = 0;

  /** Pictures learned from. */
  get looks(): number {
    return this.#looks;
  }

  /** By cell, how far it is from what is usual there and beside it: about 0 usual, over 4 never seen. */
  compare(features: Float32Array): Float32Array {
    const scores = new Float32Array(CELLS);
    for (let cell = 0; cell < CELLS; cell++) {
      const distance = this.#distance(features, cell);
      const spread = Math.sqrt(Math.max(0.04, this.#square[cell]! - this.#mean[cell]! ** 2));
      scores[cell] = Math.max(0, (distance - this.#mean[cell]!) / (spread + 0.3));
    }
    return scores;
  }

  /** @param seconds that this look stands for; what is seen while the bank is new counts as usual at once */
  learn(features: Float32Array, seconds: number, firstLooks: boolean): void {
    this.#looks++;
    const counts = firstLooks ? USUAL_AFTER : seconds;
    const weight = Math.max(SPREAD_FOLLOW, 1 / (this.#looks + 1));
    for (let cell = 0; cell < CELLS; cell++) {
      if (this.#looks > 1) {
        // One that is far does not make far usual: it is cut off.
        const distance = Math.min(this.#distance(features, cell), this.#mean[cell]! + 3);
        this.#mean[cell]! += weight * (distance - this.#mean[cell]!);
        this.#square[cell]! += weight * (distance * distance - this.#square[cell]!);
      }
      this.#keep(features, cell, counts);
    }
  }

  /** Bytes of the whole bank; always as many. */
  pack(): Uint8Array {
    const parts = [this.#examples, this.#seen, this.#mean, this.#square, new Float32Array([this.#looks])];
    const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return new Uint8Array(all.buffer);
  }

  static readonly bytes = 4 * (CELLS * EXAMPLES * (FEATURES + 1) + 2 * CELLS + 1);

  /** Undefined where the bytes are no bank. */
  static unpack(bytes: Uint8Array): PatchBank | undefined {
    if (bytes.length !== PatchBank.bytes) return undefined;
    const all = new Float32Array(bytes.slice().buffer);
    if (!all.every(Number.isFinite)) return undefined;
    const bank = new PatchBank();
    let at = 0;
    for (const part of [bank.#examples, bank.#seen, bank.#mean, bank.#square]) {
      part.set(all.subarray(at, at + part.length));
      at += part.length;
    }
    bank.#looks = all[at]!;
    return bank;
  }

  /** To the nearest example of the cell and of the eight around it. */
  #distance(features: Float32Array, cell: number): number {
    const [x, y] = [cell % COLUMNS, Math.floor(cell / COLUMNS)];
    let best = Number.POSITIVE_INFINITY;
    for (let row = Math.max(0, y - 1); row <= Math.min(ROWS - 1, y + 1); row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(COLUMNS - 1, x + 1); column++) {
        const first = (row * COLUMNS + column) * EXAMPLES;
        for (let example = first; example < first + EXAMPLES; example++) {
          const seen = this.#seen[example]!;
          if (seen === 0) break;
          const extra = seen >= USUAL_AFTER ? 0 : NEW * (1 - seen / USUAL_AFTER);
          if (extra >= best) continue;
          best = Math.min(best, Math.sqrt(this.#between(features, cell, example)) + extra);
        }
      }
    }
    return Math.min(best, 50);
  }

  #keep(features: Float32Array, cell: number, seconds: number): void {
    const first = cell * EXAMPLES;
    let [nearest, distance, rarest] = [first, Number.POSITIVE_INFINITY, first];
    for (let example = first; example < first + EXAMPLES; example++) {
      if (this.#seen[example]! < this.#seen[rarest]!) rarest = example;
      if (this.#seen[example] === 0) break;
      const d = this.#between(features, cell, example);
      if (d < distance) [nearest, distance] = [example, d];
    }
    if (distance < SAME) {
      this.#seen[nearest] = Math.min(1e6, this.#seen[nearest]! + seconds);
      for (let i = 0; i < FEATURES; i++) {
        const at = nearest * FEATURES + i;
        this.#examples[at]! += FOLLOW * (features[cell * FEATURES + i]! - this.#examples[at]!);
      }
      return;
    }
    this.#examples.set(features.subarray(cell * FEATURES, (cell + 1) * FEATURES), rarest * FEATURES);
    this.#seen[rarest] = Math.max(1e-3, seconds);
  }

  #between(features: Float32Array, cell: number, example: number): number {
    let sum = 0;
    for (let i = 0, a = cell * FEATURES, b = example * FEATURES; i < FEATURES; i++, a++, b++) {
      const difference = features[a]! - this.#examples[b]!;
      sum += difference * difference;
    }
    return sum / FEATURES;
  }
}
