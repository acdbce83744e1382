// parlmesh's own rule, and the core of its default: copies count once, and who points against the rest is left out. Everything is
// decided on the cosines of all pairs, since the honest updates of reinforcement learning are so noisy that liars who agree with
// one another lie nearer to everybody than the honest do: distances (Krum, medians) choose them.
//
// 1. Alike. Pairs whose cosine is far above what is usual among honest ones come from one hand; what hangs together by such
//    pairs shares the weight of one update (after FoolsGold: Fung et al. 2020, which does so over rounds).
// 2. Against. An update's support is its mean cosine with all others, weighted, and none greater than what is usual. While the
//    least supported has negative support, or far less than most, it is left out, and the support of the rest is counted anew.
//    At most a minority goes.
// 3. The rest is averaged.

import type { Aggregate, Aggregator, Doubt, Update, Verdict } from '../aggregator.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { figure, medianOf, normOf, ramp, requireUpdates, spreadOf, weightedMean } from '../update-set.ts';

/** Spreads beyond which a cosine is no accident, and beyond which support is too little. */
const ALIKE = 8;
const UNSUPPORTED = 4;
/** Nearer than this share of the usual squared distance are only copies. */
const COPIED = 0.1;
/** Where honest updates have nothing in common, chance alone makes some pairs agree a little. */
const LEAST_ALIKE = 0.3;
/** Support below this share of what most have is too little, where it is far off as well. */
const SCANT = 0.25;
/** Where honest updates agree almost perfectly, differences of rounding are not to count as spread. */
const LEAST_SPREAD = 0.01;
/** What is left of a sum of weights once all have been taken off again. */
const TINY = 1e-9;
/** Fewer updates have no statistics: three pairs say nothing about what is usual. */
const FEWEST = 5;

/** Updates of weight 0 are judged and do not count; at least one must have some. */
export function consensus({ arithmetic }: { arithmetic: Arithmetic }): Aggregator {
  const name = 'consensus';
  return {
    name,
    aggregate: (updates) => {
      requireUpdates(name, updates);
      return averageAgreeing(updates, arithmetic);
    },
  };
}

function averageAgreeing(updates: readonly Update[], arithmetic: Arithmetic): Aggregate {
  const rows = updates.map(({ delta }) => delta);
  const cosines = pairCosines(rows, arithmetic);
  const usual = greatestUsual(cosines, updates.length);
  const groups = alikeGroups(cosines, updates.length, usual);
  const weights = updates.map(({ weight }, i) => weight / groups.sizes[i]!);
  const against = leftOut(cosines, weights, { usual, groups });
  const counted = weights.map((weight, i) => (against.has(i) ? 0 : weight));
  const total = counted.reduce((sum, weight) => sum + weight, 0);
  const verdicts = updates.map(({ node }, i): Verdict => {
    const share = counted[i]! / total;
    const doubt = against.get(i) ?? alikeDoubt(updates, groups, i);
    return doubt === undefined ? { node, share } : { node, share, doubt };
  });
  return { delta: weightedMean(rows, counted), verdicts };
}

/** n × n, 1 on the diagonal; 0 beside an update of zeros. Of unit vectors, so that no length takes another's digits. */
function pairCosines(rows: readonly Float32Array[], arithmetic: Arithmetic): Float64Array {
  const count = rows.length;
  const scales = Float64Array.from(rows, (row) => 1 / normOf(row));
  const isNothing = Array.from(scales, (scale) => !Number.isFinite(scale));
  scales.forEach((_, i) => {
    if (isNothing[i]) scales[i] = 0;
  });
  const cosines = arithmetic.squaredDistances(rows, scales);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      const at = i * count + j;
      cosines[at] = i === j ? 1 : isNothing[i] || isNothing[j] ? 0 : 1 - cosines[at]! / 2;
    }
  }
  return cosines;
}

/**
 * The greatest cosine that an honest pair may have. Told by the upper quartile: of all pairs, those between an honest node and a
 * liar are at most half, so that the upper half is honest pairs, but for the few of liars among themselves.
 */
function greatestUsual(cosines: Float64Array, count: number): number {
  if (count < FEWEST) return 1;
  const pairs = new Float64Array((count * (count - 1)) / 2);
  let at = 0;
  for (let i = 0; i < count; i++) for (let j = i + 1; j < count; j++) pairs[at++] = cosines[i * count + j]!;
  pairs.sort();
  const [half, quarter] = [pairs[pairs.length >> 1]!, pairs[Math.floor(0.75 * pairs.length)]!];
  // Of a normal distribution these two are 0.674 standard deviations apart.
  const spread = Math.max(LEAST_SPREAD, (quarter - half) / 0.674);
  return Math.max(quarter, LEAST_ALIKE, Math.min(quarter + ALIKE * spread, 1 - (1 - quarter) * COPIED));
}

interface Groups {
  /** How many are alike with each, itself included. */
  sizes: number[];
  /** The first of each one's group. */
  first: number[];
  /** The greatest cosine of each with another. */
  nearest: number[];
}

/** What hangs together by pairs above `threshold`. */
function alikeGroups(cosines: Float64Array, count: number, threshold: number): Groups {
  const first = Array.from({ length: count }, (_, i) => i);
  const firstOf = (i: number): number => {
    while (first[i] !== i) {
      first[i] = first[first[i]!]!;
      i = first[i]!;
    }
    return i;
  };
  const nearest = new Array<number>(count).fill(-1);
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      const cosine = cosines[i * count + j]!;
      nearest[i] = Math.max(nearest[i]!, cosine);
      nearest[j] = Math.max(nearest[j]!, cosine);
      if (cosine <= threshold) continue;
      const [a, b] = [firstOf(i), firstOf(j)];
      first[Math.max(a, b)] = Math.min(a, b);
    }
  }
  const firsts = first.map((_, i) => firstOf(i));
  const sizes = firsts.map((mine) => firsts.reduce((sum, other) => (other === mine ? sum + 1 : sum), 0));
  return { sizes, first: firsts, nearest };
}

function alikeDoubt(updates: readonly Update[], { sizes, first, nearest }: Groups, i: number): Doubt | undefined {
  if (sizes[i] === 1) return undefined;
  const others = updates.filter((_, j) => j !== i && first[j] === first[i]).map(({ node }) => node);
  const named = others.slice(0, 3).join(', ') + (others.length > 3 ? ` and ${others.length - 3} more` : '');
  const evidence = `nearly the same as that of ${named} (cosine ${figure(nearest[i]!)}): together they count as one`;
  return { reason: 'too-alike', evidence, severity: 1 };
}

/**
 * Whose support is negative or far below that of most, with the evidence. Copies do not support one another. Those without weight
 * are judged last: they have no say, and any number of them may go.
 */
function leftOut(
  cosines: Float64Array,
  weights: readonly number[],
  { usual, groups }: { usual: number; groups: Groups },
): Map<number, Doubt> {
  const count = weights.length;
  const out = new Map<number, Doubt>();
  const { first } = groups;
  const supported = new Float64Array(count);
  const asked = new Float64Array(count);
  const ask = (j: number, sign: number): void => {
    for (let i = 0; i < count; i++) {
      if (first[i] === first[j]) continue;
      const held = Math.min(usual, Math.max(-usual, cosines[i * count + j]!));
      supported[i]! += sign * weights[j]! * held;
      asked[i]! += sign * weights[j]!;
    }
  };
  for (let j = 0; j < count; j++) ask(j, 1);
  const support = (i: number): number => (asked[i]! > TINY ? supported[i]! / asked[i]! : 0);
  const voters = Array.from(weights.keys()).filter((i) => weights[i]! > 0);
  for (let most = Math.floor((voters.length - 1) / 2); most > 0; most--) {
    const supports = voters.map(support);
    const least = Math.min(...supports);
    const doubt = supportDoubt(least, supports);
    if (doubt === undefined) break;
    const [worst] = voters.splice(supports.indexOf(least), 1);
    out.set(worst!, doubt);
    ask(worst!, -1);
  }
  const supports = voters.map(support);
  for (let i = 0; i < count; i++) {
    const doubt = weights[i] === 0 ? supportDoubt(support(i), supports) : undefined;
    if (doubt !== undefined) out.set(i, doubt);
  }
  return out;
}

/** Undefined where support is nothing out of the ordinary. */
function supportDoubt(support: number, usual: readonly number[]): Doubt | undefined {
  const middle = medianOf(usual);
  const spread = Math.max(LEAST_SPREAD / 2, spreadOf(usual, middle));
  const isLow = support < middle - UNSUPPORTED * spread && support < SCANT * middle;
  if (support >= 0 && !isLow) return undefined;
  const evidence = `its mean cosine with the others is ${figure(support)}, for most it is ${figure(middle)}`;
  // Opposed by as much as others agree is no accident; a little below zero may be.
  const severity = ramp((middle - support) / (Math.abs(middle) + spread), 0.75, 1.75);
  return { reason: 'against-majority', evidence, severity };
}
