// The ensemble for one series: several kinds of novelty, added up and calibrated to a likelihood. Constant memory, no
// randomness, one setting for every series. Pure.

import type { Millis } from '../../core/clock.ts';
import { News } from './news.ts';
import { Novelty } from './novelty.ts';
import { Sampling } from './sampling.ts';
import { StateReader, StateWriter } from './state-codec.ts';
import type { Moment } from './trait.ts';
import { DailyDeparture } from './traits/daily-departure.ts';
import { HighRate } from './traits/high-rate.ts';
import { Level } from './traits/level.ts';
import { RecentLow } from './traits/recent-low.ts';
import { RecentMean } from './traits/recent-mean.ts';
import { Shape } from './traits/shape.ts';
import { TimeOfDay } from './traits/time-of-day.ts';
import { Value } from './traits/value.ts';
import { Variability } from './traits/variability.ts';
import { Unit } from './unit.ts';
import { GENERATION, UpperTail } from './upper-tail.ts';

/** What can be unusual about a value, the most telling one first. */
export const TRAITS = [
  'value',
  'high-rate',
  'daily',
  'hours',
  'low',
  'time-of-day',
  'shape',
  'variability',
  'level',
  'mean',
] as const;
export type TraitName = (typeof TRAITS)[number];

/** The value's own novelty weighs 1, each other kind this much: together as much as one more. */
const SIDE_WEIGHT = 0.15;
const WEIGHTS: readonly number[] = TRAITS.map((name) => (name === 'value' ? 1 : SIDE_WEIGHT));
/** An old series says less often that something is new: this times log10(age / 1000) is taken from each surprise ... */
const AGE_DISCOUNT = 0.5;
/** ... and this from how rare so much surprise is in the series itself. */
const OWN_AGE_DISCOUNT = 0.25;
const AGE_FREE = 1000;
/** Until so many values came, surprises count less: much is new at first. */
const EXPERIENCED = 200;
/** Peaks by which a series' surprises are judged themselves. */
export const OWN_PEAKS = 100;

/** The likelihood is 1 - 10^-(CALIBRATION × surprise): one of a hundred values of NAB is above 0.99, anomalies among them. */
const CALIBRATION = 0.62;

export interface Judgement {
  /** How likely it is that this is no ordinary value: 0 normal to 1 anomalous. 0 while learning. */
  likelihood: number;
  /** The likelihood where it is news; 0 where it belongs to what was told before. */
  score: number;
  /** Sum of the surprises (-log10 of probabilities), weighted. */
  surprise: number;
}

export interface Reason {
  trait: TraitName;
  /** What it adds to the surprise of the value. */
  surprise: number;
  /** -log10 of the probability of as much in this trait alone. */
  unweighted: number;
}

/** Values before a series has a unit, and anything is judged. */
const WARM_UP = 30;

const SILENT: Judgement = { likelihood: 0, score: 0, surprise: 0 };
const STATE_VERSION = 1;

export class SeriesDetector {
  readonly #sampling = new Sampling();
  #unit: Unit | undefined;
  /** The first values, until there is a unit. */
  #first: { value: number; moment: Moment }[] = [];
  readonly #novelties: readonly Novelty[] = [
    new Novelty(new Value(), { prototypes: 128, peaks: 100, leastExcess: 0.2 }),
    ...[
      new HighRate(),
      new DailyDeparture(1),
      new DailyDeparture(12),
      new RecentLow(),
      new TimeOfDay(),
      new Shape(),
      new Variability(),
      new Level(),
      new RecentMean(),
    ].map((trait) => new Novelty(trait, { prototypes: 64, peaks: 64 })),
  ];
  readonly #surprises = new Float32Array(TRAITS.length);
  readonly #own = new UpperTail(OWN_PEAKS);
  readonly #news = new News();
  #count = 0;

  /**
   * @param value a gauge, or a counter's rate (`CounterRate`); what is not finite is left out
   * @param at wall-clock time of the value, milliseconds since 1970
   */
  push(value: number, at: Millis): Judgement {
    if (!Number.isFinite(value)) return SILENT;
    if (this.#sampling.step(at) !== 'usual') for (const novelty of this.#novelties) novelty.interrupt();
    const moment = this.#sampling.moment(at);
    if (this.#unit !== undefined) return this.#judge(this.#unit.scaled(value), moment);
    this.#first.push({ value, moment });
    if (this.#first.length === WARM_UP) this.#settle();
    return SILENT;
  }

  /** Takes the unit from the first values, then learns from them. */
  #settle(): void {
    this.#unit = Unit.of(this.#first.map((each) => each.value));
    for (const each of this.#first) this.#judge(this.#unit.scaled(each.value), each.moment);
    this.#first = [];
  }

  #judge(x: number, moment: Moment): Judgement {
    this.#count = Math.min(this.#count + 1, GENERATION);
    const discount = AGE_DISCOUNT * Math.log10(this.#count / AGE_FREE);
    let sum = 0;
    for (let each = 0; each < this.#novelties.length; each++) {
      const raw = this.#novelties[each]!.push(x, moment);
      const counted = discounted(raw, discount);
      this.#surprises[each] = counted;
      sum += WEIGHTS[each]! * counted;
    }
    const surprise = Math.min(1, this.#count / EXPERIENCED) * combine(sum, this.#own, this.#count);
    const news = this.#news.push(surprise);
    return { likelihood: likelihoodOf(surprise), score: likelihoodOf(news), surprise };
  }

  /** What was surprising about the last value, the most first; only what was. */
  reasons(): Reason[] {
    return TRAITS.map((trait, each) => {
      const unweighted = this.#surprises[each]!;
      return { trait, surprise: WEIGHTS[each]! * unweighted, unweighted };
    })
      .filter(({ surprise }) => surprise > 0)
      .sort((a, b) => b.surprise - a.surprise);
  }

  /** Values that came, up to 20,000. */
  get count(): number {
    return this.#count + this.#first.length;
  }

  /** Usual intervals that passed before the last value. */
  get stretch(): number {
    return this.#sampling.stretch;
  }

  /** All that it knows, in text of at most 44 kB. */
  save(): string {
    const to = new StateWriter();
    to.put(STATE_VERSION, this.#first.length);
    this.#sampling.save(to);
    for (const { value, moment } of this.#first) {
      to.putExact(value);
      to.put(moment.dayShare, moment.timed ? 1 : 0);
    }
    if (this.#unit === undefined) return to.text();
    to.put(this.#count);
    for (const part of [this.#unit, this.#own, this.#news, ...this.#novelties]) part.save(to);
    return to.text();
  }

  /** Throws `ANOMALY_STATE_INVALID` for what `save` of this version did not write. */
  static restored(text: string): SeriesDetector {
    const from = new StateReader(text);
    const detector = new SeriesDetector();
    from.expect(STATE_VERSION);
    const first = from.takeCount(WARM_UP - 1);
    detector.#sampling.load(from);
    for (let each = 0; each < first; each++) {
      const value = from.takeExact();
      detector.#first.push({ value, moment: { dayShare: from.take(), timed: from.takeCount(1) === 1 } });
    }
    if (!from.atEnd) {
      detector.#count = from.takeCount(GENERATION);
      detector.#unit = Unit.restored(from);
      for (const part of [detector.#own, detector.#news, ...detector.#novelties]) part.load(from);
    }
    from.end();
    return detector;
  }
}

function likelihoodOf(surprise: number): number {
  return surprise <= 0 ? 0 : 1 - 10 ** (-CALIBRATION * surprise);
}

/** The whole surprise: the sum of the traits', and how rare such a sum is in this series (`own`) of `age` values. */
export function combine(sum: number, own: UpperTail, age: number): number {
  return sum + discounted(own.push(sum), OWN_AGE_DISCOUNT * Math.log10(Math.min(age, GENERATION) / AGE_FREE));
}

const discounted = (surprise: number, discount: number): number =>
  surprise > 0 ? Math.max(0, surprise - discount) : 0;
