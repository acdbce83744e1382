// How long each phase of the loop takes, as histograms that Prometheus can show.

import type { Millis } from '../../core/clock.ts';

/**
 * `monitor`: weighing a signal. `analyze`: from weighed signals to symptoms. `plan`. `execute`: from a plan to the begin of
 * its actions, without what they wait for. `act` and `verify`: the actions themselves. `cycle`: from the signal to the
 * begin of the first action.
 */
export const PHASES = ['monitor', 'analyze', 'plan', 'execute', 'act', 'verify', 'cycle'] as const;
export type LoopPhase = (typeof PHASES)[number];

/** Seconds; the last bucket is infinite. */
export const PHASE_BUCKETS = [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100] as const;

export interface PhaseHistogram {
  phase: LoopPhase;
  /** Not cumulative; one more than `PHASE_BUCKETS`. */
  counts: readonly number[];
  sum: number;
  count: number;
}

export class PhaseTimes {
  readonly #onPhase: ((phase: LoopPhase, took: Millis) => void) | undefined;
  readonly #phases = new Map(
    PHASES.map((phase) => [phase, { counts: new Array<number>(PHASE_BUCKETS.length + 1).fill(0), sum: 0, count: 0 }]),
  );

  constructor(onPhase?: (phase: LoopPhase, took: Millis) => void) {
    this.#onPhase = onPhase;
  }

  observe(phase: LoopPhase, took: Millis): void {
    this.#onPhase?.(phase, took);
    const histogram = this.#phases.get(phase)!;
    const seconds = Math.max(0, took) / 1000;
    const at = PHASE_BUCKETS.findIndex((bucket) => seconds <= bucket);
    histogram.counts[at < 0 ? PHASE_BUCKETS.length : at]!++;
    histogram.sum += seconds;
    histogram.count++;
  }

  histograms(): PhaseHistogram[] {
    return [...this.#phases].map(([phase, { counts, sum, count }]) => ({ phase, counts: [...counts], sum, count }));
  }
}
