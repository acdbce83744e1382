// What a series usually reads at each hour of the day: median and median absolute deviation, each by stochastic steps, in
// constant memory. It explains, tells when calm returned, and is what boards exchange; the detectors do not need it.

import type { Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';

export const HOURS = 24;
/** Place of the whole day, behind the hours. */
const DAY = HOURS;
const PLACES = HOURS + 1;
/** Steps are the spread times 1/√n at first, and never less than this share of it. */
const LEAST_STEP = 0.02;
/** Values that an hour needs before it speaks for itself. */
const KNOWN = 30;
const MAD_TO_SIGMA = 1.4826;
/** How much wider the range is taken to be while it comes from few values: by this over their square root. */
const DOUBT = 8;
/** Of values out of range, as a share of the usual step. */
const ODD_WEIGHT = 0.125;
/** Spreads beside the median that are usual. */
export const USUAL = 3;
/** Narrower than this share of the median is rounding. */
const LEAST_SPREAD = 1e-3;

export interface Usual {
  /** Median. */
  location: number;
  /** 1.4826 MAD. */
  scale: number;
  /** Values that it comes from. */
  count: number;
}

export class HourlyProfile {
  readonly #locations = new Float64Array(PLACES);
  readonly #deviations = new Float64Array(PLACES);
  readonly #counts = new Float64Array(PLACES);

  /** Robbins and Monro 1951: the median steps towards each value, the deviation towards each distance, by the sign alone. */
  push(value: number, wall: Millis): void {
    // What is out of range moves it less, or a fault would soon be usual.
    const weight = isUsual(this.departure(value, wall)) ? 1 : ODD_WEIGHT;
    this.#learn(hourOf(wall), value, weight);
    this.#learn(DAY, value, weight);
  }

  #learn(place: number, value: number, weight: number): void {
    const count = ++this.#counts[place]!;
    if (count === 1) {
      this.#locations[place] = value;
      this.#deviations[place] = 0;
      return;
    }
    const distance = Math.abs(value - this.#locations[place]!);
    // Until a spread is known, the first distances are it.
    if (this.#deviations[place] === 0) {
      this.#deviations[place] = distance / 2;
      return;
    }
    const step = weight * this.#deviations[place]! * Math.max(LEAST_STEP, 1 / Math.sqrt(count));
    this.#locations[place]! += step * Math.sign(value - this.#locations[place]!);
    this.#deviations[place]! += (step / 2) * Math.sign(distance - this.#deviations[place]!);
  }

  /** Of the hour that `wall` lies in, else of the whole day; undefined while too little is known. */
  usual(wall: Millis): Usual | undefined {
    return this.at(hourOf(wall)) ?? this.at(DAY);
  }

  /** Of an hour, 0 to 23, UTC. */
  at(place: number): Usual | undefined {
    const count = this.#counts[place] ?? 0;
    if (count < KNOWN) return undefined;
    const location = this.#locations[place]!;
    const scale = Math.max(
      MAD_TO_SIGMA * this.#deviations[place]!,
      LEAST_SPREAD * Math.abs(location),
      Number.MIN_VALUE,
    );
    return { location, scale, count };
  }

  /** Spreads between `value` and what is usual then: 0 while nothing is known, and less while little is. */
  departure(value: number, wall: Millis): number {
    const usual = this.usual(wall);
    return usual === undefined ? 0 : (value - usual.location) / (usual.scale * (1 + DOUBT / Math.sqrt(usual.count)));
  }

  /** The same in the unit of the values, without a sign. */
  distance(value: number, wall: Millis): number {
    const usual = this.usual(wall);
    return usual === undefined ? 0 : Math.abs(value - usual.location);
  }

  /** Whether it has read so much at that hour that it need not go by the whole day. */
  knowsHour(wall: Millis): boolean {
    return this.at(hourOf(wall)) !== undefined;
  }

  /** 24 hours as [location, scale, count], whatever was seen: what a federation exchanges. */
  exported(): [location: number, scale: number, count: number][] {
    return Array.from({ length: HOURS }, (_, hour) => {
      const { location, scale, count } = this.at(hour) ?? { location: 0, scale: 0, count: 0 };
      return [location, scale, count];
    });
  }

  save(): number[] {
    return [...this.#locations, ...this.#deviations, ...this.#counts];
  }

  /** Throws `ANOMALY_STATE_INVALID` for what `save` did not write. */
  static restored(numbers: readonly number[]): HourlyProfile {
    if (numbers.length !== 3 * PLACES || !numbers.every(Number.isFinite)) {
      throw new ParlmeshError('ANOMALY_STATE_INVALID', 'A remembered daily profile cannot be read');
    }
    const profile = new HourlyProfile();
    profile.#locations.set(numbers.slice(0, PLACES));
    profile.#deviations.set(numbers.slice(PLACES, 2 * PLACES).map(Math.abs));
    profile.#counts.set(numbers.slice(2 * PLACES).map((count) => Math.max(0, Math.floor(count))));
    return profile;
  }
}

export const isUsual = (departure: number): boolean => Math.abs(departure) <= USUAL;

/** Up to so many spreads nothing is unlike ... */
const ALIKE = 4;
/** ... and each one more makes chance this many times less likely. */
const STEEPNESS = 4;

/** 1 - 4^-(|z| - 4), 0 up to |z| = 4: tails of readings are heavier than a normal distribution's. */
export function likelihoodOfDeparture(departure: number): number {
  const beyond = Math.abs(departure) - ALIKE;
  return beyond > 0 ? 1 - STEEPNESS ** -beyond : 0;
}

/** 0 to 23, UTC. */
export const hourOf = (wall: Millis): number => (((Math.floor(wall / 3_600_000) % HOURS) + HOURS) % HOURS) | 0;
