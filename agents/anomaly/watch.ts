// AnomalyWatch: all series of a node, scored as their values come; what is anomalous, why, since when, and who is told.
// Pure but for the clock that is handed in.

import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { ALARM_RULE, type AlarmRule } from './alarm-state.ts';
import { type BaselineDocument, MOST_SERIES } from './baseline-document.ts';
import { anyOf, believable } from './evidence.ts';
import { type Change, explain } from './explanation.ts';
import type { Usual } from './hourly-profile.ts';
import { type Acknowledgement, Acknowledgements, isQuiet, type Muted, type QuietHours } from './quiet.ts';
import type { AnomalyExplanation, AnomalySeriesView, AnomalyView } from './view.ts';
import { type MetricKind, type SeriesNow, WatchedSeries } from './watched-series.ts';

export interface AnomalyWatchParts {
  clock: Clock;
  /** Series at most, 1 to 1,024; each takes about 30 kB. Left out: 256. */
  mostSeries?: number;
  /**
   * False alarms a day that are accepted of the whole node. Less misses more: a value is suspected where fewer than this
   * are expected a day among all that are read. As it is in force now. Left out: 1.
   */
  falseAlarmsPerDay?: () => number;
  quietHours?: readonly QuietHours[];
  /** Minutes that the clock on the wall here is ahead of UTC at a time. Left out: 0. */
  offsetMinutes?: (wall: Millis) => number;
  /** What boards like this one usually read (`BoardReadings`): serves while a series is learned. */
  expected?: (reading: Pick<AnomalyReading, 'subject' | 'metric'>, wall: Millis) => Usual | undefined;
}

export interface AnomalyReading {
  /** `node`, `link/<node>`, `camera/north`, `agent/checker`. */
  subject: string;
  metric: string;
  kind: MetricKind;
  value: number;
}

export type AnomalyEvent =
  | { kind: 'raised'; explanation: AnomalyExplanation; muted?: Muted }
  | { kind: 'cleared'; subject: string; metric: string; since: Millis; muted?: Muted };

/** A series that was not read for so long gives its place to a new one. */
const STALE: Millis = 3_600_000;
/** What else changed within this belongs to an explanation. */
const TOGETHER: Millis = 60_000;
const MOST_CHANGES = 64;
const MOST_TOGETHER = 8;
/** As likely as this something changed: too little for an alarm, enough to be named beside one. */
const CHANGED = 0.99;
/** Of the raised series, the expected share of false ones that `raised` may name. */
const FALSE_SHARE = 0.05;
const DAY: Millis = 86_400_000;
/** Rates of reading are smoothed over as many readings. */
const RATE_MEMORY = 1000;

export class AnomalyWatch {
  readonly #parts: AnomalyWatchParts;
  readonly #most: number;
  readonly #series = new Map<string, WatchedSeries>();
  readonly #acknowledged = new Acknowledgements();
  readonly #changes: Change[] = [];
  #refused = 0;
  /** Smoothed milliseconds between readings, of any series. */
  #pace = 0;
  #lastReading: Millis | undefined;

  constructor(parts: AnomalyWatchParts) {
    this.#parts = parts;
    this.#most = Math.max(1, Math.min(MOST_SERIES, parts.mostSeries ?? 256));
  }

  /** Takes in one value; what is no number is left out. */
  observe({ subject, metric, kind, value }: AnomalyReading): AnomalyEvent[] {
    const { clock } = this.#parts;
    const [monotonic, wall] = [clock.now(), clock.wall()];
    const series = this.#seriesOf(subject, metric, kind, wall);
    if (series === undefined) return [];
    this.#measurePace(monotonic);
    const expected = series.learning ? this.#parts.expected?.({ subject, metric }, wall) : undefined;
    const before = series.push(value, { monotonic, wall }, this.#rule(), expected);
    if (before === undefined) return [];
    if (!series.learning && (series.now?.likelihood ?? 0) >= CHANGED) this.#note({ subject, metric, at: wall });
    const after = series.alarm;
    if (after.kind === 'raised' && before.kind !== 'raised') {
      return [{ kind: 'raised', explanation: this.#explain(series, after.since), ...this.#mutedAs(series, wall) }];
    }
    if (after.kind !== 'raised' && before.kind === 'raised') {
      return [{ kind: 'cleared', subject, metric, since: before.since, ...this.#mutedAs(series, wall) }];
    }
    return [];
  }

  /** A series is not read any more, as of a link that fell: it is unusual no longer, and known when it comes back. */
  rest(subject: string, metric: string): void {
    this.#series.get(keyOf(subject, metric))?.rest();
  }

  /** Likelihood that anything of this node is anomalous; what was acknowledged counts no more. */
  get score(): number {
    const wall = this.#parts.clock.wall();
    return this.#scoreAmong(this.#fresh(wall), wall);
  }

  #scoreAmong(fresh: readonly WatchedSeries[], wall: Millis): number {
    return scoreOfAll(fresh.filter(({ subject, metric }) => !this.#acknowledged.covers(subject, metric, wall)));
  }

  /** Of one subject (a link, a camera, an agent), or one metric of it. 0 of one that is not known. */
  scoreOf(subject: string, metric?: string): number {
    const wall = this.#parts.clock.wall();
    return scoreOfAll(
      this.#fresh(wall).filter(
        (series) => series.subject === subject && (metric === undefined || series.metric === metric),
      ),
    );
  }

  /** When a series was read last, by the wall clock; undefined of one that is not known, or was not read for an hour. */
  readAt(subject: string, metric: string): Millis | undefined {
    const now = this.#series.get(keyOf(subject, metric))?.now;
    return now !== undefined && isFresh(now, this.#parts.clock.wall()) ? now.at : undefined;
  }

  /** Throws `ANOMALY_WRONG_TIME` where `until` is past. */
  acknowledge(given: Omit<Acknowledgement, 'at'>): void {
    const at = this.#parts.clock.wall();
    if (!(given.until > at)) {
      throw new ParlmeshError('ANOMALY_WRONG_TIME', `An acknowledgement of ${given.subject} would have ended already`, {
        hint: 'Give a time that is still to come',
      });
    }
    this.#acknowledged.add({ ...given, at });
  }

  /** Whether there was an acknowledgement. */
  withdraw(subject: string, metric?: string): boolean {
    return this.#acknowledged.remove(subject, metric);
  }

  /** Whether nobody is told of it now, and why. */
  mutedNow(subject: string, metric: string): Muted | undefined {
    return this.#mutedAs({ subject, metric }, this.#parts.clock.wall()).muted;
  }

  view(): AnomalyView {
    const wall = this.#parts.clock.wall();
    const fresh = this.#fresh(wall);
    const scores = fresh.map(({ score }) => score);
    const believed = new Set(believable(scores, FALSE_SHARE).map((at) => fresh[at]!));
    const bySubject = Map.groupBy(fresh, ({ subject }) => subject);
    return {
      score: this.#scoreAmong(fresh, wall),
      subjects: [...bySubject].map(([subject, series]) => ({ subject, score: scoreOfAll(series) })),
      series: fresh.map((series) => this.#seriesView(series, wall)),
      raised: fresh.flatMap((series) =>
        series.alarm.kind === 'raised' && believed.has(series) ? [this.#explain(series, series.alarm.since)] : [],
      ),
      acknowledged: [...this.#acknowledged.current(wall)],
      refused: this.#refused,
    };
  }

  /** Usual readings by hour of the day, of a series that is known. */
  hours(subject: string, metric: string): [location: number, scale: number, count: number][] | undefined {
    return this.#series.get(keyOf(subject, metric))?.profile.exported();
  }

  save(): BaselineDocument {
    const wall = this.#parts.clock.wall();
    return {
      version: 1,
      savedAt: wall,
      series: [...this.#series.values()].map((series) => {
        const { subject, metric, kind } = series;
        return { subject, metric, kind, ...series.save() };
      }),
      acknowledged: [...this.#acknowledged.current(wall)],
    };
  }

  /** Takes up what was saved; series that cannot be read are learned anew. Returns why, of each. */
  restore(document: BaselineDocument): string[] {
    const problems: string[] = [];
    for (const { subject, metric, kind, ...state } of document.series.slice(0, this.#most)) {
      const series = new WatchedSeries(subject, metric, kind);
      try {
        series.restore(state);
        this.#series.set(keyOf(subject, metric), series);
      } catch (error) {
        problems.push(`${metric} of ${subject}: ${messageOf(error)}`);
      }
    }
    for (const entry of document.acknowledged) this.#acknowledged.add(entry);
    return problems;
  }

  #seriesOf(subject: string, metric: string, kind: MetricKind, wall: Millis): WatchedSeries | undefined {
    const key = keyOf(subject, metric);
    const known = this.#series.get(key);
    if (known?.kind === kind) return known;
    if (known === undefined && this.#series.size >= this.#most && !this.#makeRoom(wall)) {
      this.#refused++;
      return undefined;
    }
    const series = new WatchedSeries(subject, metric, kind);
    this.#series.set(key, series);
    return series;
  }

  /** Takes the place of the series that was not read for longest. */
  #makeRoom(wall: Millis): boolean {
    let oldest: [key: string, at: Millis] | undefined;
    for (const [key, { now }] of this.#series) {
      const at = now?.at ?? 0;
      if (oldest === undefined || at < oldest[1]) oldest = [key, at];
    }
    if (oldest === undefined || wall - oldest[1] < STALE) return false;
    return this.#series.delete(oldest[0]);
  }

  #fresh(wall: Millis): WatchedSeries[] {
    return [...this.#series.values()].filter(({ now }) => now !== undefined && isFresh(now, wall));
  }

  #measurePace(monotonic: Millis): void {
    if (this.#lastReading !== undefined) {
      const since = monotonic - this.#lastReading;
      this.#pace = this.#pace === 0 ? since : this.#pace + (since - this.#pace) / RATE_MEMORY;
    }
    this.#lastReading = monotonic;
  }

  /** So that of all readings of a day as few as accepted are suspected by chance: 1 - accepted / readings a day. */
  #rule(): AlarmRule {
    const readings = DAY / Math.max(1, this.#pace);
    const chance = Math.min(LEAST_SURE, (this.#parts.falseAlarmsPerDay?.() ?? 1) / readings);
    return { ...ALARM_RULE, raise: 1 - chance };
  }

  #note(change: Change): void {
    this.#changes.push(change);
    if (this.#changes.length > MOST_CHANGES) this.#changes.shift();
  }

  #explain(series: WatchedSeries, since: Millis): AnomalyExplanation {
    const { subject, metric, now, reasons, profile, score, count } = series;
    const value = now?.value ?? Number.NaN;
    const at = now?.at ?? since;
    const usual = profile.usual(at) ?? this.#parts.expected?.({ subject, metric }, at);
    const together = new Map<string, Change>();
    for (const change of this.#changes) {
      const other = change.subject !== subject || change.metric !== metric;
      const key = keyOf(change.subject, change.metric);
      if (other && Math.abs(change.at - since) <= TOGETHER && !together.has(key)) together.set(key, change);
    }
    return explain({
      ...{ subject, metric, value, since, reasons, count, likelihood: score },
      usual,
      departure: usual === undefined ? 0 : (value - usual.location) / usual.scale,
      together: [...together.values()].sort((a, b) => a.at - b.at).slice(0, MOST_TOGETHER),
    });
  }

  #mutedAs({ subject, metric }: Pick<WatchedSeries, 'subject' | 'metric'>, wall: Millis): { muted?: Muted } {
    if (this.#acknowledged.covers(subject, metric, wall)) return { muted: 'acknowledged' };
    const local = wall / 60_000 + (this.#parts.offsetMinutes?.(wall) ?? 0);
    const quiet = this.#parts.quietHours?.some((hours) => isQuiet(hours, subject, local)) ?? false;
    return quiet ? { muted: 'quiet-hours' } : {};
  }

  #seriesView(series: WatchedSeries, wall: Millis): AnomalySeriesView {
    const { subject, metric, now, alarm, learning, score } = series;
    return {
      ...{ subject, metric, score, at: now?.at ?? wall },
      state: learning ? 'learning' : alarm.kind,
      ...(now !== undefined && { value: now.value }),
      ...(alarm.kind !== 'calm' && { since: alarm.since }),
      ...this.#mutedAs(series, wall),
    };
  }
}

/** However rarely something is read: less sure than one of a thousand is no suspicion. */
const LEAST_SURE = 0.001;

const isFresh = ({ at }: SeriesNow, wall: Millis): boolean => Math.abs(wall - at) < STALE;

const scoreOfAll = (series: readonly WatchedSeries[]): number => anyOf(series.map(({ score }) => score));

const keyOf = (subject: string, metric: string): string => `${metric} of ${subject}`;
