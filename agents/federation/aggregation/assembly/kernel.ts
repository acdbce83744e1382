// The arithmetic of the aggregation: AssemblyScript, built to `../kernel.wasm` by scripts/build-kernel.ts. Functions over
// addresses in linear memory; numbers are f32, sums f64. It allocates and remembers nothing.

/** The sum of four lanes, in f64. */
@inline
function total(lanes: v128): f64 {
  return (
    <f64>f32x4.extract_lane(lanes, 0) + <f64>f32x4.extract_lane(lanes, 1) +
    (<f64>f32x4.extract_lane(lanes, 2) + <f64>f32x4.extract_lane(lanes, 3))
  );
}

@inline
function add(at: usize, lanes: v128): void {
  f64.store(at, f64.load(at) + total(lanes));
}

@inline
function squared(x: v128, y: v128, sum: v128): v128 {
  const difference = f32x4.sub(x, y);
  return f32x4.relaxed_madd(difference, difference, sum);
}

/**
 * sums[i][j] += the squared distance of rows i and j, for all j from i's group of four on. Differences are squared, not
 * products subtracted, so that near rows far from the origin keep their distance.
 * @param sums `count` rows of `count` f64
 * @param rows `count` rows of `width` numbers, one after another
 * @param count a multiple of 4
 * @param width a multiple of 4; at most 1024, since a row's sum is taken in f32 first
 */
export function addSquaredDistances(sums: usize, rows: usize, count: i32, width: i32): void {
  const row = <usize>width << 2;
  const line = <usize>count << 3;
  for (let i: usize = 0; i < <usize>count; i += 4) {
    const x = rows + i * row;
    const end = x + row;
    for (let j = i; j < <usize>count; j += 2) {
      let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
      let at = x;
      let y = rows + j * row;
      for (; at < end; at += 16) {
        const y0 = v128.load(y);
        const y1 = v128.load(y + row);
        const x0 = v128.load(at);
        s00 = squared(x0, y0, s00);
        s01 = squared(x0, y1, s01);
        const x1 = v128.load(at + row);
        s10 = squared(x1, y0, s10);
        s11 = squared(x1, y1, s11);
        const x2 = v128.load(at + 2 * row);
        s20 = squared(x2, y0, s20);
        s21 = squared(x2, y1, s21);
        const x3 = v128.load(at + 3 * row);
        s30 = squared(x3, y0, s30);
        s31 = squared(x3, y1, s31);
        y += 16;
      }
      let to = sums + i * line + (j << 3);
      add(to, s00);
      add(to + 8, s01);
      to += line;
      add(to, s10);
      add(to + 8, s11);
      to += line;
      add(to, s20);
      add(to + 8, s21);
      to += line;
      add(to, s30);
      add(to + 8, s31);
    }
  }
}

/**
 * Takes eight columns out of a table and sorts each, ascending, by Batcher's merge exchange (Knuth, The Art of Computer
 * Programming, volume 3, algorithm 5.2.2M): the same comparisons whatever the numbers are, eight columns at a time.
 * @param to `count` rows of eight numbers
 * @param from the first of them in a table of `count` rows, `row` bytes apart; none is NaN
 */
export function sortEightColumns(to: usize, from: usize, row: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    v128.store(to + (<usize>i << 5), v128.load(from));
    v128.store(to + (<usize>i << 5), v128.load(from, 16), 16);
    from += row;
  }
  if (count < 2) return;
  const top: i32 = 1 << (31 - clz(count - 1));
  for (let p = top; p > 0; p >>= 1) {
    let q = top;
    let r = 0;
    let d = p;
    for (;;) {
      const last = count - d;
      const apart = <usize>d << 5;
      for (let base = r; base < last; base += 2 * p) {
        let at = to + (<usize>base << 5);
        const end = to + (<usize>min(base + p, last) << 5);
        for (; at < end; at += 32) {
          const a0 = v128.load(at);
          const b0 = v128.load(at + apart);
          const a1 = v128.load(at, 16);
          const b1 = v128.load(at + apart, 16);
          v128.store(at, f32x4.pmin(a0, b0));
          v128.store(at + apart, f32x4.pmax(a0, b0));
          v128.store(at, f32x4.pmin(a1, b1), 16);
          v128.store(at + apart, f32x4.pmax(a1, b1), 16);
        }
      }
      if (q == p) break;
      d = q - p;
      q >>= 1;
      r = p;
    }
  }
}
