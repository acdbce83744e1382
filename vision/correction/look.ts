// Things that look one way or another: a door, a cable, a switch. Each state is taught by pictures of it; what is seen is
// the state that it resembles most, if it resembles any.

import type { Pixels } from './led.ts';

/** Side of the square that a look is brought to. */
export const LOOK_SIDE = 24;
/** Pixels that a camera may have been shaken by, in that square. */
const SHAKEN = 2;
/** Least correlation with a taught picture, and by how much it must beat the next state. */
const ALIKE = 0.7;
const CLEARLY = 0.08;
/** Taught pictures of one state: by day, by night, with and without somebody's shadow. */
export const MOST_PICTURES = 6;

/** Brightness at `LOOK_SIDE` squared places, without its mean and in units of its spread: light does not change it. */
export type Look = readonly number[];

export interface TaughtState {
  state: string;
  looks: readonly Look[];
}

export type LookSight =
  | { kind: 'state'; state: string; likeness: number }
  /** Like none that was taught, or like two of them. */
  | { kind: 'unknown'; likeness: number; nearest?: string };

/** @param pixels of `LOOK_SIDE` by `LOOK_SIDE`; undefined where there is nothing to see: all is of one brightness */
export function lookOf({ rgb, width, height }: Pixels): Look | undefined {
  if (width !== LOOK_SIDE || height !== LOOK_SIDE)
    throw new RangeError(`A look has ${LOOK_SIDE} by ${LOOK_SIDE} pixels`);
  const grey = Array.from(
    { length: width * height },
    (_, index) => (rgb[3 * index]! + 2 * rgb[3 * index + 1]! + rgb[3 * index + 2]!) / 4,
  );
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  const spread = Math.sqrt(grey.reduce((sum, value) => sum + (value - mean) ** 2, 0) / grey.length);
  // Less than the noise of a camera.
  if (spread < 2) return undefined;
  return grey.map((value) => Math.round(((value - mean) / spread) * 1000) / 1000);
}

/** Which of the taught states a look is. */
export function compareLooks(look: Look, taught: readonly TaughtState[]): LookSight {
  const ranked = taught
    .map(({ state, looks }) => ({ state, likeness: Math.max(0, ...looks.map((other) => likeness(look, other))) }))
    .sort((a, b) => b.likeness - a.likeness);
  const [first, second] = ranked;
  if (first === undefined) return { kind: 'unknown', likeness: 0 };
  const isClear = second === undefined || first.likeness - second.likeness >= CLEARLY;
  if (first.likeness >= ALIKE && isClear) return { kind: 'state', ...first };
  return { kind: 'unknown', likeness: first.likeness, nearest: first.state };
}

/** The best correlation (-1 to 1) over small shifts. */
export function likeness(a: Look, b: Look): number {
  let best = -1;
  for (let dy = -SHAKEN; dy <= SHAKEN; dy++) {
    for (let dx = -SHAKEN; dx <= SHAKEN; dx++) best = Math.max(best, correlation(a, b, dx, dy));
  }
  return best;
}

function correlation(a: Look, b: Look, dx: number, dy: number): number {
  let [sum, ofA, ofB] = [0, 0, 0];
  for (let y = Math.max(0, -dy); y < Math.min(LOOK_SIDE, LOOK_SIDE - dy); y++) {
    for (let x = Math.max(0, -dx); x < Math.min(LOOK_SIDE, LOOK_SIDE - dx); x++) {
      const [one, other] = [a[y * LOOK_SIDE + x]!, b[(y + dy) * LOOK_SIDE + x + dx]!];
      sum += one * other;
      ofA += one * one;
      ofB += other * other;
    }
  }
  return ofA === 0 || ofB === 0 ? 0 : sum / Math.sqrt(ofA * ofB);
}
