// Gaussian noise on whole numbers, sampled exactly: Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential
// Privacy" (NeurIPS 2020, arXiv 2004.00010), algorithms 1 to 3. Noise from floating-point logarithms has gaps that give
// the secret away (Mironov, CCS 2012); here every decision is a comparison of whole numbers below 2^53.

import { ParlmeshError } from '../../../core/errors.ts';
import type { SecretNumbers } from './secret-numbers.ts';

/** With a larger σ, the fractions that the sampler compares would not fit into 53 bits. */
export const MOST_SIGMA = 2 ** 20;

/**
 * Fills `out` with independent samples of N_Z(0, σ²): P(x) in proportion to exp(−x²/2σ²) over the whole numbers.
 * @param sigma whole, 1 … `MOST_SIGMA`; throws `NOISE_OUT_OF_RANGE` otherwise
 */
export function fillDiscreteGaussian(out: Int32Array, sigma: number, numbers: SecretNumbers): void {
  if (!Number.isInteger(sigma) || sigma < 1 || sigma > MOST_SIGMA) {
    throw new ParlmeshError(
      'NOISE_OUT_OF_RANGE',
      `σ of discrete noise is a whole number 1 … ${MOST_SIGMA}, not ${sigma}`,
    );
  }
  for (let at = 0; at < out.length; at++) out[at] = discreteGaussian(sigma, numbers);
}

/**
 * Algorithm 3 with t = σ, for which (|y| − σ²/t)² / 2σ² is a fraction of whole numbers. Correct for every t; the
 * authors' ⌊σ⌋ + 1 is as quick.
 */
function discreteGaussian(sigma: number, numbers: SecretNumbers): number {
  const denominator = 2 * sigma * sigma;
  for (;;) {
    const sample = discreteLaplace(sigma, numbers);
    const off = Math.abs(sample) - sigma;
    // 2^26 of σ = 2^20 is 64 σ out: e^−2048 is never accepted, and the square would not fit.
    if (Math.abs(off) >= 2 ** 26) continue;
    if (happensExp(off * off, denominator, numbers)) return sample;
  }
}

/** Algorithm 2 with s = 1: P(x) in proportion to exp(−|x| / scale). */
function discreteLaplace(scale: number, numbers: SecretNumbers): number {
  for (;;) {
    const within = numbers.below(scale);
    if (!happensExp(within, scale, numbers)) continue;
    let whole = 0;
    while (happensExp(1, 1, numbers)) whole++;
    const size = within + scale * whole;
    if (numbers.bit() === 0) return size;
    // Zero would come twice, once with each sign.
    if (size !== 0) return -size;
  }
}

/** Algorithm 1: true with probability exp(−numerator / denominator). */
function happensExp(numerator: number, denominator: number, numbers: SecretNumbers): boolean {
  let rest = numerator;
  while (rest > denominator) {
    if (!happensSmallExp(1, 1, numbers)) return false;
    rest -= denominator;
  }
  return happensSmallExp(rest, denominator, numbers);
}

/** For fractions up to 1: the length of a run of ever less likely events is odd with probability exp(−fraction). */
function happensSmallExp(numerator: number, denominator: number, numbers: SecretNumbers): boolean {
  let run = 1;
  while (numbers.below(denominator * run) < numerator) run++;
  return run % 2 === 1;
}
