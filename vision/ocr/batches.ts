// Which lines the recogniser reads together: those of about the same width, as all of a batch are filled up to the widest.

export interface Batch {
  /** Indices of the lines. */
  lines: number[];
  /** Pixels that each is filled up to. */
  width: number;
}

/** Lines of one batch at most, and their pixels of width together: what bounds the memory of one inference. */
const MOST_LINES = 8;
const MOST_WIDTH = 4_096;
/** A line is filled up by this share of its own width at most to be read with others. */
const MOST_FILLING = 0.25;
/**
 * The recogniser was trained with short words filled up to 320, and reads one in a hundred wrong that is filled up to less.
 * A page with many lines has no time for that.
 */
const LEAST_WIDTH = { few: 320, many: 160 };
const MANY_LINES = 12;
/** Widths are multiples of what one step of the recogniser covers. */
const STEP = 8;

/** @param widths of lines, in pixels */
export function batchesOf(widths: readonly number[]): Batch[] {
  const least = widths.length < MANY_LINES ? LEAST_WIDTH.few : LEAST_WIDTH.many;
  const filled = widths.map((width) => Math.max(least, Math.ceil(width / STEP) * STEP));
  const order = filled.map((_, index) => index).sort((a, b) => filled[a]! - filled[b]!);
  const batches: Batch[] = [];
  let batch: Batch | undefined;
  let narrowest = 0;
  for (const index of order) {
    const width = filled[index]!;
    const fits =
      batch !== undefined &&
      batch.lines.length < MOST_LINES &&
      width * (batch.lines.length + 1) <= MOST_WIDTH &&
      width <= narrowest * (1 + MOST_FILLING);
    if (batch !== undefined && fits) {
      batch.lines.push(index);
      batch.width = width;
    } else {
      narrowest = width;
      batch = { lines: [index], width };
      batches.push(batch);
    }
  }
  return batches;
}
