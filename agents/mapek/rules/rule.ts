// How a fault is told from what is heard. Rules are tables; the analyzer reads them and keeps what was heard.

import type { Millis } from '../../../core/clock.ts';
import type { HysteresisRule } from '../../hysteresis.ts';
import type { MetricName } from '../signal.ts';
import type { Fault } from '../symptom.ts';

/**
 * How much a word says of a fault: with nothing else known, the probability that it is there; negative, how much it speaks
 * against it.
 */
export type Strength = number;

export interface MetricClue extends HysteresisRule {
  /** While it is raised; while it is not, the reading speaks against the fault as much. */
  strength: Strength;
  /** The value at which it could not be worse (severity 1); at `raise` it is 0.2. */
  worst: number;
  /** `{value}` of probes to {name} are lost. */
  sentence: string;
  unit: 'percent' | 'seconds' | 'times' | 'celsius' | 'none';
}

export interface ScoreClue {
  readonly of: readonly string[];
  readonly weight: Strength;
  /** A score tells how unusual something is, not how bad: left out, it makes nothing worse. */
  readonly severity?: number;
  /** A score of 0 speaks against the fault as much. Left out: it says nothing. */
  readonly against?: Strength;
}

export interface Rule {
  fault: Fault;
  /** Kinds of subjects that can have it: `agent` of `agent/checker-1`. */
  kinds: readonly string[];
  /** The likely root cause as a sentence with `{name}`, and `{seen}` for the newest evidence. */
  cause: string;
  metrics?: Readonly<Partial<Record<MetricName, MetricClue>>>;
  /** By the word of a `state`. */
  states?: Readonly<Record<string, Strength>>;
  /** By the kind of a journal entry. */
  events?: Readonly<Record<string, Strength>>;
  /** Anomaly scores of metrics that begin so count by this weight. */
  scores?: ScoreClue;
  /** It must be sure for so long before it is told: what depends on something that fails is heard first at times. */
  steadyFor: Millis;
  /** Coming back within this it needs no `steadyFor`. */
  calmFor: Millis;
  /** What was heard counts for so long unless it is heard again. States and events count until they are contradicted. */
  readingsLast: Millis;
  /** What is told to the choice of action besides `severity` and `often`: names of metrics and facts, at most 6. */
  context?: readonly string[];
}

/** Symptoms begin when the confidence is at least this, and end when it is at most that. */
export const RAISE = 0.6;
export const CLEAR = 0.3;
/** What others say counts half, and never makes a symptom without anything seen here. */
export const PEER_WORD = 0.5;
/** A state or an event that is not said again counts no longer than this. */
export const WORD_LASTS: Millis = 15 * 60_000;

/** Severity of a reading: 0.2 at the threshold, 1 at the worst, on a straight line. Works for low values as well. */
export function severityOf(value: number, { raise, worst }: MetricClue): number {
  const share = worst === raise ? 1 : (value - raise) / (worst - raise);
  return Math.min(1, Math.max(0, 0.2 + 0.8 * share));
}

/** The reading as people read it. */
export function valueInWords(value: number, unit: MetricClue['unit']): string {
  switch (unit) {
    case 'percent':
      return `${Math.round(value * 100)} %`;
    case 'seconds':
      return `${Number(value.toPrecision(3))} s`;
    case 'times':
      return `${Number(value.toPrecision(3))} times`;
    case 'celsius':
      return `${Math.round(value)} °C`;
    case 'none':
      return String(Number(value.toPrecision(3)));
  }
}
