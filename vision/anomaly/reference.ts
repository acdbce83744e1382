// What a camera usually shows in one kind of light: the mean of its gradients, how reliably each cell shows them, and
// how sharp, bright and noisy the picture is. Learned from the first pictures, then followed slowly while all is well.

import { COARSE_HEIGHT, COARSE_WIDTH, type Measures } from './measures.ts';
import { CELL, CELLS, COLUMNS, HEIGHT, WIDTH } from './working-picture.ts';

/** Pictures that make a reference. */
export const LEARNED_FROM = 5;
/** Seconds in which the reference follows a change of the scene by two thirds. */
const FOLLOW_SECONDS = 600;
/** Most that one picture changes the reference, however rare pictures are. */
const MOST_WEIGHT = 0.02;

/** Values of the whole picture that a reference keeps. */
export const LEVELS = ['meanLuma', 'chroma', 'entropy', 'saturated', 'flat', 'edges'] as const;
export type Level = (typeof LEVELS)[number];

/** What two successive pictures tell. */
export interface Pace {
  /** Share of pixels that changed at all. */
  changed: number;
  /** Variance of the sensor's noise. */
  noise: number;
}

export interface Reference {
  gx: Float32Array;
  gy: Float32Array;
  coarse: Float32Array;
  /** By cell: brightness, texture, logarithm of fine over coarse detail. */
  luma: Float32Array;
  energy: Float32Array;
  sharpness: Float32Array;
  /** By cell: usual correlation of a picture's gradients with the mean. */
  reliability: Float32Array;
  levels: Record<Level, number>;
  changed: number;
  noise: number;
}

/** Makes a reference of some pictures. */
export function learn(pictures: readonly { measures: Measures; pace: Pace }[]): Reference {
  const count = pictures.length;
  const mean = (pick: (measures: Measures) => Float32Array): Float32Array => {
    const total = new Float32Array(pick(pictures[0]!.measures).length);
    for (const { measures } of pictures) {
      const one = pick(measures);
      for (let i = 0; i < total.length; i++) total[i]! += one[i]! / count;
    }
    return total;
  };
  const noise = middle(pictures.map(({ pace }) => pace.noise));
  const [gx, gy] = [mean(({ gx }) => gx), mean(({ gy }) => gy)];
  const scores = pictures.map(({ measures }) => cellCorrelation(measures, without(gx, gy, measures, count)));
  const reliability = new Float32Array(CELLS);
  const sharpness = new Float32Array(CELLS);
  const sharp = pictures.map(({ measures }) => sharpnessOf(measures, noise));
  for (let cell = 0; cell < CELLS; cell++) {
    reliability[cell] = middle(scores.map((score) => score[cell]!));
    sharpness[cell] = middle(sharp.map((one) => one[cell]!));
  }
  const levels = Object.fromEntries(
    LEVELS.map((level) => [level, middle(pictures.map(({ measures }) => measures[level]))]),
  ) as Record<Level, number>;
  return {
    gx,
    gy,
    coarse: mean(({ coarse }) => coarse),
    luma: mean(({ luma }) => luma),
    energy: mean(({ energy }) => energy),
    sharpness,
    reliability,
    levels,
    changed: middle(pictures.map(({ pace }) => pace.changed)),
    noise,
  };
}

/** Follows a healthy picture, `seconds` after the one before. `correlation` is the picture's, by cell. */
export function follow(
  reference: Reference,
  measures: Measures,
  { pace, correlation, seconds }: { pace: Pace; correlation: Float32Array; seconds: number },
): void {
  const weight = Math.min(MOST_WEIGHT, seconds / FOLLOW_SECONDS);
  const towards = (mean: Float32Array, now: Float32Array): void => {
    for (let i = 0; i < mean.length; i++) mean[i]! += weight * (now[i]! - mean[i]!);
  };
  towards(reference.gx, measures.gx);
  towards(reference.gy, measures.gy);
  towards(reference.coarse, measures.coarse);
  towards(reference.luma, measures.luma);
  towards(reference.energy, measures.energy);
  towards(reference.reliability, correlation);
  towards(reference.sharpness, sharpnessOf(measures, pace.noise));
  for (const level of LEVELS) reference.levels[level] += weight * (measures[level] - reference.levels[level]);
  reference.changed += weight * (pace.changed - reference.changed);
  reference.noise += weight * (pace.noise - reference.noise);
}

/** By cell, the correlation of gradients, -1 to 1. With `anyPolarity`, light and dark may have changed places. */
export function cellCorrelation(
  measures: Pick<Measures, 'gx' | 'gy'>,
  reference: Pick<Reference, 'gx' | 'gy'>,
  anyPolarity = false,
): Float32Array {
  const together = new Float32Array(CELLS);
  const own = new Float32Array(CELLS);
  const other = new Float32Array(CELLS);
  const { gx, gy } = measures;
  // Gradients are zero at the border.
  for (let y = 1; y < HEIGHT - 1; y++) {
    for (let column = 0, i = y * WIDTH; column < COLUMNS; column++) {
      const cell = Math.floor(y / CELL) * COLUMNS + column;
      let [products, squares, usual] = [0, 0, 0];
      for (const end = i + CELL; i < end; i++) {
        const ax = gx[i]!;
        const ay = gy[i]!;
        const bx = reference.gx[i]!;
        const by = reference.gy[i]!;
        const dot = ax * bx + ay * by;
        const a = ax * ax + ay * ay;
        const b = bx * bx + by * by;
        if (anyPolarity) {
          const lengths = Math.sqrt(a * b);
          products += lengths > 0 ? (2 * dot * dot) / lengths - lengths : 0;
        } else products += dot;
        squares += a;
        usual += b;
      }
      together[cell]! += products;
      own[cell]! += squares;
      other[cell]! += usual;
    }
  }
  for (let cell = 0; cell < CELLS; cell++) {
    together[cell] = together[cell]! / Math.sqrt(own[cell]! * other[cell]! + 1e-6);
  }
  return together;
}

/** How much better directions of gradients match, whatever their polarity, than those of the same picture displaced. */
export function directionsInPlace(measures: Gradients, reference: Gradients): number {
  const far = 3 * CELL;
  const elsewhere = [
    [far, 0],
    [-far, 0],
    [0, far],
    [0, -far],
  ].map(([x, y]) => directions(measures, reference, x!, y!));
  return directions(measures, reference, 0, 0) - Math.max(...elsewhere);
}

type Gradients = Pick<Reference, 'gx' | 'gy'>;

/** Correlation of doubled angles of every second pixel with those of `reference` at (x, y) from it. */
function directions({ gx, gy }: Gradients, reference: Gradients, x: number, y: number): number {
  let [together, own, other] = [0, 0, 0];
  for (let row = Math.max(0, -y); row < Math.min(HEIGHT, HEIGHT - y); row += 2) {
    for (let column = Math.max(0, -x); column < Math.min(WIDTH, WIDTH - x); column += 2) {
      const [i, j] = [row * WIDTH + column, (row + y) * WIDTH + column + x];
      const dot = gx[i]! * reference.gx[j]! + gy[i]! * reference.gy[j]!;
      const a = gx[i]! ** 2 + gy[i]! ** 2;
      const b = reference.gx[j]! ** 2 + reference.gy[j]! ** 2;
      const lengths = Math.sqrt(a * b);
      if (lengths > 0) together += (2 * dot * dot) / lengths - lengths;
      own += a;
      other += b;
    }
  }
  return together / Math.sqrt(own * other + 1e-6);
}

/** By cell, the logarithm of fine over coarse detail, without what the noise adds. */
export function sharpnessOf({ fine, rough }: Measures, noise: number): Float32Array {
  const sharpness = new Float32Array(CELLS);
  for (let cell = 0; cell < CELLS; cell++) {
    const detail = Math.max(0, fine[cell]! - 20 * noise) + 2;
    sharpness[cell] = Math.log(detail / (Math.max(0, rough[cell]! - (20 / 16) * noise) + 2));
  }
  return sharpness;
}

/** The reference stands for `count` pictures; this one is taken out, so that it does not correlate with itself. */
function without(
  gx: Float32Array,
  gy: Float32Array,
  measures: Measures,
  count: number,
): { gx: Float32Array; gy: Float32Array } {
  if (count < 2) return { gx, gy };
  const less = (mean: Float32Array, one: Float32Array): Float32Array =>
    mean.map((value, i) => (value * count - one[i]!) / (count - 1));
  return { gx: less(gx, measures.gx), gy: less(gy, measures.gy) };
}

export function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const MAGIC = 0x314d5450;
const BYTES = 4 + 4 * (LEVELS.length + 2) + 2 * WIDTH * HEIGHT + COARSE_WIDTH * COARSE_HEIGHT + 4 * 4 * CELLS;

/** About 60 kB, always the same length. */
export function packReference(reference: Reference): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  let at = 4;
  for (const value of [...LEVELS.map((level) => reference.levels[level]), reference.changed, reference.noise]) {
    view.setFloat32(at, value);
    at += 4;
  }
  for (const cells of cellsOf(reference)) {
    for (const value of cells) {
      view.setFloat32(at, value);
      at += 4;
    }
  }
  // Halves of a level up to ±63: what is steeper counts no more, which a correlation does not mind.
  for (const gradients of [reference.gx, reference.gy]) {
    for (const value of gradients) view.setInt8(at++, Math.max(-127, Math.min(127, Math.round(value * 2))));
  }
  for (const value of reference.coarse) bytes[at++] = Math.max(0, Math.min(255, Math.round(value)));
  return bytes;
}

/** Undefined where the bytes are no whole reference of this version. */
export function unpackReference(bytes: Uint8Array): Reference | undefined {
  if (bytes.length !== BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== MAGIC) return undefined;
  let at = 4;
  let whole = true;
  const float = (): number => {
    const value = view.getFloat32(at);
    at += 4;
    whole &&= Number.isFinite(value);
    return value;
  };
  const levels = Object.fromEntries(LEVELS.map((level) => [level, float()])) as Record<Level, number>;
  const [changed, noise] = [float(), float()];
  const cells = (): Float32Array => new Float32Array(CELLS).map(float);
  const [luma, energy, sharpness, reliability] = [cells(), cells(), cells(), cells()];
  const gradients = (): Float32Array => new Float32Array(WIDTH * HEIGHT).map(() => view.getInt8(at++) / 2);
  const [gx, gy] = [gradients(), gradients()];
  const coarse = new Float32Array(COARSE_WIDTH * COARSE_HEIGHT).map(() => bytes[at++]!);
  return whole ? { gx, gy, coarse, luma, energy, sharpness, reliability, levels, changed, noise } : undefined;
}

const cellsOf = ({ luma, energy, sharpness, reliability }: Reference): readonly Float32Array[] => [
  luma,
  energy,
  sharpness,
  reliability,
];
