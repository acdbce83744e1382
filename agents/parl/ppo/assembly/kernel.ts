// The arithmetic of the PPO engine: AssemblyScript, built to `../kernel.wasm` by scripts/build.ts. Functions over
// addresses in linear memory; numbers are f32, rows are padded to a multiple of four. It allocates and remembers nothing.

/** a * b + sum in each lane: rounded once where the processor multiplies and adds in one step, else twice. */
@inline
function multiplyAdd(a: v128, b: v128, sum: v128): v128 {
  return f32x4.relaxed_madd(a, b, sum);
}

/**
 * C = A B, or C = A B + bias (a row, repeated). Strides are in bytes, so that A can be read as its transpose.
 * @param c m rows of n numbers, `cRow` bytes apart
 * @param a number (i, k) lies at `a + i * aRow + k * aColumn`
 * @param b k rows of n numbers, `bRow` bytes apart
 * @param bias address of n numbers, or 0
 * @param n a multiple of 4
 */
export function multiply(
  c: usize, cRow: usize, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, bias: usize,
  m: i32, n: i32, k: i32,
): void {
  const width = <usize>n << 2;
  let j: usize = 0;
  for (; j + 32 <= width; j += 32) {
    let first = f32x4.splat(0);
    let second = first;
    if (bias) {
      first = v128.load(bias + j);
      second = v128.load(bias + j, 16);
    }
    let i: i32 = 0;
    let row = a;
    let out = c + j;
    for (; i + 4 <= m; i += 4) {
      let c00 = first, c01 = second, c10 = first, c11 = second;
      let c20 = first, c21 = second, c30 = first, c31 = second;
      let x0 = row, x1 = row + aRow, x2 = row + 2 * aRow, x3 = row + 3 * aRow;
      let y = b + j;
      for (let step = 0; step < k; step++) {
        const left = v128.load(y);
        const right = v128.load(y, 16);
        const a0 = v128.load32_splat(x0);
        c00 = multiplyAdd(a0, left, c00);
        c01 = multiplyAdd(a0, right, c01);
        const a1 = v128.load32_splat(x1);
        c10 = multiplyAdd(a1, left, c10);
        c11 = multiplyAdd(a1, right, c11);
        const a2 = v128.load32_splat(x2);
        c20 = multiplyAdd(a2, left, c20);
        c21 = multiplyAdd(a2, right, c21);
        const a3 = v128.load32_splat(x3);
        c30 = multiplyAdd(a3, left, c30);
        c31 = multiplyAdd(a3, right, c31);
        x0 += aColumn;
        x1 += aColumn;
        x2 += aColumn;
        x3 += aColumn;
        y += bRow;
      }
      v128.store(out, c00);
      v128.store(out, c01, 16);
      out += cRow;
      v128.store(out, c10);
      v128.store(out, c11, 16);
      out += cRow;
      v128.store(out, c20);
      v128.store(out, c21, 16);
      out += cRow;
      v128.store(out, c30);
      v128.store(out, c31, 16);
      out += cRow;
      row += 4 * aRow;
    }
    for (; i < m; i++) {
      let c0 = first, c1 = second;
      let x = row;
      let y = b + j;
      for (let step = 0; step < k; step++) {
        const a0 = v128.load32_splat(x);
        c0 = multiplyAdd(a0, v128.load(y), c0);
        c1 = multiplyAdd(a0, v128.load(y, 16), c1);
        x += aColumn;
        y += bRow;
      }
      v128.store(out, c0);
      v128.store(out, c1, 16);
      out += cRow;
      row += aRow;
    }
  }
  if (j < width) multiplyColumn(c + j, cRow, a, aRow, aColumn, b + j, bRow, bias ? bias + j : 0, m, k);
}

/** The last four columns of a product whose width is no multiple of eight. */
function multiplyColumn(
  c: usize, cRow: usize, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, bias: usize, m: i32, k: i32,
): void {
  const first = bias ? v128.load(bias) : f32x4.splat(0);
  let i: i32 = 0;
  let row = a;
  let out = c;
  for (; i + 4 <= m; i += 4) {
    let c0 = first, c1 = first, c2 = first, c3 = first;
    let x0 = row, x1 = row + aRow, x2 = row + 2 * aRow, x3 = row + 3 * aRow;
    let y = b;
    for (let step = 0; step < k; step++) {
      const left = v128.load(y);
      c0 = multiplyAdd(v128.load32_splat(x0), left, c0);
      c1 = multiplyAdd(v128.load32_splat(x1), left, c1);
      c2 = multiplyAdd(v128.load32_splat(x2), left, c2);
      c3 = multiplyAdd(v128.load32_splat(x3), left, c3);
      x0 += aColumn;
      x1 += aColumn;
      x2 += aColumn;
      x3 += aColumn;
      y += bRow;
    }
    v128.store(out, c0);
    v128.store(out + cRow, c1);
    v128.store(out + 2 * cRow, c2);
    v128.store(out + 3 * cRow, c3);
    out += 4 * cRow;
    row += 4 * aRow;
  }
  for (; i < m; i++) {
    let c0 = first;
    let x = row;
    let y = b;
    for (let step = 0; step < k; step++) {
      c0 = multiplyAdd(v128.load32_splat(x), v128.load(y), c0);
      x += aColumn;
      y += bRow;
    }
    v128.store(out, c0);
    out += cRow;
    row += aRow;
  }
}

/** to[j][i] = from[i][j] for `rows` by `columns` numbers. */
export function transpose(to: usize, toRow: usize, from: usize, fromRow: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    let source = from + <usize>i * fromRow;
    let target = to + (<usize>i << 2);
    for (let j = 0; j < columns; j++) {
      f32.store(target, f32.load(source));
      source += 4;
      target += toRow;
    }
  }
}

/** sums[j] = the sum over all rows of column j. */
export function sumRows(sums: usize, from: usize, row: usize, rows: i32, columns: i32): void {
  const width = <usize>columns << 2;
  for (let j: usize = 0; j < width; j += 16) {
    let sum = f32x4.splat(0);
    let at = from + j;
    for (let i = 0; i < rows; i++) {
      sum = f32x4.add(sum, v128.load(at));
      at += row;
    }
    v128.store(sums + j, sum);
  }
}

/**
 * The hyperbolic tangent of each number, in place: a rational function of degree 13 over 6, fitted on the range in which
 * f32 is not yet 1 (the coefficients of Eigen's `ptanh_float`); within 5e-7.
 */
export function tanh(at: usize, count: i32): void {
  const limit = f32x4.splat(7.90531110763549805);
  const floor = f32x4.neg(limit);
  const end = at + (<usize>count << 2);
  for (; at < end; at += 16) {
    const x = f32x4.max(floor, f32x4.min(limit, v128.load(at)));
    const x2 = f32x4.mul(x, x);
    let p = multiplyAdd(x2, f32x4.splat(-2.76076847742355e-16), f32x4.splat(2.00018790482477e-13));
    p = multiplyAdd(x2, p, f32x4.splat(-8.60467152213735e-11));
    p = multiplyAdd(x2, p, f32x4.splat(5.12229709037114e-8));
    p = multiplyAdd(x2, p, f32x4.splat(1.48572235717979e-5));
    p = multiplyAdd(x2, p, f32x4.splat(6.37261928875436e-4));
    p = multiplyAdd(x2, p, f32x4.splat(4.89352455891786e-3));
    let q = multiplyAdd(x2, f32x4.splat(1.19825839466702e-6), f32x4.splat(1.18534705686654e-4));
    q = multiplyAdd(x2, q, f32x4.splat(2.268434632439e-3));
    q = multiplyAdd(x2, q, f32x4.splat(4.89352518554385e-3));
    v128.store(at, f32x4.div(f32x4.mul(x, p), q));
  }
}

/** gradient *= 1 - y * y: back through a tanh whose results are y. */
export function backThroughTanh(gradient: usize, y: usize, count: i32): void {
  const one = f32x4.splat(1);
  const end = gradient + (<usize>count << 2);
  for (; gradient < end; gradient += 16) {
    const result = v128.load(y);
    v128.store(gradient, f32x4.mul(v128.load(gradient), f32x4.sub(one, f32x4.mul(result, result))));
    y += 16;
  }
}

export function sumOfSquares(at: usize, count: i32): f64 {
  let sum: f64 = 0;
  const end = at + (<usize>count << 2);
  while (at < end) {
    // Short runs in f32, their sums in f64: a norm as exact as its terms.
    let run = f32x4.splat(0);
    const stop = min(end, at + 1024);
    for (; at < stop; at += 16) {
      const x = v128.load(at);
      run = multiplyAdd(x, x, run);
    }
    sum += <f64>f32x4.extract_lane(run, 0) + <f64>f32x4.extract_lane(run, 1);
    sum += <f64>f32x4.extract_lane(run, 2) + <f64>f32x4.extract_lane(run, 3);
  }
  return sum;
}

/**
 * One step of Adam (Kingma and Ba 2015, algorithm 1) with the bias corrections folded into `rate` and `rootCorrection`.
 * @param scale the gradient is multiplied by it first: how its norm is clipped
 * @param rate learning rate / (1 - beta1^t)
 * @param rootCorrection 1 / sqrt(1 - beta2^t)
 */
export function adam(
  parameters: usize, gradients: usize, mean: usize, square: usize, count: i32,
  scale: f32, rate: f32, rootCorrection: f32, beta1: f32, beta2: f32, epsilon: f32,
): void {
  const keepMean = f32x4.splat(beta1);
  const takeMean = f32x4.splat(1 - beta1);
  const keepSquare = f32x4.splat(beta2);
  const takeSquare = f32x4.splat(1 - beta2);
  const scales = f32x4.splat(scale);
  const rates = f32x4.splat(rate);
  const corrections = f32x4.splat(rootCorrection);
  const epsilons = f32x4.splat(epsilon);
  const end = parameters + (<usize>count << 2);
  for (; parameters < end; parameters += 16) {
    const g = f32x4.mul(v128.load(gradients), scales);
    const m = multiplyAdd(keepMean, v128.load(mean), f32x4.mul(takeMean, g));
    const v = multiplyAdd(keepSquare, v128.load(square), f32x4.mul(takeSquare, f32x4.mul(g, g)));
    v128.store(mean, m);
    v128.store(square, v);
    const root = multiplyAdd(f32x4.sqrt(v), corrections, epsilons);
    v128.store(parameters, f32x4.sub(v128.load(parameters), f32x4.div(f32x4.mul(rates, m), root)));
    gradients += 16;
    mean += 16;
    square += 16;
  }
}
