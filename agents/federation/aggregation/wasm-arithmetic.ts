// The arithmetic of the aggregation in WebAssembly SIMD: how the updates go through linear memory, a stretch of coordinates
// at a time, so that 80 MB of them need no second place. `assembly/kernel.ts` does the computing.

import { readFileSync } from 'node:fs';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Arithmetic, SortedStretch } from './arithmetic.ts';

/** What `assembly/kernel.ts` exports, and says the meaning of. All arguments are integers. */
interface Kernel {
  addSquaredDistances(sums: number, rows: number, count: number, width: number): void;
  sortEightColumns(to: number, from: number, row: number, count: number): void;
}

/** Updates in one aggregation: their distances take 134 MB then. */
export const MOST_UPDATES = 4096;

/** Coordinates of a stretch of distances: rows of 1 kB, so that many stay in the processor's cache. */
const WIDTH = 256;
/** Coordinates that are brought in at a time to be sorted, and sorted at a time. */
const BROUGHT = 64;
const SORTED = 8;
const PAGE = 65_536;
const MOST_PAGES = 4096;

export class WasmArithmetic implements Arithmetic {
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  readonly #kernel: Kernel;

  constructor() {
    const module = new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)));
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#kernel = exports as Kernel;
  }

  squaredDistances(rows: readonly Float32Array[], scales?: Float64Array): Float64Array {
    const count = rows.length;
    const padded = (count + 3) & ~3;
    const rowsAt = 8 * padded * padded;
    this.#reserve(count, rowsAt + 4 * padded * WIDTH);
    const sums = new Float64Array(this.#memory.buffer, 0, padded * padded).fill(0);
    const length = rows[0]?.length ?? 0;
    for (let from = 0; from < length; from += WIDTH) {
      const width = Math.min(WIDTH, length - from);
      const paddedWidth = (width + 3) & ~3;
      const stretch = new Float32Array(this.#memory.buffer, rowsAt, padded * paddedWidth);
      if (paddedWidth !== width || from === 0) stretch.fill(0);
      for (let i = 0; i < count; i++) {
        const part = rows[i]!.subarray(from, from + width);
        if (scales === undefined) stretch.set(part, i * paddedWidth);
        else setScaled(stretch, i * paddedWidth, part, scales[i]!);
      }
      this.#kernel.addSquaredDistances(0, rowsAt, padded, paddedWidth);
    }
    const distances = new Float64Array(count * count);
    for (let i = 0; i < count; i++) {
      for (let j = i + 1; j < count; j++) {
        const distance = sums[i * padded + j]!;
        distances[i * count + j] = distance;
        distances[j * count + i] = distance;
      }
    }
    return distances;
  }

  sortCoordinates(rows: readonly Float32Array[], see: (stretch: SortedStretch) => void): void {
    const count = rows.length;
    const broughtAt = 4 * count * SORTED;
    this.#reserve(count, broughtAt + 4 * count * BROUGHT);
    const values = new Float32Array(this.#memory.buffer, 0, count * SORTED);
    const brought = new Float32Array(this.#memory.buffer, broughtAt, count * BROUGHT);
    const length = rows[0]?.length ?? 0;
    for (let start = 0; start < length; start += BROUGHT) {
      const end = Math.min(length, start + BROUGHT);
      // Columns beyond the end are what was there before, or zeros: sorted, and never looked at.
      for (let i = 0; i < count; i++) brought.set(rows[i]!.subarray(start, end), i * BROUGHT);
      for (let from = start; from < end; from += SORTED) {
        this.#kernel.sortEightColumns(0, broughtAt + 4 * (from - start), 4 * BROUGHT, count);
        see({ from, columns: Math.min(SORTED, end - from), values, stride: SORTED });
      }
    }
  }

  #reserve(count: number, bytes: number): void {
    if (count > MOST_UPDATES) {
      throw new ParlmeshError(
        'AGGREGATION_TOO_MANY',
        `${count} updates are more than the ${MOST_UPDATES} of one round`,
        {
          hint: 'Let regional coordinators aggregate on the way',
        },
      );
    }
    const missing = bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
  }
}

function setScaled(to: Float32Array, at: number, from: Float32Array, scale: number): void {
  for (let i = 0; i < from.length; i++) to[at + i] = scale * from[i]!;
}
