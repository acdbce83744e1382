// Normally distributed numbers from uniform ones.

import type { Random } from '../../core/random.ts';

/** Mean 0, standard deviation 1 (Box and Muller 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
