// Is a candidate better, and does work go worse under it? Both with what chance alone would do. Pure; docs/federation-rollout.md
// has the formulas.

import type { Comparison } from '../learner.ts';
import type { Measure } from './messages.ts';

/** Half the width of a 95 % interval in standard errors. */
const Z95 = 1.959964;
/** Of ln gain where a node gives no interval. */
const UNSURE = 0.1;
const LEAST_ERROR = 1e-4;

export interface Pooled {
  gain: number;
  low: number;
  high: number;
  /** Verdicts that count, and trials in them. */
  nodes: number;
  trials: number;
}

/**
 * ln gain of all nodes by the random-effects model of DerSimonian and Laird (1986): nodes differ, and each is unsure by itself.
 * With five verdicts or more the greatest and the least fifth do not count. Undefined for none.
 */
export function poolGains(comparisons: readonly Comparison[]): Pooled | undefined {
  const sorted = comparisons
    .filter(({ gain }) => gain > 0 && Number.isFinite(gain))
    .map(({ gain, interval, trials }) => ({ y: Math.log(gain), error: errorOf(interval), trials }))
    .sort((a, b) => a.y - b.y);
  const cut = Math.floor(sorted.length / 5);
  const kept = sorted.slice(cut, sorted.length - cut);
  if (kept.length === 0) return undefined;
  const fixed = kept.map(({ error }) => 1 / error ** 2);
  const mean = weighted(
    kept.map(({ y }) => y),
    fixed,
  );
  const q = kept.reduce((sum, { y }, index) => sum + fixed[index]! * (y - mean) ** 2, 0);
  const total = sumOf(fixed);
  const scale = total - sumOf(fixed.map((weight) => weight ** 2)) / total;
  const between = scale > 0 ? Math.max(0, (q - (kept.length - 1)) / scale) : 0;
  const weights = kept.map(({ error }) => 1 / (error ** 2 + between));
  const value = weighted(
    kept.map(({ y }) => y),
    weights,
  );
  const half = Z95 / Math.sqrt(sumOf(weights));
  return {
    ...{ gain: Math.exp(value), low: Math.exp(value - half), high: Math.exp(value + half), nodes: kept.length },
    trials: kept.reduce((sum, { trials }) => sum + trials, 0),
  };
}

export type GainVerdict = 'better' | 'unclear' | 'worse';

/** Better: by the margin, and beyond chance. Worse: beyond chance. */
export function verdictOn({ gain, low, high }: Pooled, margin: number): GainVerdict {
  if (gain >= 1 + margin && low > 1) return 'better';
  return high < 1 ? 'worse' : 'unclear';
}

/** Work on one node before and since something changed there, or over the same time where nothing did. */
export interface WorkPair {
  before?: Measure | undefined;
  after?: Measure | undefined;
}

export interface WorkJudgement {
  isWorse: boolean;
  sentence: string;
}

/** One-sided: 0.001 while a stage lasts, 0.01 at its end (Haybittle 1971 and Peto et al. 1976: looking often is not to mislead). */
const CRITICAL = { during: 3.09, end: 2.326 };
/** Fewer samples before or after tell nothing of a node. */
const FEWEST = 3;

/**
 * Compares the change where the model serves with the change elsewhere over the same time (difference in differences), each
 * node against itself; where there are no others, with no change.
 */
export function judgeWork(
  serving: readonly WorkPair[],
  others: readonly WorkPair[],
  { unit, worse, isEnd }: { unit: string; worse: number; isEnd: boolean },
): WorkJudgement {
  const changed = changeOf(serving);
  if (changed === undefined) {
    const samples = serving.reduce((sum, { after }) => sum + (after?.samples ?? 0), 0);
    return {
      isWorse: false,
      sentence: `${samples} pieces of work are too few, or nothing was known before, to tell a change by`,
    };
  }
  const elsewhere = changeOf(others);
  const effect = changed.mean - (elsewhere?.mean ?? 0);
  const error = Math.sqrt(changed.variance + (elsewhere?.variance ?? 0));
  const z = effect / Math.max(error, LEAST_ERROR);
  const isRatio = unit.startsWith('ln');
  const least = isRatio ? Math.log1p(worse) : worse * Math.max(Math.abs(changed.before), LEAST_ERROR);
  const isWorse = z > (isEnd ? CRITICAL.end : CRITICAL.during) && effect > least;
  const told = (change: Change): string =>
    `${inWords(change.mean, isRatio)} (${change.before.toFixed(2)} to ${change.after.toFixed(2)} ${unit}, ${change.samples} samples on ${change.nodes} ${change.nodes === 1 ? 'node' : 'nodes'})`;
  const beside = elsewhere === undefined ? 'nothing to compare with elsewhere' : `elsewhere ${told(elsewhere)}`;
  return { isWorse, sentence: `where it serves, work costs ${told(changed)}; ${beside}; z = ${z.toFixed(1)}` };
}

interface Change {
  mean: number;
  variance: number;
  before: number;
  after: number;
  samples: number;
  nodes: number;
}

/** Mean of the nodes' changes, weighted by their samples. */
function changeOf(pairs: readonly WorkPair[]): Change | undefined {
  const told = pairs.flatMap(({ before, after }) =>
    before !== undefined && after !== undefined && isEnough(before) && isEnough(after) ? [{ before, after }] : [],
  );
  if (told.length === 0) return undefined;
  const weights = told.map(({ before, after }) => 1 / (1 / before.samples + 1 / after.samples));
  const total = sumOf(weights);
  const variances = told.map(({ before, after }) => squaredError(before) + squaredError(after));
  return {
    mean: weighted(
      told.map(({ before, after }) => after.cost - before.cost),
      weights,
    ),
    variance: sumOf(variances.map((variance, index) => (weights[index]! / total) ** 2 * variance)),
    before: weighted(
      told.map(({ before }) => before.cost),
      weights,
    ),
    after: weighted(
      told.map(({ after }) => after.cost),
      weights,
    ),
    samples: told.reduce((sum, { after }) => sum + after.samples, 0),
    nodes: told.length,
  };
}

const isEnough = ({ samples, deviation }: Measure): boolean => samples >= FEWEST && deviation !== undefined;
const squaredError = ({ deviation = 0, samples }: Measure): number => deviation ** 2 / samples;

function errorOf(interval: [number, number] | undefined): number {
  if (interval === undefined) return UNSURE;
  const [low, high] = interval;
  const error = (Math.log(high) - Math.log(low)) / (2 * Z95);
  return Number.isFinite(error) ? Math.max(LEAST_ERROR, error) : UNSURE;
}

function inWords(change: number, isRatio: boolean): string {
  if (isRatio) return `${Math.exp(change).toFixed(2)} times as much as before`;
  return `${Math.abs(change).toFixed(3)} ${change > 0 ? 'more' : 'less'} than before`;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function weighted(values: readonly number[], weights: readonly number[]): number {
  return values.reduce((sum, value, index) => sum + value * weights[index]!, 0) / sumOf(weights);
}
