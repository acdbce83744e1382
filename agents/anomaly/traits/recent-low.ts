// The lowest of the last values: it rises where the usual troughs stay away.

import type { Moment } from '../trait.ts';
import { RecentTrait } from './recent-trait.ts';

const OVER = 48;

export class RecentLow extends RecentTrait {
  readonly dimensions = 1;

  constructor() {
    super(OVER);
  }

  measure(x: number, _moment: Moment, point: Float32Array): boolean {
    this.recent.push(x);
    point[0] = this.recent.lowest();
    return true;
  }
}
