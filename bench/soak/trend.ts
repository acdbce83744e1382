// How a quantity that is sampled over time goes: the slope of the line of least squares. Pure.

export interface Sample {
  /** Milliseconds. */
  at: number;
  value: number;
}

/** Change of the value a minute; NaN of fewer than two moments. */
export function slopePerMinute(samples: readonly Sample[]): number {
  const count = samples.length;
  const meanAt = samples.reduce((sum, { at }) => sum + at, 0) / count;
  const meanValue = samples.reduce((sum, { value }) => sum + value, 0) / count;
  let [covariance, variance] = [0, 0];
  for (const { at, value } of samples) {
    covariance += (at - meanAt) * (value - meanValue);
    variance += (at - meanAt) ** 2;
  }
  return variance === 0 ? Number.NaN : (covariance / variance) * 60_000;
}
