// Made series and what the detector says of them.

import { type Judgement, SeriesDetector } from '../../../agents/anomaly/series-detector.ts';
import { seededRandom } from '../../../core/random.ts';

export const START = Date.UTC(2026, 0, 1);
export const MINUTE = 60_000;
export const DAY = 1440 * MINUTE;

/** About normal, mean 0, standard deviation 1. */
export function noise(seed: number): () => number {
  const random = seededRandom(seed);
  return () => (random.next() + random.next() + random.next() - 1.5) * 2;
}

export interface Told extends Judgement {
  index: number;
}

/** Judgements of values `step` apart. */
export function judge(values: readonly number[], step = 5 * MINUTE, detector = new SeriesDetector()): Told[] {
  return values.map((value, index) => ({ index, ...detector.push(value, START + index * step) }));
}

/** What was told as news with at least `likelihood`, from `from` on. */
export const alarms = (told: readonly Told[], from = 0, likelihood = 0.9986): number[] =>
  told.filter(({ index, score }) => index >= from && score >= likelihood).map(({ index }) => index);

export const series = (length: number, value: (index: number) => number): number[] =>
  Array.from({ length }, (_, index) => value(index));
