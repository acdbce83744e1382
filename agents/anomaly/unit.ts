// Brings every series to one scale: values are told from its first ones, in units of their spread.

import { ParlmeshError } from '../../core/errors.ts';
import type { StateReader, StateWriter } from './state-codec.ts';

/** Where the first values are all the same, the unit is this share of them. */
const OF_CONSTANT = 0.01;
/** Beyond as many units everything is equally far, so that float32 holds it. */
const FARTHEST = 1e12;

export class Unit {
  readonly origin: number;
  readonly #spread: number;

  private constructor(origin: number, spread: number) {
    this.origin = origin;
    this.#spread = spread;
  }

  /** From the median and the standard deviation of a series' first values. */
  static of(first: readonly number[]): Unit {
    const origin = first.toSorted((a, b) => a - b)[first.length >> 1]!;
    const mean = first.reduce((sum, value) => sum + value / first.length, 0);
    const spread = Math.sqrt(first.reduce((sum, value) => sum + (value - mean) ** 2 / first.length, 0));
    // Numbers too large to be squared, or so close that rounding is all their spread.
    const sound = Number.isFinite(spread) && spread > 1e-12 * Math.abs(origin);
    return new Unit(origin, sound ? spread : OF_CONSTANT * Math.abs(origin) || 1);
  }

  /** In units of the spread. */
  scaled(value: number): number {
    return Math.max(-FARTHEST, Math.min(FARTHEST, (value - this.origin) / this.#spread));
  }

  save(to: StateWriter): void {
    to.putExact(this.origin);
    to.putExact(this.#spread);
  }

  static restored(from: StateReader): Unit {
    const [origin, spread] = [from.takeExact(), from.takeExact()];
    if (spread > 0) return new Unit(origin, spread);
    throw new ParlmeshError('ANOMALY_STATE_INVALID', `A remembered baseline cannot be read: its unit is ${spread}`);
  }
}
