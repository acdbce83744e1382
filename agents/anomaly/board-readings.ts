// The readings of this board that a federation learns from, sampled, and what boards like it usually read, which it learned.
// Serves as the `BaselineSource` of federation/learners.

import type { Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { BaselineSource, Reading, SharedBaseline } from '../federation/learners/baseline-source.ts';
import { hourOf, type Usual } from './hourly-profile.ts';
import { MOST_METRICS, MOST_OF_METRIC, type ReadingsDocument } from './readings-document.ts';

export interface BoardReadingsParts {
  /** Name of this board's profile: `raspberry-pi-4`. */
  profile: string;
  /** Minutes that the clock on the wall here is ahead of UTC at a time. */
  offsetMinutes: (wall: Millis) => number;
}

/** One reading of a metric in as long, and no more of each. */
const EVERY: Millis = 120_000;
const MOST_SHARED = 1000;
/** Digits of a value that is saved: more than any sensor has. */
const DIGITS = 6;

export class BoardReadings implements BaselineSource {
  readonly profile: string;
  readonly #parts: BoardReadingsParts;
  /** The newest last. */
  readonly #readings = new Map<string, Reading[]>();
  #shared: readonly SharedBaseline[] = [];

  constructor(parts: BoardReadingsParts) {
    this.#parts = parts;
    this.profile = parts.profile;
  }

  /** Notes a reading, now and then; what is no number is left out. */
  note(metric: string, value: number, wall: Millis): void {
    if (!Number.isFinite(value)) return;
    const readings = this.#readings.get(metric) ?? [];
    const last = readings.at(-1);
    if (last !== undefined && Math.abs(wall - last.at) < EVERY) return;
    if (last === undefined) {
      if (this.#readings.size >= MOST_METRICS) return;
      this.#readings.set(metric, readings);
    }
    readings.push({ metric, value, at: wall, hour: this.#hourOf(wall) });
    if (readings.length > MOST_OF_METRIC) readings.shift();
  }

  save(): ReadingsDocument {
    const metrics = [...this.#readings].map(([metric, readings]) => ({
      metric,
      at: readings.map(({ at }) => at),
      values: readings.map(({ value }) => Number(value.toPrecision(DIGITS))),
    }));
    return { version: 1, profile: this.profile, metrics };
  }

  /** Takes up what was saved before anything is noted; not what another kind of board read, nor what is still to come by the clock. */
  restore({ profile, metrics }: ReadingsDocument, wall: Millis): void {
    if (profile !== this.profile) return;
    for (const { metric, at, values } of metrics) {
      for (const [place, time] of at.entries()) if (time <= wall) this.note(metric, values[place] ?? Number.NaN, time);
    }
  }

  readings(): readonly Reading[] {
    return [...this.#readings.values()].flat();
  }

  /** Throws `ANOMALY_BASELINES_INVALID` for what no board reads. */
  async share(baselines: readonly SharedBaseline[]): Promise<void> {
    const sound = ({ location, scale, evidence }: SharedBaseline): boolean =>
      Number.isFinite(location) && Number.isFinite(scale) && scale > 0 && evidence >= 0 && evidence <= 1;
    if (baselines.length > MOST_SHARED || !baselines.every(sound)) {
      throw new ParlmeshError('ANOMALY_BASELINES_INVALID', 'What boards like this one read is no location and scale');
    }
    this.#shared = [...baselines];
  }

  /** What boards like this one read at that time: of the latest part of the day that has begun. */
  expected(metric: string, wall: Millis): Usual | undefined {
    const hour = this.#hourOf(wall);
    let best: SharedBaseline | undefined;
    for (const each of this.#shared) {
      if (each.metric !== metric || each.hour > hour) continue;
      if (best === undefined || each.hour > best.hour) best = each;
    }
    if (best === undefined) return undefined;
    return { location: best.location, scale: best.scale, count: Math.round(EVIDENCE_COUNT * best.evidence) };
  }

  #hourOf(wall: Millis): number {
    return hourOf(wall + 60_000 * this.#parts.offsetMinutes(wall));
  }
}

/** What full evidence counts for, in readings. */
const EVIDENCE_COUNT = 100;
