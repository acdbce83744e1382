// Says in words and numbers why a value is anomalous: which metric, how unusual, since when, what changed with it. Pure.

import type { Millis } from '../../core/clock.ts';
import type { Usual } from './hourly-profile.ts';
import type { Reason, TraitName } from './series-detector.ts';
import type { AnomalyExplanation } from './view.ts';

const MEANINGS: Readonly<Record<TraitName, string>> = {
  value: 'far from all values before',
  'high-rate': 'high values come more or less often than usual',
  daily: 'unlike this half hour of other days',
  hours: 'the last twelve values are unlike this time of other days',
  low: 'the lowest of the last 48 values is new',
  'time-of-day': 'a value that is new at this time of day',
  shape: 'the last three values form a new shape',
  variability: 'varies unlike before',
  level: 'a lasting change or drift of the level',
  mean: 'the mean of the last 24 values is new',
};

export interface Change {
  subject: string;
  metric: string;
  at: Millis;
}

export interface ExplainedValue {
  subject: string;
  metric: string;
  value: number;
  likelihood: number;
  since: Millis;
  usual: Usual | undefined;
  departure: number;
  reasons: readonly Reason[];
  together: readonly Change[];
  /** Values of the series so far: no more than that can be said to be as usual. */
  count: number;
}

const MOST_REASONS = 4;
/** Spreads that are shown as the usual range. */
const SHOWN = 2;

export function explain(given: ExplainedValue): AnomalyExplanation {
  const { subject, metric, value, likelihood, since, usual, departure, together } = given;
  const sum = given.reasons.reduce((all, { surprise }) => all + surprise, 0);
  const reasons = given.reasons.slice(0, MOST_REASONS).map(({ trait, surprise }) => {
    return { trait, share: surprise / sum, sentence: MEANINGS[trait] };
  });
  const oneOf = Math.round(Math.min(given.count, 1 / (1 - likelihood)));
  const range =
    usual === undefined
      ? undefined
      : {
          low: usual.location - SHOWN * usual.scale,
          typical: usual.location,
          high: usual.location + SHOWN * usual.scale,
        };
  const sentence = [
    `${metric} of ${subject} is ${short(value)}`,
    range === undefined ? '' : `, usually ${short(range.low)} to ${short(range.high)} at this hour`,
    Number.isFinite(departure) && Math.abs(departure) >= 1
      ? ` (${short(Math.abs(departure))} spreads ${departure > 0 ? 'above' : 'below'})`
      : '',
    `; one of ${oneOf.toLocaleString('en-GB')} values is as unusual`,
    reasons.length === 0 ? '' : `: ${reasons[0]!.sentence}`,
    `; since ${new Date(since).toISOString().slice(0, 19)}Z`,
    together.length === 0
      ? ''
      : `; with it changed ${together.map((each) => `${each.metric} of ${each.subject}`).join(', ')}`,
  ].join('');
  return {
    ...{ subject, metric, value, likelihood, oneOf, since, departure, reasons, sentence },
    together: together.map((each) => ({ ...each })),
    ...(range !== undefined && { usual: range }),
  };
}

/** Three digits: for sentences. */
export const short = (value: number): string => String(Number(value.toPrecision(3)));
