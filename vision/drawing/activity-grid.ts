// Where things were seen in a camera's picture: a bounded grid of how often, in which yesterday counts less than today.
// Pure.

export const COLUMNS = 32;
export const ROWS = 24;
const CELLS = COLUMNS * ROWS;
/** What a day leaves of a sighting: half of it is gone after a week. */
const LEFT_AFTER_A_DAY = 0.9;
const DAY = 86_400_000;
/** Less than this in a cell is forgotten. */
const LEAST = 0.01;

/** As it is kept: cells in tenths, so that a grid is some 2 kB. */
export interface KeptGrid {
  day: number;
  tenths: number[];
}

export class ActivityGrid {
  #cells = new Float64Array(CELLS);
  /** Days since 1970 that the cells were decayed up to. */
  #day: number;

  /** @param now milliseconds since 1970 */
  constructor(now: number) {
    this.#day = Math.floor(now / DAY);
  }

  /** What was kept, as far as it can be used. */
  static of(kept: unknown, now: number): ActivityGrid {
    const grid = new ActivityGrid(now);
    if (typeof kept !== 'object' || kept === null || !('day' in kept) || !('tenths' in kept)) return grid;
    const { day, tenths } = kept;
    if (typeof day !== 'number' || !Array.isArray(tenths) || tenths.length !== CELLS) return grid;
    grid.#cells = Float64Array.from(tenths, (value) => (Number.isFinite(value) && value > 0 ? value / 10 : 0));
    grid.#decay(day, grid.#day);
    return grid;
  }

  /** Counts a foot point, in shares of width and height; points beside the picture count at its edge. */
  add(x: number, y: number, now: number): void {
    this.#decayTo(now);
    const column = Math.min(COLUMNS - 1, Math.max(0, Math.floor(x * COLUMNS)));
    const row = Math.min(ROWS - 1, Math.max(0, Math.floor(y * ROWS)));
    this.#cells[row * COLUMNS + column]! += 1;
  }

  /** Row by row, as shares of the busiest cell; all 0 while nothing was seen. */
  shares(now: number): number[] {
    this.#decayTo(now);
    const most = Math.max(...this.#cells);
    return Array.from(this.#cells, (value) => (most === 0 ? 0 : Math.round((value / most) * 1000) / 1000));
  }

  /** Sightings that still count. */
  total(now: number): number {
    this.#decayTo(now);
    return this.#cells.reduce((sum, value) => sum + value, 0);
  }

  kept(): KeptGrid {
    return { day: this.#day, tenths: Array.from(this.#cells, (value) => Math.round(value * 10)) };
  }

  #decayTo(now: number): void {
    const day = Math.floor(now / DAY);
    this.#decay(this.#day, day);
    // A clock that went back must not decay the same days twice.
    this.#day = Math.max(this.#day, day);
  }

  #decay(from: number, to: number): void {
    if (to <= from) return;
    const left = LEFT_AFTER_A_DAY ** (to - from);
    this.#cells = this.#cells.map((value) => (value * left < LEAST ? 0 : value * left));
  }
}

const THIRDS = { x: ['left', 'middle', 'right'], y: ['upper', '', 'lower'] } as const;

/** Which ninth of the picture sees most, in words: the second sign beside the colours. Undefined while nothing was seen. */
export function busiestPlace(shares: readonly number[]): { place: string; share: number } | undefined {
  const ninths = new Float64Array(9);
  for (const [at, share] of shares.entries()) {
    const column = Math.floor(((at % COLUMNS) * 3) / COLUMNS);
    const row = Math.floor((Math.floor(at / COLUMNS) * 3) / ROWS);
    ninths[row * 3 + column]! += share;
  }
  const sum = ninths.reduce((all, share) => all + share, 0);
  if (sum === 0) return undefined;
  const busiest = ninths.indexOf(Math.max(...ninths));
  const words = [THIRDS.y[Math.floor(busiest / 3)], THIRDS.x[busiest % 3]].filter((word) => word !== '');
  return { place: words.join(' '), share: ninths[busiest]! / sum };
}
