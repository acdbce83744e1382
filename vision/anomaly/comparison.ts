// One picture beside the reference: what is kept, what is lost and how, by cell and over all.

import { COARSE_HEIGHT, COARSE_WIDTH, type Measures } from './measures.ts';
import { cellCorrelation, middle, type Reference, sharpnessOf } from './reference.ts';
import { CELLS, COLUMNS, ROWS } from './working-picture.ts';

/** A cell keeps its texture when the correlation is at least this share of what is usual; in other light, this one. */
const KEEPS = 0.5;
const KEEPS_IN_OTHER_LIGHT = 0.25;
/** Cells below this usual correlation (water, leaves, plain walls) have no say. */
const LEAST_RELIABLE = 0.4;
/** A cell is without texture when its contrast is below this share of the reference's (squared). */
const FLAT = 0.12;
/** Below this one, it is behind a veil even where its pattern shows. */
const VEILED = 0.05;
/** Detail below this share of the usual is blur (logarithm). */
const BLURRED = Math.log(0.42);

export interface Comparison {
  correlation: Float32Array;
  /** 1 where the reference has texture to compare with. */
  votes: Uint8Array;
  /** 1 where a voting cell does not show what it usually does. */
  lost: Uint8Array;
  /** 1 where such a cell shows no texture at all. */
  plain: Uint8Array;
  voters: number;
  /** Shares of the voting cells. */
  kept: number;
  blurred: number;
  /** Correlation over all voting cells: sees a remnant of the scene that no single cell shows. */
  remnant: number;
  /** Correlation of the coarse picture: survives blur. */
  shape: number;
  /** Fine over coarse detail as a share of the usual. */
  sharpness: number;
}

export function compare(
  measures: Measures,
  reference: Reference,
  options: { noise: number; anyPolarity?: boolean },
): Comparison {
  const correlation = cellCorrelation(measures, reference, options.anyPolarity);
  const votes = new Uint8Array(CELLS);
  const lost = new Uint8Array(CELLS);
  const plain = new Uint8Array(CELLS);
  const { noise } = options;
  const keeps = options.anyPolarity === true ? KEEPS_IN_OTHER_LIGHT : KEEPS;
  const gain = contrastGain(measures, reference, correlation, noise);
  let [voters, kept, together, own, usual] = [0, 0, 0, 0, 0];
  for (let cell = 0; cell < CELLS; cell++) {
    if (!hasTexture(reference, cell)) continue;
    votes[cell] = 1;
    voters++;
    const energy = measures.energy[cell]!;
    const product = Math.sqrt(energy * reference.energy[cell]!);
    together += correlation[cell]! * product;
    own += energy;
    usual += reference.energy[cell]!;
    const now = contrast(energy - 1.5 * noise, measures.luma[cell]!) / (gain * usualContrast(reference, cell) + 1e-9);
    const same = correlation[cell]! >= keeps * reference.reliability[cell]!;
    // A veil (thin paint, plastic) leaves the pattern and takes the contrast.
    if (same && now > VEILED) kept++;
    else {
      lost[cell] = 1;
      if (now < FLAT) plain[cell] = 1;
    }
  }
  const { blurred, sharpness } = blurOf(measures, reference, votes, noise);
  return {
    correlation,
    votes,
    lost,
    plain,
    voters,
    kept: voters === 0 ? 1 : kept / voters,
    blurred,
    remnant: together / Math.sqrt(own * usual + 1e-6),
    shape: shapeCorrelation(measures.coarse, reference.coarse),
    sharpness,
  };
}

/** Texture in a cell beyond what noise makes. */
export function hasTexture({ energy, noise, reliability }: Reference, cell: number): boolean {
  return energy[cell]! > 5 + 4.5 * noise && reliability[cell]! >= LEAST_RELIABLE;
}

/** Contrast does not depend on how much light there is. */
const contrast = (energy: number, luma: number): number => Math.max(0, energy) / (luma + 8) ** 2;

const usualContrast = ({ energy, luma, noise }: Reference, cell: number): number =>
  contrast(energy[cell]! - 1.5 * noise, luma[cell]!);

/** How the whole picture's contrast changed (mist, gamma): the middle of the cells that are kept; 1 where few are. */
function contrastGain(measures: Measures, reference: Reference, correlation: Float32Array, noise: number): number {
  const ratios: number[] = [];
  for (let cell = 0; cell < CELLS; cell++) {
    if (!hasTexture(reference, cell) || correlation[cell]! < KEEPS * reference.reliability[cell]!) continue;
    ratios.push(
      contrast(measures.energy[cell]! - 1.5 * noise, measures.luma[cell]!) / (usualContrast(reference, cell) + 1e-9),
    );
  }
  return ratios.length < 8 ? 1 : Math.max(0.05, Math.min(4, middle(ratios)));
}

function blurOf(
  measures: Measures,
  reference: Reference,
  votes: Uint8Array,
  noise: number,
): { blurred: number; sharpness: number } {
  const now = sharpnessOf(measures, noise);
  const changes: number[] = [];
  for (let cell = 0; cell < CELLS; cell++) {
    if (votes[cell] === 1) changes.push(now[cell]! - reference.sharpness[cell]!);
  }
  if (changes.length === 0) return { blurred: 0, sharpness: 1 };
  return {
    blurred: changes.filter((change) => change < BLURRED).length / changes.length,
    sharpness: Math.exp(middle(changes)),
  };
}

function shapeCorrelation(a: Float32Array, b: Float32Array): number {
  let [together, own, other] = [0, 0, 0];
  for (let y = 0; y < COARSE_HEIGHT - 1; y++) {
    for (let x = 0, i = y * COARSE_WIDTH; x < COARSE_WIDTH - 1; x++, i++) {
      const ax = a[i + 1]! - a[i]!;
      const ay = a[i + COARSE_WIDTH]! - a[i]!;
      const bx = b[i + 1]! - b[i]!;
      const by = b[i + COARSE_WIDTH]! - b[i]!;
      together += ax * bx + ay * by;
      own += ax * ax + ay * ay;
      other += bx * bx + by * by;
    }
  }
  return together / Math.sqrt(own * other + 1e-6);
}

/** Share of the voting cells that the largest connected group of marked cells has. */
export function largestGroup(marked: Uint8Array, votes: Uint8Array, voters: number): number {
  const seen = new Uint8Array(CELLS);
  let largest = 0;
  for (let start = 0; start < CELLS; start++) {
    if (marked[start] === 0 || seen[start] === 1) continue;
    const open = [start];
    seen[start] = 1;
    let size = 0;
    for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
      size += votes[cell]!;
      const [x, y] = [cell % COLUMNS, Math.floor(cell / COLUMNS)];
      for (const [nx, ny] of [
        [x - 1, y],
        [x + 1, y],
        [x, y - 1],
        [x, y + 1],
      ] as const) {
        if (nx < 0 || ny < 0 || nx >= COLUMNS || ny >= ROWS) continue;
        const next = ny * COLUMNS + nx;
        if (seen[next] === 1 || marked[next] === 0) continue;
        seen[next] = 1;
        open.push(next);
      }
    }
    largest = Math.max(largest, size);
  }
  return voters === 0 ? 0 : largest / voters;
}
