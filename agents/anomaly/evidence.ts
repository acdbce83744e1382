// Many scores to one, and which of many may be believed: the number of things watched must not make alarms. Pure.

/**
 * The likelihood that anything is anomalous, from likelihoods of each: 1 - min_i m p(i) / i over the sorted p = 1 -
 * likelihood (Simes 1986, DOI 10.1093/biomet/73.3.751). Like the highest one, but a hundred usual series stay usual, and
 * many that are a little unusual count. 0 of nothing.
 */
export function anyOf(likelihoods: readonly number[]): number {
  const improbable = likelihoods.map((likelihood) => 1 - likelihood).sort((a, b) => a - b);
  const p = improbable.reduce((least, each, at) => Math.min(least, (improbable.length * each) / (at + 1)), 1);
  return 1 - p;
}

/**
 * Those of `likelihoods` that may be believed so that the expected share of false ones is at most `rate`: the largest k with
 * p(k) ≤ k rate / m (Benjamini and Hochberg 1995, DOI 10.1111/j.2517-6161.1995.tb02031.x). Indices, the surest first.
 */
export function believable(likelihoods: readonly number[], rate: number): number[] {
  const order = likelihoods.map((_, at) => at).sort((a, b) => likelihoods[b]! - likelihoods[a]!);
  let count = 0;
  for (const [at, each] of order.entries()) {
    if (1 - likelihoods[each]! <= ((at + 1) * rate) / likelihoods.length) count = at + 1;
  }
  return order.slice(0, count);
}
