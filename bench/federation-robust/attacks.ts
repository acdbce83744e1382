// What attackers send. Some spoil their own training; the others know what all honest nodes sent (the strongest assumption that the
// papers make) and agree with one another.

import { scaled } from '../../agents/federation/aggregation/update-set.ts';
import { normal } from '../../agents/parl/normal.ts';
import { type Random, seededRandom } from '../../core/random.ts';
import type { Poison } from './task.ts';

export interface Attack {
  readonly name: string;
  /** How attackers train. */
  readonly poison: Poison;
  /**
   * @param own what the attackers' training gave
   * @param honest what the others send
   */
  forge(own: readonly Float32Array[], honest: readonly Float32Array[], random: Random): Float32Array[];
}

/** Times as long as it was. */
const SCALE = 10;
/** Of the noise: the norm of the honest, so many times. */
const LOUDNESS = 3;
/** ε of inner-product manipulation. */
const OPPOSITION = 1;

export const ATTACKS: readonly Attack[] = [
  { name: 'none', poison: 'none', forge: (own) => [...own] },
  { name: 'sign-flip', poison: 'none', forge: (own) => own.map((delta) => scaled(delta, -1)) },
  { name: 'scaled', poison: 'none', forge: (own) => own.map((delta) => scaled(delta, -SCALE)) },
  {
    name: 'noise',
    poison: 'none',
    forge: (own, honest, random) => {
      const size = own[0]!.length;
      const deviation = (LOUDNESS * meanNorm(honest)) / Math.sqrt(size);
      return own.map(() => Float32Array.from({ length: size }, () => deviation * normal(random)));
    },
  },
  { name: 'reward-flip', poison: 'flip', forge: (own) => [...own] },
  { name: 'backdoor', poison: 'backdoor', forge: (own) => own.map((delta) => scaled(delta, 3)) },
  // Xie, Koyejo and Gupta 2019, "Fall of empires": all send the honest mean, turned round.
  {
    name: 'inner-product',
    poison: 'none',
    forge: (own, honest) => {
      const against = scaled(moments(honest).mean, -OPPOSITION);
      return own.map(() => against.slice());
    },
  },
  // Baruch, Baruch and Goldberg 2019, "A little is enough", algorithm 3: all send the mean less z standard deviations, z as large as
  // leaves enough honest nodes further away.
  {
    name: 'little-is-enough',
    poison: 'none',
    forge: (own, honest) => {
      const count = own.length + honest.length;
      const supporters = Math.floor(count / 2 + 1) - own.length;
      const z = quantile((honest.length - supporters) / honest.length);
      const { mean, deviation } = moments(honest);
      const forged = mean.map((value, i) => value - z * deviation[i]!);
      return own.map(() => forged.slice());
    },
  },
];

/** Attackers for a run: their randomness does not depend on what the rule did. */
export const attackRandom = (seed: number, round: number): Random => seededRandom(seed * 7919 + round);

function meanNorm(rows: readonly Float32Array[]): number {
  return rows.reduce((sum, row) => sum + Math.hypot(...row), 0) / rows.length;
}

function moments(rows: readonly Float32Array[]): { mean: Float32Array; deviation: Float32Array } {
  const size = rows[0]!.length;
  const mean = new Float32Array(size);
  const deviation = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (const row of rows) sum += row[i]!;
    mean[i] = sum / rows.length;
    let squares = 0;
    for (const row of rows) squares += (row[i]! - mean[i]!) ** 2;
    deviation[i] = Math.sqrt(squares / rows.length);
  }
  return { mean, deviation };
}

/** Of the standard normal distribution, by bisection of its distribution function (Abramowitz and Stegun 26.2.17). */
function quantile(share: number): number {
  let [low, high] = [-6, 6];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (below(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}

function below(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x >= 0 ? 1 - tail : tail;
}
