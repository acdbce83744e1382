// The last three values as a shape, wherever they lie: the two before, seen from the last one.

import type { Moment } from '../trait.ts';
import { RecentTrait } from './recent-trait.ts';

export class Shape extends RecentTrait {
  readonly dimensions = 2;

  constructor() {
    super(3);
  }

  measure(x: number, _moment: Moment, point: Float32Array): boolean {
    this.recent.push(x);
    if (!this.recent.full) return false;
    point[0] = this.recent.ago(1) - x;
    point[1] = this.recent.ago(2) - x;
    return true;
  }
}
