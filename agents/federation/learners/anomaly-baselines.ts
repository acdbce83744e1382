// What boards of one profile usually read, by metric and part of the day, as a learner: robust location and scale of each
// board, weighted by how much it has seen, so that the mean of the nodes' models is that of the like boards among them.

import { createHash } from 'node:crypto';
import type { Clock, Millis } from '../../../core/clock.ts';
import { medianOf, spreadOf } from '../aggregation/update-set.ts';
import type { Comparison, Learner, Model, ModelOrigin, Performance, Trained, TrainingPlan } from '../learner.ts';
import type { BaselineSource, Reading, SharedBaseline } from './baseline-source.ts';
import { compareLikelihoods, isHeldBack, meanAndDeviationOf } from './held-back.ts';
import { KeptModel, type KeptModelParts } from './kept-model.ts';
import { difference } from './vectors.ts';

export interface AnomalyBaselinesParts {
  source: BaselineSource;
  storage: KeptModelParts['storage'];
  tell: (message: string) => void;
  clock: Clock;
}

/** Every value v counts as asinh(v / unit): linear below the unit, logarithmic above, and of one size for all metrics. */
export const BASELINE_METRICS = {
  'cpu-load': 0.25,
  'cpu-temperature': 20,
  'memory-used': 0.25,
  'disk-used': 0.25,
  'loop-delay': 0.005,
  'round-trip': 0.005,
  'link-loss': 0.01,
  'messages-per-second': 5,
} as const;

const PROFILES: readonly string[] = [
  ...['raspberry-pi-zero-2w', 'raspberry-pi-3', 'raspberry-pi-4', 'raspberry-pi-5', 'raspberry-pi-cm4'],
  ...['orange-pi-5', 'rock-5b', 'odroid-n2', 'jetson-nano', 'beagleplay', 'generic-arm64', 'generic-x64'],
];
export const HOURS_OF_PART = 4;
const PARTS = 24 / HOURS_OF_PART;
const METRICS: readonly string[] = Object.keys(BASELINE_METRICS);
const UNITS: readonly number[] = Object.values(BASELINE_METRICS);
/** Of a profile, a metric and a part of the day: evidence e, e × location, e × ln scale. */
const NUMBERS = 3;
const SLOTS_OF_PROFILE = METRICS.length * PARTS;
const FORMAT = createHash('sha256')
  .update(JSON.stringify([1, PROFILES, BASELINE_METRICS, PARTS]))
  .digest()
  .readUIntBE(0, 3);

/** Narrower is noise of the sensor. */
const LEAST_SCALE = 0.02;
/** Readings with which a slot is half known: e = n / (n + this). */
const HALF_KNOWN = 30;
const LEAST_EVIDENCE = 0.005;
/** Where nothing is known. */
const UNKNOWN = { location: 1, scale: 2 };
/** asinh of what is a million units. */
const FARTHEST = 15;

export const ANOMALY_BASELINES = {
  name: 'anomaly-baselines',
  title: 'Usual readings of like boards',
  size: PROFILES.length * SLOTS_OF_PROFILE * NUMBERS,
  format: FORMAT,
  /** Each node brings other slots: of a slot that few know, most say nothing, which is no vote against it. */
  aggregation: { rule: 'fedavg' },
} as const;

interface Belief {
  evidence: number;
  location: number;
  scale: number;
}

export class AnomalyBaselinesLearner implements Learner {
  readonly name = ANOMALY_BASELINES.name;
  readonly title = ANOMALY_BASELINES.title;
  readonly size = ANOMALY_BASELINES.size;
  readonly format = ANOMALY_BASELINES.format;
  readonly aggregation = ANOMALY_BASELINES.aggregation;
  readonly #parts: AnomalyBaselinesParts;
  readonly #kept: KeptModel;
  /** Of this board's profile; undefined for one that this version has no place for. */
  readonly #profile: number | undefined;
  #trainedUpTo: Millis = 0;

  constructor(parts: AnomalyBaselinesParts) {
    this.#parts = parts;
    this.#kept = new KeptModel({ ...parts, size: this.size, format: this.format });
    const profile = PROFILES.indexOf(parts.source.profile);
    this.#profile = profile < 0 ? undefined : profile;
  }

  /** Tells the detectors what was kept. Once, after a start. */
  async restore(): Promise<void> {
    await this.#parts.source.share(this.#baselines(this.current().parameters));
  }

  current(): Model {
    return this.#kept.current;
  }

  examples(): number {
    if (this.#profile === undefined) return 0;
    return this.#readings(false, this.#trainedUpTo).length;
  }

  /** Exact, as for the knowledge of repairs: (own + μ from) / (1 + μ). */
  async train(from: Model, { proximal }: TrainingPlan, signal: AbortSignal): Promise<Trained> {
    signal.throwIfAborted();
    const readings = this.#readings(false);
    const own = new Float32Array(this.size);
    const slots = bySlot(readings);
    for (const [slot, values] of slots) {
      const place = this.#placeOf(slot);
      if (place === undefined) continue;
      const evidence = values.length / (values.length + HALF_KNOWN);
      const location = medianOf(values);
      const scale = Math.max(LEAST_SCALE, spreadOf(values, location));
      own.set([evidence, evidence * location, evidence * Math.log(scale)], place);
    }
    this.#trainedUpTo = readings.reduce((latest, { at }) => Math.max(latest, at), this.#trainedUpTo);
    const held = own.map((value, index) => (value + proximal * from.parameters[index]!) / (1 + proximal));
    return {
      delta: difference(held, from.parameters),
      examples: readings.length,
      metrics: { readings: readings.length, slots: slots.size },
    };
  }

  /** A trial is a metric in a part of the day: readings that follow each other are alike. */
  async compare(candidate: Float32Array, baseline: Float32Array, signal: AbortSignal): Promise<Comparison> {
    signal.throwIfAborted();
    const held = this.#readings(true);
    const better = this.#logDensities(candidate, held);
    const before = this.#logDensities(baseline, held);
    return compareLikelihoods(
      better.map((density, index) => density - before[index]!),
      'metrics by part of the day',
    );
  }

  async inspect(candidate: Float32Array): Promise<string | undefined> {
    for (let place = 0; place < candidate.length; place += NUMBERS) {
      const [evidence, location, logScale] = [candidate[place]!, candidate[place + 1]!, candidate[place + 2]!];
      const bound = (Math.max(0, evidence) + 0.2) * FARTHEST;
      if (evidence >= -0.2 && evidence <= 1.2 && Math.abs(location) <= bound && Math.abs(logScale) <= bound) continue;
      const metric = METRICS[Math.floor(((place / NUMBERS) % SLOTS_OF_PROFILE) / PARTS)];
      return `for ${metric} of ${PROFILES[Math.floor(place / NUMBERS / SLOTS_OF_PROFILE)]} it claims evidence ${evidence.toFixed(2)}, location ${location.toFixed(2)}, scale ${logScale.toFixed(2)}, which no readings give`;
    }
    return undefined;
  }

  async adopt(model: Model, { round }: ModelOrigin): Promise<void> {
    await this.#kept.adopt(model);
    await this.restore();
    this.#parts.tell(`Usual readings ${model.version} came out of round ${round} of the federation and serve now`);
  }

  async takeBack(version: string, reason: string): Promise<void> {
    if (!(await this.#kept.takeBack(version))) return;
    await this.restore();
    this.#parts.tell(`Usual readings ${version} were taken back: ${reason}`);
  }

  /** How surprising readings are: minus the mean logarithm of their density. */
  performance(since = 0): Performance | undefined {
    const from = Math.max(since, this.#kept.since);
    const fresh = this.#parts.source.readings().filter(({ at }) => at >= from);
    const densities = this.#logDensities(this.current().parameters, fresh);
    if (densities.length === 0) return undefined;
    const { mean, deviation } = meanAndDeviationOf(densities.map((density) => -density));
    return { version: this.current().version, cost: mean, unit: 'nats', samples: densities.length, deviation };
  }

  /** The time is looked at first: it costs less than to tell what is held back. @param after milliseconds since 1970 */
  #readings(held: boolean, after = Number.NEGATIVE_INFINITY): Reading[] {
    return this.#parts.source
      .readings()
      .filter(({ metric, at }) => at > after && isHeldBack(`${metric}@${at}`) === held);
  }

  /** Mean of each slot that has readings: Laplace's density, which one wild reading does not rule. */
  #logDensities(parameters: Float32Array, readings: readonly Reading[]): number[] {
    return [...bySlot(readings)].flatMap(([slot, values]) => {
      const place = this.#placeOf(slot);
      if (place === undefined) return [];
      const { location, scale } = beliefAt(parameters, place);
      const spread = scale / Math.SQRT2;
      const sum = values.reduce((all, value) => all - Math.abs(value - location) / spread, 0);
      return [sum / values.length - Math.log(2 * spread)];
    });
  }

  #placeOf(slot: number): number | undefined {
    return this.#profile === undefined ? undefined : (this.#profile * SLOTS_OF_PROFILE + slot) * NUMBERS;
  }

  #baselines(parameters: Float32Array): SharedBaseline[] {
    return METRICS.flatMap((metric, index) =>
      Array.from({ length: PARTS }, (_, part) => part).flatMap((part) => {
        const place = this.#placeOf(index * PARTS + part);
        const { evidence, location, scale } =
          place === undefined ? { evidence: 0, ...UNKNOWN } : beliefAt(parameters, place);
        if (evidence < LEAST_EVIDENCE) return [];
        const unit = UNITS[index]!;
        return [
          {
            ...{ metric, hour: part * HOURS_OF_PART, evidence },
            ...{ location: unit * Math.sinh(location), scale: unit * Math.cosh(location) * scale },
          },
        ];
      }),
    );
  }
}

function beliefAt(parameters: Float32Array, place: number): Belief {
  const evidence = Math.min(1, Math.max(0, parameters[place]!));
  if (evidence < LEAST_EVIDENCE) return { evidence: 0, ...UNKNOWN };
  return {
    evidence,
    location: parameters[place + 1]! / evidence,
    scale: Math.max(LEAST_SCALE, Math.exp(parameters[place + 2]! / evidence)),
  };
}

/** Values by metric and part of the day; what this version does not know is left out. */
function bySlot(readings: readonly Reading[]): Map<number, number[]> {
  const slots = new Map<number, number[]>();
  for (const { metric, value, hour } of readings) {
    const index = METRICS.indexOf(metric);
    if (index < 0 || !Number.isFinite(value) || !(hour >= 0 && hour < 24)) continue;
    const slot = index * PARTS + Math.floor(hour / HOURS_OF_PART);
    const values = slots.get(slot) ?? [];
    slots.set(slot, values);
    values.push(Math.asinh(value / UNITS[index]!));
  }
  return slots;
}
