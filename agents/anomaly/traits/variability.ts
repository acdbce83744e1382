// How much the last values vary: a series that becomes restless, or suddenly stands still.

import type { Moment } from '../trait.ts';
import { RecentTrait } from './recent-trait.ts';

const OVER = 8;

/** The standard deviation of the last eight values. */
export class Variability extends RecentTrait {
  readonly dimensions = 1;

  constructor() {
    super(OVER);
  }

  measure(x: number, _moment: Moment, point: Float32Array): boolean {
    this.recent.push(x);
    if (!this.recent.full) return false;
    point[0] = this.recent.deviation();
    return true;
  }
}
