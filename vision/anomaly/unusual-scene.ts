// Tells how unusual a picture is for its camera, and where: patches against what was seen there before. Learns while it
// runs, day and night apart. Give it healthy pictures only: what a covered camera sees is nothing to learn.

import type { Millis } from '../../core/clock.ts';
import { type Light, lightOf } from './light.ts';
import { Likelihood } from './likelihood.ts';
import { type Measures, measure } from './measures.ts';
import { PatchBank } from './patch-bank.ts';
import { describe } from './patch-features.ts';
import { CELLS, COLUMNS, ROWS, type WorkingPicture } from './working-picture.ts';

export interface SceneScore {
  /** 0 usual, 1 never seen the like. */
  likelihood: number;
  /** It has been unusual in two pictures in a row. */
  unusual: boolean;
  /** Too little was seen of this light so far. */
  learning: boolean;
  heatmap: Heatmap;
}

/** How unusual each part of the picture is, 0 to 1, row by row. */
export interface Heatmap {
  columns: number;
  rows: number;
  values: Float32Array;
}

/** Pictures and seconds that a bank learns from before it judges. */
const LEARN_PICTURES = 40;
const LEARN_SECONDS = 40;
/** Likelihood of an unusual scene; it ends below the lower one. */
const UNUSUAL = 0.75;
const USUAL_AGAIN = 0.4;
/** Cells whose mean is the picture's score: what is unusual is often small. */
const TOP_CELLS = 5;
/** Score of a cell that is shown as 1. */
const HOTTEST = 10;
/** Most seconds that a picture stands for. */
const MOST_SECONDS = 10;

interface Memory {
  bank: PatchBank;
  likelihood: Likelihood;
  seconds: number;
}

const LIGHTS: readonly Light[] = ['day', 'night'];
const MEMORY_BYTES = PatchBank.bytes + Likelihood.bytes + 4;

export class UnusualScene {
  #memories: Record<Light, Memory> = { day: newMemory(), night: newMemory() };
  #light: Light | undefined;
  #last: Millis | undefined;
  #row = 0;
  #unusual = false;

  /** @param packed what `packed()` gave earlier */
  constructor(packed?: Uint8Array) {
    if (packed !== undefined) this.#restore(packed);
  }

  /**
   * Looks at the next picture, in 1 ms beside the measures.
   * @param picture.measures where they were taken already
   */
  look(picture: { pixels: WorkingPicture; now: Millis; measures?: Measures }): SceneScore {
    const measures = picture.measures ?? measure(picture.pixels);
    const seconds =
      this.#last === undefined ? 0 : Math.max(0, Math.min(MOST_SECONDS, (picture.now - this.#last) / 1000));
    this.#last = picture.now;
    this.#light = lightOf(measures, this.#light);
    const memory = this.#memories[this.#light];
    const features = describe(measures);
    const learning = memory.bank.looks < LEARN_PICTURES || memory.seconds < LEARN_SECONDS;
    const cells = memory.bank.looks === 0 ? new Float32Array(CELLS) : memory.bank.compare(features);
    const score = top(cells, TOP_CELLS);
    const likelihood = learning ? 0 : memory.likelihood.of(score);
    // The first half of learning makes the bank, the second tells what scores are usual.
    const first = memory.bank.looks < LEARN_PICTURES / 2;
    if (!first && likelihood < 0.9) memory.likelihood.add(score);
    memory.bank.learn(features, seconds, first);
    memory.seconds = Math.min(1e9, memory.seconds + seconds);
    this.#row = likelihood >= UNUSUAL ? this.#row + 1 : 0;
    this.#unusual = this.#unusual ? likelihood >= USUAL_AGAIN : this.#row >= 2;
    return {
      likelihood,
      unusual: this.#unusual,
      learning,
      heatmap: { columns: COLUMNS, rows: ROWS, values: cells.map((value) => Math.min(1, value / HOTTEST)) },
    };
  }

  /** Forgets what was seen: the camera looks elsewhere from now on. */
  forget(): void {
    this.#memories = { day: newMemory(), night: newMemory() };
    this.#unusual = false;
    this.#row = 0;
  }

  /** What was learned, always as many bytes (about 260 kB). */
  packed(): Uint8Array {
    const bytes = new Uint8Array(LIGHTS.length * MEMORY_BYTES);
    const view = new DataView(bytes.buffer);
    LIGHTS.forEach((light, i) => {
      const { bank, likelihood, seconds } = this.#memories[light];
      const at = i * MEMORY_BYTES;
      bytes.set(bank.pack(), at);
      bytes.set(likelihood.pack(), at + PatchBank.bytes);
      view.setFloat32(at + MEMORY_BYTES - 4, seconds);
    });
    return bytes;
  }

  #restore(bytes: Uint8Array): void {
    if (bytes.length !== LIGHTS.length * MEMORY_BYTES) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    LIGHTS.forEach((light, i) => {
      const at = i * MEMORY_BYTES;
      const bank = PatchBank.unpack(bytes.subarray(at, at + PatchBank.bytes));
      const likelihood = Likelihood.unpack(bytes.subarray(at + PatchBank.bytes, at + MEMORY_BYTES - 4));
      const seconds = view.getFloat32(at + MEMORY_BYTES - 4);
      if (bank !== undefined && likelihood !== undefined && seconds >= 0) {
        this.#memories[light] = { bank, likelihood, seconds };
      }
    });
  }
}

const newMemory = (): Memory => ({ bank: new PatchBank(), likelihood: new Likelihood(), seconds: 0 });

function top(cells: Float32Array, count: number): number {
  const sorted = cells.slice().sort();
  let sum = 0;
  for (let i = 1; i <= count; i++) sum += sorted[sorted.length - i]!;
  return sum / count;
}
