// The value together with the time of day: usual at noon may be unheard of at night.

import type { Moment, Trait } from '../trait.ts';

/** (x, cos 2πt, sin 2πt): a day's difference weighs as much as four spreads of the value. */
export class TimeOfDay implements Trait {
  readonly dimensions = 3;

  measure(x: number, { dayShare, timed }: Moment, point: Float32Array): boolean {
    const angle = 2 * Math.PI * dayShare;
    point[0] = x;
    point[1] = Math.cos(angle);
    point[2] = Math.sin(angle);
    return timed;
  }

  interrupt(): void {}
  save(): void {}
  load(): void {}
}
