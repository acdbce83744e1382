// What a detector looks at in a series: one point of a few numbers for each value.

import type { StateReader, StateWriter } from './state-codec.ts';

/** When a value came. */
export interface Moment {
  /** Share of the day that is over, 0 to 1, UTC. */
  dayShare: number;
  /** False where the clock just jumped: then the time of day says nothing. */
  timed: boolean;
}

export interface Trait {
  /** Numbers that `measure` writes. */
  readonly dimensions: number;
  /**
   * Takes in `x`, a value in units of the series' own spread, and writes what is looked at into `point`. False while there
   * is nothing to look at, e.g. since too few values came.
   */
  measure(x: number, moment: Moment, point: Float32Array): boolean;
  /** Values are missing: what spans several of them begins again. */
  interrupt(): void;
  save(to: StateWriter): void;
  load(from: StateReader): void;
}
