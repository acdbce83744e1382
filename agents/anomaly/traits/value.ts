// The value itself: anomalous is what lies far from every value before.

import type { Moment, Trait } from '../trait.ts';

export class Value implements Trait {
  readonly dimensions = 1;

  measure(x: number, _moment: Moment, point: Float32Array): boolean {
    point[0] = x;
    return true;
  }

  interrupt(): void {}
  save(): void {}
  load(): void {}
}
