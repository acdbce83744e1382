// Which trials are held back, and what comes of comparing two models on them by what each gave as probable.

import { ParlmeshError } from '../../../core/errors.ts';
import { estimate } from '../../parl/evaluation.ts';
import { partOf } from '../../parl/recent-jobs.ts';
import type { Comparison } from '../learner.ts';

/** One in four, by its id, so that it stays one: as jobs are. */
export function isHeldBack(id: string): boolean {
  return partOf(id) === 'held-back';
}

/**
 * The gain is exp(mean of ln p_candidate - ln p_baseline): the inverse ratio of perplexities. Throws `LEARNER_NO_TRIALS`.
 * @param differences of the logarithms, one for each trial
 * @param what for people: "repairs"
 */
export function compareLikelihoods(differences: readonly number[], what: string): Comparison {
  if (differences.length === 0) {
    throw new ParlmeshError('LEARNER_NO_TRIALS', `There are no ${what} here that were held back to compare models on`);
  }
  return comparisonOf(
    differences,
    ({ gain, range }) =>
      `${differences.length} ${what} that were held back are ${gain} times as probable to it (${range})`,
  );
}

/** @param logs of how many times as good the candidate was, one for each trial; some */
export function comparisonOf(
  logs: readonly number[],
  sentence: (figures: { gain: string; range: string }) => string,
): Comparison {
  const { value, low, high } = estimate(logs);
  const gain = Math.exp(value);
  const interval: [number, number] = [Math.exp(low), Math.exp(high)];
  const range = `95 %: ${interval[0].toFixed(3)} to ${interval[1].toFixed(3)}`;
  return {
    gain,
    ...(logs.length > 1 && { interval }),
    trials: logs.length,
    sentence: sentence({ gain: gain.toFixed(3), range }),
  };
}

/** Mean and sample standard deviation. */
export function meanAndDeviationOf(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}
