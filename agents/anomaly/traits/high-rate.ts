// How often values are high lately: each may be usual, their number is not.

import type { StateReader, StateWriter } from '../state-codec.ts';
import type { Moment, Trait } from '../trait.ts';

/** Values over which the rate is smoothed, and four times as many for what "high" means. */
const MEMORY = 50;
/** High is so many standard deviations above the mean. */
const HIGH = 2;
const WARM_UP = 20;

/** r ← r + (h - r) / 50, where h is 1 for x > μ + 2σ; μ and σ exponentially weighted over 200 values. */
export class HighRate implements Trait {
  readonly dimensions = 1;
  #mean = 0;
  #variance = 0;
  #rate = 0;
  #count = 0;

  measure(x: number, _moment: Moment, point: Float32Array): boolean {
    if (this.#count === 0) this.#mean = x;
    this.#count = Math.min(this.#count + 1, 4 * MEMORY);
    const deviation = x - this.#mean;
    const high = this.#count > WARM_UP && deviation > HIGH * Math.sqrt(this.#variance) ? 1 : 0;
    const gain = 1 / this.#count;
    this.#mean += gain * deviation;
    this.#variance += gain * (deviation * deviation - this.#variance);
    this.#rate += (high - this.#rate) / MEMORY;
    point[0] = this.#rate;
    return true;
  }

  interrupt(): void {}

  save(to: StateWriter): void {
    to.put(this.#mean, this.#variance, this.#rate, this.#count);
  }

  load(from: StateReader): void {
    this.#mean = from.take();
    this.#variance = Math.max(0, from.take());
    this.#rate = from.take();
    this.#count = from.takeCount(4 * MEMORY);
  }
}
