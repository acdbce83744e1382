// Means over the square around each pixel, in time that does not depend on the square's size: running sums along rows,
// then along columns.

/** Reused from picture to picture: a new picture makes no garbage. */
export class BoxMeans {
  readonly #width: number;
  readonly #height: number;
  readonly #radius: number;
  readonly #rows: Float32Array;
  readonly #column: Float64Array;

  constructor(width: number, height: number, radius: number) {
    this.#width = width;
    this.#height = height;
    this.#radius = radius;
    this.#rows = new Float32Array(width * height);
    this.#column = new Float64Array(width);
  }

  /** Writes the mean of the square of side `2 * radius + 1` around each pixel into `into`; at the edges of what is there. */
  of(values: ArrayLike<number>, into: Float32Array): void {
    this.#sumRows(values);
    const width = this.#width;
    const height = this.#height;
    const radius = this.#radius;
    const rows = this.#rows;
    const sums = this.#column.fill(0);
    for (let y = 0; y < Math.min(radius, height); y++) {
      for (let x = 0; x < width; x++) sums[x]! += rows[y * width + x]!;
    }
    for (let y = 0; y < height; y++) {
      const entering = y + radius;
      const leaving = y - radius - 1;
      if (entering < height) for (let x = 0, at = entering * width; x < width; x++) sums[x]! += rows[at + x]!;
      if (leaving >= 0) for (let x = 0, at = leaving * width; x < width; x++) sums[x]! -= rows[at + x]!;
      const tall = Math.min(height - 1, entering) - Math.max(0, leaving + 1) + 1;
      for (let x = 0, at = y * width; x < width; x++) into[at + x] = sums[x]! / tall;
    }
  }

  /** Means along each row. */
  #sumRows(values: ArrayLike<number>): void {
    const width = this.#width;
    const radius = this.#radius;
    const rows = this.#rows;
    for (let y = 0; y < this.#height; y++) {
      const from = y * width;
      let sum = 0;
      for (let x = 0; x < Math.min(radius, width); x++) sum += values[from + x]!;
      for (let x = 0; x < width; x++) {
        const entering = x + radius;
        const leaving = x - radius - 1;
        if (entering < width) sum += values[from + entering]!;
        if (leaving >= 0) sum -= values[from + leaving]!;
        rows[from + x] = sum / (Math.min(width - 1, entering) - Math.max(0, leaving + 1) + 1);
      }
    }
  }
}
