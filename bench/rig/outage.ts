// What a flow of probes says of an outage. Pure; times are milliseconds of one monotonic clock.

export interface Probe {
  readonly sentAt: number;
  /** Undefined: no answer came. */
  readonly answeredAt: number | undefined;
}

export interface Outage {
  /** Milliseconds of the longest time without an answer. */
  longest: number;
  /** Probes without an answer. */
  lost: number;
  sent: number;
}

/**
 * The longest time without an answer among probes sent from `from` to `to`. The edges of the window count as answered,
 * so a flow that never comes back has an outage that lasts to `to`.
 */
export function outageOf(probes: readonly Probe[], from: number, to: number): Outage {
  const within = probes.filter(({ sentAt }) => sentAt >= from && sentAt <= to);
  const answers = within.flatMap(({ answeredAt }) => (answeredAt === undefined ? [] : [Math.min(answeredAt, to)]));
  const times = [from, ...answers, to].sort((a, b) => a - b);
  const longest = times.slice(1).reduce((most, time, index) => Math.max(most, time - times[index]!), 0);
  return { longest, lost: within.length - answers.length, sent: within.length };
}

/** The flow runs: nine of ten probes were answered. */
export function isFlowing(probes: readonly Probe[]): boolean {
  const answered = probes.filter(({ answeredAt }) => answeredAt !== undefined).length;
  return probes.length > 0 && answered >= probes.length * 0.9;
}
