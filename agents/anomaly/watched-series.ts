// One series as a node watches it: counter or gauge, its detector, its usual range, and whether it is anomalous.

import type { Millis } from '../../core/clock.ts';
import { AfterPause } from './after-pause.ts';
import { type AlarmRule, type AlarmState, CALM, observe } from './alarm-state.ts';
import { CounterRate } from './counter-rate.ts';
import { HourlyProfile, isUsual, likelihoodOfDeparture, type Usual } from './hourly-profile.ts';
import { OutOfRange } from './out-of-range.ts';
import { type Reason, SeriesDetector } from './series-detector.ts';

export type MetricKind = 'gauge' | 'counter';

/** Values before a series is anything but learning. */
const LEARNING = 100;

export interface SeriesNow {
  /** Of a counter its rate a second. */
  value: number;
  likelihood: number;
  at: Millis;
}

export class WatchedSeries {
  readonly subject: string;
  readonly metric: string;
  readonly kind: MetricKind;
  readonly #rate: CounterRate | undefined;
  #detector = new SeriesDetector();
  #profile = new HourlyProfile();
  #outOfRange = new OutOfRange();
  readonly #afterPause = new AfterPause();
  #alarm: AlarmState = CALM;
  #now: SeriesNow | undefined;
  /** Of the value that made it suspected. */
  #reasons: Reason[] = [];

  constructor(subject: string, metric: string, kind: MetricKind) {
    this.subject = subject;
    this.metric = metric;
    this.kind = kind;
    this.#rate = kind === 'counter' ? new CounterRate() : undefined;
  }

  /**
   * Takes in a value. Undefined for what is none, else the alarm state before.
   * @param monotonic milliseconds, for rates
   * @param expected what series like it usually read: serves until this one knows its own usual range
   */
  push(
    given: number,
    times: { monotonic: Millis; wall: Millis },
    rule: AlarmRule,
    expected?: Usual,
  ): AlarmState | undefined {
    const value = this.#rate === undefined ? given : this.#rate.push(given, times.monotonic);
    if (!Number.isFinite(value)) return undefined;
    const { departure, ...judged } = this.#judge(value, times.wall);
    const likelihood = this.learning ? 0 : judged.likelihood;
    const score = this.learning ? 0 : judged.score;
    // What is usual is not learned from a fault.
    if (this.#alarm.kind !== 'raised') this.#profile.push(value, times.wall);
    this.#now = { value, likelihood, at: times.wall };
    const before = this.#alarm;
    if (this.learning) {
      if (expected !== undefined) this.#compare(value, expected, times.wall, rule);
      return before;
    }
    this.#alarm = observe(before, { likelihood, score, usual: isUsual(departure), at: times.wall }, rule);
    if (before.kind === 'raised' && before.lasted + 1 >= rule.adoptAfter) this.#adopt();
    const stronger = 'likelihood' in this.#alarm && score > 0 && this.#alarm.likelihood === score;
    if (stronger) this.#reasons = this.#detector.reasons();
    return before;
  }

  #judge(value: number, wall: Millis): { departure: number; likelihood: number; score: number } {
    const departure = this.#profile.departure(value, wall);
    const distance = this.#profile.distance(value, wall);
    const age = this.#detector.count;
    const { likelihood, score } = this.#detector.push(value, wall);
    this.#afterPause.push(this.#detector.stretch, age, this.#profile.knowsHour(wall));
    const { doubt } = this.#afterPause;
    if (doubt !== undefined) {
      const far = 1 - this.#outOfRange.chance(departure / doubt, distance / doubt);
      return { departure: departure / doubt, likelihood: far, score: far };
    }
    const out = this.#outOfRange.push(departure, distance, this.#alarm.kind === 'calm');
    return { departure, likelihood: Math.max(likelihood, out), score: Math.max(score, out) };
  }

  /** What lasted is the new normal: the usual range is learned anew. */
  #adopt(): void {
    this.#profile = new HourlyProfile();
    this.#outOfRange = new OutOfRange();
  }

  /** As surprising as it is for a board like this one. */
  #compare(value: number, { location, scale }: Usual, at: Millis, rule: AlarmRule): void {
    const departure = (value - location) / scale;
    const likelihood = likelihoodOfDeparture(departure);
    this.#now = { value, likelihood, at };
    this.#alarm = observe(this.#alarm, { likelihood, score: likelihood, usual: isUsual(departure), at }, rule);
  }

  /** It is not read any more: its alarm ends, what is usual is kept. */
  rest(): void {
    this.#alarm = CALM;
    this.#now = undefined;
  }

  get learning(): boolean {
    return this.#detector.count < LEARNING;
  }

  /** Values that came, up to 20,000. */
  get count(): number {
    return this.#detector.count;
  }

  get alarm(): AlarmState {
    return this.#alarm;
  }

  get now(): SeriesNow | undefined {
    return this.#now;
  }

  get reasons(): readonly Reason[] {
    return this.#reasons;
  }

  get profile(): HourlyProfile {
    return this.#profile;
  }

  /** While it is raised, the highest likelihood since; else that of the last value. */
  get score(): number {
    if (this.#alarm.kind === 'raised') return Math.max(this.#alarm.likelihood, this.#now?.likelihood ?? 0);
    return this.#now?.likelihood ?? 0;
  }

  save(): { detector: string; profile: number[]; odd: number[] } {
    return { detector: this.#detector.save(), profile: this.#profile.save(), odd: this.#outOfRange.save() };
  }

  /** Throws `ANOMALY_STATE_INVALID`; then nothing has changed. */
  restore(saved: { detector: string; profile: readonly number[]; odd?: readonly number[] }): void {
    const { detector, profile, odd } = saved;
    const restored = [
      SeriesDetector.restored(detector),
      HourlyProfile.restored(profile),
      odd === undefined ? new OutOfRange() : OutOfRange.restored(odd),
    ] as const;
    [this.#detector, this.#profile, this.#outOfRange] = restored;
  }
}
