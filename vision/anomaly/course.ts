// What successive pictures tell: how much changed, how noisy the sensor is, whether the view holds still, and which
// cells have been lost for some pictures in a row.

import type { Comparison } from './comparison.ts';
import { changedShare, type Measures } from './measures.ts';
import { cellCorrelation, type Pace } from './reference.ts';
import { CELL, CELLS, COLUMNS, HEIGHT, WIDTH } from './working-picture.ts';

/** Pictures in a row for which a cell must be lost: what passes by uncovers it again. */
const ROW = 3;

export interface Succession extends Pace {
  /** The view is the one of the picture before, apart from something small that moves. */
  steady: boolean;
}

export function paceOf(measures: Measures, before: Measures | undefined): Succession {
  if (before === undefined) return { changed: 1, noise: 1, steady: true };
  const changed = changedShare(measures.pixels, before.pixels);
  if (changed === 0) return { changed, noise: 0, steady: true };
  const squares = new Float32Array(CELLS);
  const [now, then] = [measures.grey, before.grey];
  for (let y = 0; y < HEIGHT; y++) {
    for (let column = 0, i = y * WIDTH; column < COLUMNS; column++) {
      let sum = 0;
      for (const end = i + CELL; i < end; i++) {
        const difference = now[i]! - then[i]!;
        sum += difference * difference;
      }
      squares[Math.floor(y / CELL) * COLUMNS + column]! += sum;
    }
  }
  for (let cell = 0; cell < CELLS; cell++) {
    // What the whole cell brightened is light, not noise.
    squares[cell] = squares[cell]! / (CELL * CELL) - (measures.luma[cell]! - before.luma[cell]!) ** 2;
  }
  const noise = Math.max(0, squares.slice().sort()[CELLS >> 3]! / 2);
  const correlation = cellCorrelation(measures, before);
  let moving = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    const texture = Math.max(measures.energy[cell]!, before.energy[cell]!) > 5 + 4.5 * noise;
    const differs = texture
      ? correlation[cell]! < 0.5
      : Math.abs(measures.luma[cell]! - before.luma[cell]!) > 8 + 2 * Math.sqrt(noise);
    if (differs) moving++;
  }
  return { changed, noise, steady: moving < 0.25 * CELLS };
}

/** By cell, pictures in a row that lost it (`lostFor`) and that showed no texture in it (`plainFor`), up to three. */
export interface CellStreaks {
  lostFor: Uint8Array;
  plainFor: Uint8Array;
  /** 1 where the row is long enough. */
  lost: Uint8Array;
  plain: Uint8Array;
}

export const newStreaks = (): CellStreaks => ({
  lostFor: new Uint8Array(CELLS),
  plainFor: new Uint8Array(CELLS),
  lost: new Uint8Array(CELLS),
  plain: new Uint8Array(CELLS),
});

export function streak({ lostFor, plainFor }: CellStreaks, seen: Comparison): CellStreaks {
  const count = (before: Uint8Array, now: Uint8Array): Uint8Array =>
    before.map((value, cell) => (now[cell] === 1 ? Math.min(ROW, value + 1) : 0));
  const enough = (counts: Uint8Array): Uint8Array => counts.map((value) => (value >= ROW ? 1 : 0));
  const [lost, plain] = [count(lostFor, seen.lost), count(plainFor, seen.plain)];
  return { lostFor: lost, plainFor: plain, lost: enough(lost), plain: enough(plain) };
}
