// How this benchmark measures and says it.

export function report(scenario: string, metric: string, seconds: number, more: Record<string, unknown> = {}): void {
  console.log(
    JSON.stringify({ bench: 'routing', case: scenario, metric, value: rounded(seconds), unit: 's', ...more }),
  );
}

/** What a peer took for the same, and how many times that is. */
export function beside(peer: string, theirs: number, ours: number) {
  return { peer, peerValue: rounded(theirs), ratio: rounded(theirs / ours) };
}

export const rounded = (value: number): number => Number(value.toPrecision(3));

/** Of this thread: what others do on the machine meanwhile does not count. */
export function cpuSeconds(run: () => unknown): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1e6;
}
