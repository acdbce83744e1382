// Covariance matrix adaptation (Hansen 2016, "The CMA evolution strategy: a tutorial"): finds weights by trying them out,
// for a few dozen of them and figures that are only known by playing. The lower a figure, the better.

import type { Random } from '../../../core/random.ts';
import { normal } from '../normal.ts';

type Matrix = Float64Array[];

export class EvolutionStrategy {
  /** The best guess. */
  readonly mean: Float64Array;
  /** How far from it is tried. */
  deviation: number;
  readonly #random: Random;
  readonly #size: number;
  /** Of the better half, best first; they sum to 1. */
  readonly #shares: readonly number[];
  readonly #rates: { mass: number; path: number; stepPath: number; rankOne: number; rankMany: number; damping: number };
  readonly #path: Float64Array;
  readonly #stepPath: Float64Array;
  readonly #covariance: Matrix;
  /** Its eigenvectors as columns, and the roots of its eigenvalues. */
  #axes: Matrix;
  #lengths: Float64Array;
  #generation = 0;

  /** @param size trials of a generation */
  constructor(mean: ArrayLike<number>, deviation: number, size: number, random: Random) {
    this.mean = Float64Array.from(mean);
    this.deviation = deviation;
    this.#random = random;
    this.#size = size;
    const half = size >> 1;
    const raw = Array.from({ length: half }, (_, rank) => Math.log(half + 0.5) - Math.log(rank + 1));
    const sum = raw.reduce((total, share) => total + share, 0);
    this.#shares = raw.map((share) => share / sum);
    const mass = 1 / this.#shares.reduce((total, share) => total + share ** 2, 0);
    const n = this.mean.length;
    const rankOne = 2 / ((n + 1.3) ** 2 + mass);
    const stepPath = (mass + 2) / (n + mass + 5);
    this.#rates = {
      mass,
      path: (4 + mass / n) / (n + 4 + (2 * mass) / n),
      stepPath,
      rankOne,
      rankMany: Math.min(1 - rankOne, (2 * (mass - 2 + 1 / mass)) / ((n + 2) ** 2 + mass)),
      damping: 1 + 2 * Math.max(0, Math.sqrt((mass - 1) / (n + 1)) - 1) + stepPath,
    };
    this.#path = new Float64Array(n);
    this.#stepPath = new Float64Array(n);
    this.#covariance = identity(n);
    this.#axes = identity(n);
    this.#lengths = new Float64Array(n).fill(1);
  }

  /** What to try next. */
  ask(): Float64Array[] {
    return Array.from({ length: this.#size }, () => {
      const along = this.#lengths.map((length) => length * normal(this.#random));
      return times(this.#axes, along).map((step, i) => this.mean[i]! + this.deviation * step);
    });
  }

  /** @param figures of `trials`, in their order */
  tell(trials: readonly Float64Array[], figures: readonly number[]): void {
    const { mass, path, stepPath, rankOne, rankMany, damping } = this.#rates;
    const n = this.mean.length;
    this.#generation++;
    const ranked = trials.map((_, i) => i).sort((a, b) => figures[a]! - figures[b]!);
    const steps = this.#shares.map((_, rank) =>
      trials[ranked[rank]!]!.map((value, i) => (value - this.mean[i]!) / this.deviation),
    );
    const step = new Float64Array(n);
    this.#shares.forEach((share, rank) => {
      for (let i = 0; i < n; i++) step[i]! += share * steps[rank]![i]!;
    });
    for (let i = 0; i < n; i++) this.mean[i]! += this.deviation * step[i]!;

    const whitened = times(
      this.#axes,
      timesTransposed(this.#axes, step).map((along, i) => along / this.#lengths[i]!),
    );
    const gain = Math.sqrt(stepPath * (2 - stepPath) * mass);
    for (let i = 0; i < n; i++) this.#stepPath[i] = (1 - stepPath) * this.#stepPath[i]! + gain * whitened[i]!;
    const length = Math.sqrt(this.#stepPath.reduce((sum, value) => sum + value ** 2, 0));
    const expected = Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
    const settled = length / Math.sqrt(1 - (1 - stepPath) ** (2 * this.#generation)) / expected < 1.4 + 2 / (n + 1);
    const pull = settled ? Math.sqrt(path * (2 - path) * mass) : 0;
    for (let i = 0; i < n; i++) this.#path[i] = (1 - path) * this.#path[i]! + pull * step[i]!;

    const keep = 1 - rankOne - rankMany + (settled ? 0 : rankOne * path * (2 - path));
    for (let i = 0; i < n; i++) {
      const row = this.#covariance[i]!;
      for (let j = 0; j < n; j++) {
        let value = keep * row[j]! + rankOne * this.#path[i]! * this.#path[j]!;
        this.#shares.forEach((share, rank) => {
          value += rankMany * share * steps[rank]![i]! * steps[rank]![j]!;
        });
        row[j] = value;
      }
    }
    this.deviation *= Math.exp((stepPath / damping) * (length / expected - 1));
    const { values, vectors } = eigen(this.#covariance);
    this.#axes = vectors;
    this.#lengths = values.map((value) => Math.sqrt(Math.max(1e-12, value)));
  }
}

function identity(n: number): Matrix {
  return Array.from({ length: n }, (_, i) => new Float64Array(n).fill(1, i, i + 1));
}

function times(matrix: Matrix, vector: Float64Array): Float64Array {
  return Float64Array.from(matrix, (row) => row.reduce((sum, value, j) => sum + value * vector[j]!, 0));
}

function timesTransposed(matrix: Matrix, vector: Float64Array): Float64Array {
  const result = new Float64Array(vector.length);
  matrix.forEach((row, i) => {
    for (let j = 0; j < result.length; j++) result[j]! += row[j]! * vector[i]!;
  });
  return result;
}

/** Eigenvalues and eigenvectors (as columns) of a symmetric matrix, by Jacobi's rotations. */
function eigen(symmetric: Matrix): { values: Float64Array; vectors: Matrix } {
  const n = symmetric.length;
  const a = symmetric.map((row) => row.slice());
  const vectors = identity(n);
  for (let sweep = 0; sweep < 20; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p]![q]! ** 2;
    if (off < 1e-18) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, vectors, p, q);
  }
  return { values: Float64Array.from(a, (row, i) => row[i]!), vectors };
}

/** Makes a[p][q] zero. */
function rotate(a: Matrix, vectors: Matrix, p: number, q: number): void {
  const apq = a[p]![q]!;
  if (Math.abs(apq) < 1e-20) return;
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * apq);
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  for (const rows of [a, vectors]) {
    for (const row of rows) {
      const [x, y] = [row[p]!, row[q]!];
      row[p] = cosine * x - sine * y;
      row[q] = sine * x + cosine * y;
    }
  }
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[p]![k]!, a[q]![k]!];
    a[p]![k] = cosine * x - sine * y;
    a[q]![k] = sine * x + cosine * y;
  }
}
