// Results as every bench prints them: one JSON object a line. What is not a result goes to standard error.

export interface Result {
  bench: string;
  case: string;
  /** Which program was measured, where several are. */
  subject?: string;
  metric: string;
  value: number;
  unit: string;
  /** What the value should not exceed. */
  target?: number;
}

export function report({ target, ...result }: Result, more: Record<string, unknown> = {}): void {
  const value = Number(result.value.toPrecision(4));
  const goal = target === undefined ? {} : { target, met: value <= target };
  console.log(JSON.stringify({ ...result, value, ...goal, ...more }));
}

/** Prints what `peer` reached beside what parlmesh reached, where both were measured. */
export function reportBeside(result: Result, peer: string, peerValue: number): void {
  report(result, {
    peer,
    peerValue: Number(peerValue.toPrecision(4)),
    ratio: Number((peerValue / result.value).toPrecision(3)),
  });
}

export const note = (text: string): void => console.error(text);
