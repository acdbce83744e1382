// Who said of whom, and when, that it is gone or back. Pure.

export interface Observation {
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
  readonly observer: string;
  readonly about: string;
  readonly gone: boolean;
}

/** Milliseconds from `since` until the last of the observers knew that `victim` is gone; undefined while one does not. */
export function knownEverywhere(
  observations: readonly Observation[],
  victim: string,
  observers: readonly string[],
  since: number,
): number | undefined {
  const times = observers.map((observer) => {
    const relevant = observations.filter((one) => one.observer === observer && one.about === victim);
    return relevant.find(({ at, gone }) => gone && at >= since)?.at;
  });
  const known = times.filter((at) => at !== undefined);
  return known.length < observers.length ? undefined : Math.max(...known) - since;
}

/** Statements from `from` to `to` that somebody is gone, while nobody is. */
export function falseAlarms(observations: readonly Observation[], from: number, to: number): number {
  return observations.filter(({ at, gone }) => gone && at >= from && at <= to).length;
}
