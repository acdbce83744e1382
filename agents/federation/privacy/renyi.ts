// How much noise hides, added up over rounds: Rényi differential privacy of the (sub-sampled) Gaussian mechanism.
// Mironov, "Rényi Differential Privacy" (CSF 2017, arXiv 1702.07476); Mironov, Talwar, Zhang, "Rényi Differential Privacy
// of the Sampled Gaussian Mechanism" (2019, arXiv 1908.10530); conversion to (ε, δ) by Canonne, Kamath, Steinke (2020,
// arXiv 2004.00010, proposition 12). The discrete Gaussian has the same curve (there, theorem 4 and corollary 7).

/** Orders at which curves are kept. Between whole orders a sub-sampled curve is bounded by convexity. */
export const ORDERS: readonly number[] = [
  ...Array.from({ length: 99 }, (_, at) => 1 + (at + 1) / 10),
  ...Array.from({ length: 53 }, (_, at) => 11 + at),
  64,
  80,
  96,
  128,
  192,
  256,
  384,
  512,
  1024,
];

export interface SampledGaussian {
  /** Standard deviation of the noise in units of the sensitivity. */
  noise: number;
  /**
   * Probability that a member took part, drawn for each (Poisson) and unknown to whoever looks. 1: they know who took
   * part, as a coordinator does.
   */
  sampling: number;
}

/**
 * ε of Rényi differential privacy at `order` > 1, of one use. Whole orders by equation (3) of section 3.3 (2019);
 * orders between them by the chord of (order − 1) ε, which is convex: an upper bound, not the value.
 */
export function renyiOf({ noise, sampling }: SampledGaussian, order: number): number {
  if (sampling === 0) return 0;
  if (noise === 0) return Number.POSITIVE_INFINITY;
  if (sampling === 1) return order / (2 * noise * noise);
  const lower = Math.floor(order);
  const part = order - lower;
  const moments =
    (1 - part) * logMoment(noise, sampling, lower) + (part === 0 ? 0 : part * logMoment(noise, sampling, lower + 1));
  return Math.max(0, moments) / (order - 1);
}

/** ln Σ C(α, k) (1 − q)^(α − k) q^k exp((k² − k) / 2σ²), each term as a logarithm: they reach e^1000. */
function logMoment(noise: number, sampling: number, order: number): number {
  let logBinomial = 0;
  let sum = Number.NEGATIVE_INFINITY;
  for (let k = 0; k <= order; k++) {
    if (k > 0) logBinomial += Math.log((order - k + 1) / k);
    const term =
      logBinomial + (order - k) * Math.log1p(-sampling) + k * Math.log(sampling) + (k * k - k) / (2 * noise * noise);
    const high = Math.max(sum, term);
    sum = high + Math.log1p(Math.exp(Math.min(sum, term) - high));
  }
  return sum;
}

/** ε of (ε, δ) that a Rényi ε at one order gives. May be negative: 0 is then proven. */
export function convert(renyi: number, order: number, delta: number): number {
  return renyi + Math.log1p(-1 / order) - (Math.log(delta) + Math.log(order)) / (order - 1);
}

/** The ε at `delta` of `rounds` uses: the best that any of `ORDERS` proves. Infinity where nothing is proven. */
export function epsilonOfRounds(mechanism: SampledGaussian, rounds: number, delta: number): number {
  if (mechanism.sampling === 0 || rounds === 0) return 0;
  let best = Number.POSITIVE_INFINITY;
  for (const order of ORDERS) best = Math.min(best, convert(rounds * renyiOf(mechanism, order), order, delta));
  return Math.max(0, best);
}

/**
 * ρ of zero-concentrated differential privacy (Bun, Steinke 2016, arXiv 1605.02065) of one Gaussian use without
 * sampling: its Rényi curve is order × ρ. Uses add up by adding ρ, which is all that an account has to keep.
 */
export function rhoOf(noise: number): number {
  return noise === 0 ? Number.POSITIVE_INFINITY : 1 / (2 * noise * noise);
}

/** ε at `delta` of everything that adds up to `rho`: the least over all orders. 0 for 0, Infinity for Infinity. */
export function epsilonOf(rho: number, delta: number): number {
  if (rho === 0) return 0;
  if (!Number.isFinite(rho)) return Number.POSITIVE_INFINITY;
  // The bound falls and then rises with the order: thirds of ln(order − 1) close in on its least value.
  let low = Math.log(1e-6);
  let high = Math.log(1e9);
  const at = (exponent: number): number => {
    const order = 1 + Math.exp(exponent);
    return convert(order * rho, order, delta);
  };
  for (let turn = 0; turn < 120; turn++) {
    const third = (high - low) / 3;
    if (at(low + third) < at(high - third)) high -= third;
    else low += third;
  }
  return Math.max(0, at(low));
}

/** The largest ρ whose ε at `delta` is within `epsilon`. */
export function rhoWithin(epsilon: number, delta: number): number {
  let low = 0;
  let high = 1;
  while (epsilonOf(high, delta) < epsilon) high *= 2;
  for (let turn = 0; turn < 80; turn++) {
    const middle = (low + high) / 2;
    if (epsilonOf(middle, delta) <= epsilon) low = middle;
    else high = middle;
  }
  return low;
}
