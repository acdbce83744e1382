// Products of two fields of vectors at all shifts at once, by the fast Fourier transform: a vector (gx, gy) is the complex
// number gx + i·gy, and the real part of a·conj(b) is the product of two vectors.

/** Powers of two that hold a field and every shift of it without wrapping around. */
const ACROSS = 128;
const DOWN = 64;

interface Vectors {
  gx: Float32Array;
  gy: Float32Array;
  width: number;
  height: number;
}

/**
 * The sum of a(p + s) · b(p) over all p, by shift s.
 * @param a of at most 64 × 32; shifts wrap around where field and shift together exceed 128 × 64
 */
export function correlate(a: Vectors, b: Vectors): (x: number, y: number) => number {
  const [first, second] = [transformed(a), transformed(b)];
  for (let i = 0; i < ACROSS * DOWN; i++) {
    const [re, im] = [first.re[i]!, first.im[i]!];
    const [otherRe, otherIm] = [second.re[i]!, second.im[i]!];
    first.re[i] = re * otherRe + im * otherIm;
    // Its conjugate: transformed again, it gives the conjugate of the inverse.
    first.im[i] = re * otherIm - im * otherRe;
  }
  const products = new Float64Array(ACROSS * DOWN);
  downThenAcross(first);
  for (let i = 0; i < products.length; i++) products[i] = first.re[i]! / products.length;
  return (x, y) => products[((y + DOWN) % DOWN) * ACROSS + ((x + ACROSS) % ACROSS)]!;
}

interface Spectrum {
  re: Float64Array;
  im: Float64Array;
}

function transformed({ gx, gy, width, height }: Vectors): Spectrum {
  const spectrum = { re: new Float64Array(ACROSS * DOWN), im: new Float64Array(ACROSS * DOWN) };
  for (let y = 0; y < height; y++) {
    spectrum.re.set(gx.subarray(y * width, (y + 1) * width), y * ACROSS);
    spectrum.im.set(gy.subarray(y * width, (y + 1) * width), y * ACROSS);
  }
  // Rows without values transform to zero.
  transform(spectrum, { count: height, apart: ACROSS, length: ACROSS, stride: 1 });
  transform(spectrum, { count: ACROSS, apart: 1, length: DOWN, stride: ACROSS });
  return spectrum;
}

function downThenAcross(spectrum: Spectrum): void {
  transform(spectrum, { count: ACROSS, apart: 1, length: DOWN, stride: ACROSS });
  transform(spectrum, { count: DOWN, apart: ACROSS, length: ACROSS, stride: 1 });
}

const COSINES: Readonly<Float64Array> = Float64Array.from({ length: ACROSS / 2 }, (_, i) =>
  Math.cos((2 * Math.PI * i) / ACROSS),
);
const SINES: Readonly<Float64Array> = Float64Array.from({ length: ACROSS / 2 }, (_, i) =>
  Math.sin((2 * Math.PI * i) / ACROSS),
);

interface Lines {
  /** Lines, and how far apart they begin. */
  count: number;
  apart: number;
  /** Values of a line, and how far apart they lie. */
  length: number;
  stride: number;
}

/** Radix 2, in place, all lines step by step together: neighbours in memory are taken one after the other. */
function transform({ re, im }: Spectrum, { count, apart, length, stride }: Lines): void {
  for (let i = 1, j = 0; i < length; i++) {
    let bit = length >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) swap(re, im, { count, apart, p: i * stride, q: j * stride });
  }
  for (let half = 1; half < length; half <<= 1) {
    const turn = ACROSS / (2 * half);
    for (let k = 0; k < half; k++) {
      const cosine = COSINES[k * turn]!;
      const sine = SINES[k * turn]!;
      for (let start = k; start < length; start += 2 * half) {
        const far = half * stride;
        for (let line = 0, p = start * stride; line < count; line++, p += apart) {
          const q = p + far;
          const a = re[q]!;
          const b = im[q]!;
          const turnedRe = a * cosine + b * sine;
          const turnedIm = b * cosine - a * sine;
          const keptRe = re[p]!;
          const keptIm = im[p]!;
          re[q] = keptRe - turnedRe;
          im[q] = keptIm - turnedIm;
          re[p] = keptRe + turnedRe;
          im[p] = keptIm + turnedIm;
        }
      }
    }
  }
}

function swap(
  re: Float64Array,
  im: Float64Array,
  { count, apart, p, q }: { count: number; apart: number; p: number; q: number },
): void {
  for (let line = 0, at = 0; line < count; line++, at += apart) {
    const keptRe = re[p + at]!;
    const keptIm = im[p + at]!;
    re[p + at] = re[q + at]!;
    im[p + at] = im[q + at]!;
    re[q + at] = keptRe;
    im[q + at] = keptIm;
  }
}
