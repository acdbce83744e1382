// What is done to an update before it may leave a node: clipped to a length, rounded to a grid, blurred by noise. All of
// it is whole numbers on one grid of clip / 2^20, which secure aggregation adds up and which has no floating-point gaps.

import { ParlmeshError } from '../../../core/errors.ts';
import { normOf } from '../aggregation/update-set.ts';
import { fillDiscreteGaussian, MOST_SIGMA } from './discrete-gaussian.ts';
import { SecretNumbers, type SecretSource } from './secret-numbers.ts';

/** Steps of the grid that make the clip: a coordinate is off by at most clip / 2^21 without noise. */
export const GRID = 2 ** 20;
/** Noise beyond this drowns everything, and a group's sum might leave 32 bits. */
export const MOST_NOISE = 16;

export interface Protection {
  /** L2 norm that the update is scaled down to where it is longer. Above 0. */
  clip: number;
  /** Standard deviation of the noise of every parameter, in clips: 0 (none) … `MOST_NOISE`. */
  noise: number;
}

export interface ProtectedUpdate {
  /** Multiples of `step`. */
  steps: Int32Array;
  /** clip / 2^20. */
  step: number;
  /** L2 norm before clipping. Never leaves the node by itself: only the ledger shows it. */
  norm: number;
  clipped: boolean;
  /** Standard deviation of the noise that was added, in clips: at least what was asked for. */
  noise: number;
}

/**
 * Clips, rounds, adds noise. The length on the grid never exceeds the clip before the noise, so that one update differs
 * from any other by 2 clips at most.
 *
 * Packing (int8, error feedback) comes afterwards, on `valuesOf` the result: what is computed from a protected update,
 * residuals of earlier protected ones included, tells no more than it does.
 * @param share 0 … 1: how much of the update is given, the weight in a group's sum
 * Throws `UPDATE_NOT_FINITE` for NaN and infinities, `NOISE_OUT_OF_RANGE` for a protection outside of its bounds.
 */
export function protectUpdate(
  delta: Float32Array,
  { clip, noise }: Protection,
  secrets: SecretSource,
  share = 1,
): ProtectedUpdate {
  if (!(clip > 0 && Number.isFinite(clip)) || !(noise >= 0 && noise <= MOST_NOISE) || !(share > 0 && share <= 1)) {
    throw new ParlmeshError(
      'NOISE_OUT_OF_RANGE',
      `clip above 0, noise 0 … ${MOST_NOISE} and share above 0 … 1 are needed, not ${clip}, ${noise}, ${share}`,
    );
  }
  const norm = normOf(delta);
  if (!Number.isFinite(norm)) {
    throw new ParlmeshError('UPDATE_NOT_FINITE', 'The update has numbers that are not finite: training went wrong', {
      hint: 'nothing was sent; the learner trains again from the present model in the next round',
    });
  }
  // Noise wider than the sampler's σ goes in coarser steps, and then the update must be as coarse: what is finer than
  // the noise's step would leave as it is.
  const coarse = Math.max(1, Math.ceil((noise * GRID) / MOST_SIGMA));
  const scale = (Math.min(1, clip / Math.max(norm, Number.MIN_VALUE)) * share * GRID) / clip;
  const steps = onGrid(delta, scale, coarse);
  const sigma = Math.ceil((noise * GRID) / coarse);
  if (sigma > 0) {
    const added = new Int32Array(delta.length);
    fillDiscreteGaussian(added, sigma, new SecretNumbers(secrets));
    for (let at = 0; at < steps.length; at++) steps[at] = within32(steps[at]! + coarse * added[at]!);
  }
  return { steps, step: clip / GRID, norm, clipped: norm > clip, noise: (sigma * coarse) / GRID };
}

export function valuesOf({ steps, step }: Pick<ProtectedUpdate, 'steps' | 'step'>): Float32Array {
  return Float32Array.from(steps, (count) => count * step);
}

/** To the nearest steps; towards zero, where rounding would have made it longer than the clip. */
function onGrid(delta: Float32Array, scale: number, coarse: number): Int32Array {
  const nearest = Int32Array.from(delta, (value) => Math.round((value * scale) / coarse) * coarse);
  let squares = 0;
  for (const count of nearest) squares += count * count;
  if (squares <= GRID * GRID) return nearest;
  return Int32Array.from(delta, (value) => Math.trunc((value * scale * (1 - 1e-9)) / coarse) * coarse);
}

const within32 = (count: number): number => Math.max(-0x7fff_ffff, Math.min(0x7fff_ffff, count));
