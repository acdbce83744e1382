// How much of the score comes from having chosen on the files that are scored: the weights of the ensemble are chosen anew on
// half of the files, and the other half is scored by those weights and their threshold.

import { News } from '../../agents/anomaly/news.ts';
import { combine, OWN_PEAKS, SeriesDetector, TRAITS } from '../../agents/anomaly/series-detector.ts';
import { UpperTail } from '../../agents/anomaly/upper-tail.ts';
import type { Random } from '../../core/random.ts';
import type { NabFile } from './corpus.ts';
import { type Optimum, optimise, PROFILES, scoreAt } from './scorer.ts';

/** Surprises of each trait, row by row, unweighted. */
export type Surprises = Map<string, Float32Array[]>;

const CHOICES = [0, 0.07, 0.15, 0.3];
const PASSES = 2;

export function surprisesOf(files: readonly NabFile[]): Surprises {
  return new Map(
    files.map(({ name, rows, values, times }) => {
      const traits = TRAITS.map(() => new Float32Array(rows));
      const detector = new SeriesDetector();
      for (let row = 0; row < rows; row++) {
        detector.push(values[row]!, times[row]!);
        for (const { trait, unweighted } of detector.reasons()) traits[TRAITS.indexOf(trait)]![row] = unweighted;
      }
      return [name, traits];
    }),
  );
}

/** Halves of each category at random. */
export function halves(files: readonly NabFile[], random: Random): [NabFile[], NabFile[]] {
  const parts: [NabFile[], NabFile[]] = [[], []];
  for (const category of new Set(files.map((file) => file.category))) {
    const some = files.filter((file) => file.category === category);
    for (let at = some.length - 1; at > 0; at--) {
      const other = random.below(at + 1);
      [some[at], some[other]] = [some[other]!, some[at]!];
    }
    const first = random.below(2);
    for (const [at, file] of some.entries()) parts[(at + first) % 2 === 0 ? 0 : 1].push(file);
  }
  return parts;
}

/** Coordinate descent over the side weights, by the standard profile. */
export function chooseWeights(files: readonly NabFile[], surprises: Surprises): { weights: number[]; best: Optimum } {
  let weights: number[] = TRAITS.map((_, each) => (each === 0 ? 1 : 0));
  let best = optimise(files, scoresBy(files, surprises, weights), PROFILES.standard);
  for (let pass = 0; pass < PASSES; pass++) {
    for (let each = 1; each < TRAITS.length; each++) {
      for (const choice of CHOICES.filter((other) => other !== weights[each])) {
        const tried = weights.with(each, choice);
        const optimum = optimise(files, scoresBy(files, surprises, tried), PROFILES.standard);
        if (optimum.score > best.score) [weights, best] = [tried, optimum];
      }
    }
  }
  return { weights, best };
}

export function held(
  files: readonly NabFile[],
  surprises: Surprises,
  weights: readonly number[],
  threshold: number,
): number {
  return scoreAt(files, scoresBy(files, surprises, weights), PROFILES.standard, threshold).score;
}

function scoresBy(
  files: readonly NabFile[],
  surprises: Surprises,
  weights: readonly number[],
): Map<string, Float64Array> {
  return new Map(
    files.map(({ name, rows }) => {
      const traits = surprises.get(name)!;
      const [own, news] = [new UpperTail(OWN_PEAKS), new News()];
      const scores = new Float64Array(rows);
      for (let row = 0; row < rows; row++) {
        let sum = 0;
        for (let each = 0; each < weights.length; each++) sum += weights[each]! * traits[each]![row]!;
        scores[row] = news.push(combine(sum, own, row + 1));
      }
      return [name, scores];
    }),
  );
}
