// The mean of the last values: a level that is held too long, though each value is usual.

import type { Moment } from '../trait.ts';
import { RecentTrait } from './recent-trait.ts';

const OVER = 24;

export class RecentMean extends RecentTrait {
  readonly dimensions = 1;

  constructor() {
    super(OVER);
  }

  measure(x: number, _moment: Moment, point: Float32Array): boolean {
    this.recent.push(x);
    point[0] = this.recent.mean();
    return true;
  }
}
