// What is believed of one action on one fault: how likely it helps in a given context, and how long that takes. Bayesian, so
// that it knows how little it knows. Pure but for the sums that it keeps.

import type { Random } from '../../core/random.ts';
import { normal } from '../parl/normal.ts';

/** What is believed before anything was tried. */
export interface RepairPrior {
  /** Probability that it helps, and how many tries that belief is worth. */
  success: number;
  worth: number;
  /** Mean and standard deviation of ln(seconds until it has helped), and how many successes that is worth. */
  logSeconds: number;
  logDeviation: number;
}

export interface RepairEstimate {
  success: number;
  /** Until it has helped, if it does. */
  seconds: number;
  /** Tries that it rests on, the prior's included. */
  worth: number;
}

/** Outcomes are 0 or 1: their variance is at most this. */
const NOISE = 0.25;
/** Precision of what a context weighs, before anything was tried: ±0.5 over the whole range is usual. */
const CONTEXT_PRECISION = 4;
/** Each try makes what was known before worth a little less: a half after 140 tries. */
const FADE = 0.995;
const [LEAST_SUCCESS, MOST_SUCCESS] = [0.02, 0.98];

/**
 * Success: Bayesian linear regression on x = (1, c₁ - ½, …), posterior N(Λ⁻¹b, Λ⁻¹) with Λ = Λ₀ + Σ x xᵀ/σ² and
 * b = Λ₀μ₀ + Σ x y/σ² (Bishop 2006, equations 3.53 and 3.54). Sampling from it is Thompson sampling with linear payoffs
 * (Agrawal and Goyal 2013, algorithm 1). Time: ln seconds normal with a normal-gamma prior (Murphy 2007, section 3).
 */
export class RepairModel {
  readonly #size: number;
  readonly #prior: RepairPrior;
  /** Λ - Λ₀ by rows, and b - Λ₀μ₀. */
  readonly #precision: Float64Array;
  readonly #moment: Float64Array;
  #tries = 0;
  #helped = 0;
  #logSum = 0;
  #logSquares = 0;

  /** @param contextSize numbers in a context, at most 8 */
  constructor(prior: RepairPrior, contextSize: number) {
    this.#size = 1 + contextSize;
    this.#prior = prior;
    this.#precision = new Float64Array(this.#size * this.#size);
    this.#moment = new Float64Array(this.#size);
  }

  /** Tries that were seen here, faded. */
  get tries(): number {
    return this.#tries;
  }

  /** @param share of the try that is this action's, where several ran at once: 0 to 1 */
  learn(context: readonly number[], helped: boolean, seconds: number, share: number): void {
    const x = this.#features(context);
    const n = this.#size;
    for (let i = 0; i < n * n; i++) this.#precision[i]! *= FADE;
    for (let i = 0; i < n; i++) this.#moment[i]! *= FADE;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) this.#precision[i * n + j]! += (share * x[i]! * x[j]!) / NOISE;
      if (helped) this.#moment[i]! += (share * x[i]!) / NOISE;
    }
    this.#tries = this.#tries * FADE + share;
    if (!helped) return;
    const log = Math.log(Math.max(0.001, seconds));
    this.#helped = this.#helped * FADE + share;
    this.#logSum = this.#logSum * FADE + share * log;
    this.#logSquares = this.#logSquares * FADE + share * log * log;
  }

  /** The posterior mean; with `random`, one sample of the posterior. */
  estimate(context: readonly number[], random?: Random): RepairEstimate {
    const x = this.#features(context);
    const factor = this.#factor();
    const mean = solveUpper(factor, solveLower(factor, this.#target(), this.#size), this.#size);
    if (random !== undefined) {
      const noise = solveUpper(
        factor,
        Float64Array.from(mean, () => normal(random)),
        this.#size,
      );
      for (let i = 0; i < mean.length; i++) mean[i]! += noise[i]!;
    }
    const success = mean.reduce((sum, weight, i) => sum + weight * x[i]!, 0);
    return {
      success: Math.min(MOST_SUCCESS, Math.max(LEAST_SUCCESS, success)),
      seconds: this.#seconds(random),
      worth: this.#tries + this.#prior.worth,
    };
  }

  #features(context: readonly number[]): Float64Array {
    return Float64Array.from({ length: this.#size }, (_, i) => (i === 0 ? 1 : (context[i - 1] ?? 0.5) - 0.5));
  }

  /** The Cholesky factor of Λ, by rows. */
  #factor(): Float64Array {
    const n = this.#size;
    const full = Float64Array.from(this.#precision);
    for (let i = 0; i < n; i++) full[i * n + i]! += i === 0 ? this.#prior.worth / NOISE : CONTEXT_PRECISION;
    return cholesky(full, n);
  }

  #target(): Float64Array {
    const target = Float64Array.from(this.#moment);
    target[0]! += (this.#prior.worth / NOISE) * this.#prior.success;
    return target;
  }

  /** Mean of the log-normal; a sample takes the mean of the logarithm from its posterior. */
  #seconds(random: Random | undefined): number {
    const { logSeconds, logDeviation } = this.#prior;
    const weight = 1 + this.#helped;
    const mean = (logSeconds + this.#logSum) / weight;
    const squares = logDeviation ** 2 + logSeconds ** 2 + this.#logSquares;
    const variance = Math.max(1e-4, squares / weight - mean * mean);
    const drawn = random === undefined ? mean : mean + normal(random) * Math.sqrt(variance / weight);
    return Math.exp(drawn + variance / 2);
  }
}

/** L with L Lᵀ = `matrix`, by rows; the matrix is symmetric and positive definite. */
function cholesky(matrix: Float64Array, n: number): Float64Array {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * n + k]! * factor[j * n + k]!;
      factor[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / factor[j * n + j]!;
    }
  }
  return factor;
}

/** y with L y = `right`. */
function solveLower(factor: Float64Array, right: Float64Array, n: number): Float64Array {
  const y = Float64Array.from(right);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) y[i]! -= factor[i * n + k]! * y[k]!;
    y[i]! /= factor[i * n + i]!;
  }
  return y;
}

/** x with Lᵀ x = `right`. */
function solveUpper(factor: Float64Array, right: Float64Array, n: number): Float64Array {
  const x = Float64Array.from(right);
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= factor[k * n + i]! * x[k]!;
    x[i]! /= factor[i * n + i]!;
  }
  return x;
}
