// Results as every bench prints them: one JSON object a line. What is not a result goes to standard error.

export interface Result {
  case: string;
  metric: string;
  value: number;
  unit: string;
  /** What our value should not exceed. */
  target?: number;
}

const OURS = 'parlmesh';

/** Prints what one bench measures of parlmesh, and what it measures of others beside that. */
export class Report {
  readonly #bench: string;
  readonly #ours = new Map<string, number>();

  constructor(bench: string) {
    this.#bench = bench;
  }

  /**
   * A result of `subject`. Those of others name parlmesh's value too where it was told before.
   * @param more what else belongs to the result, e.g. the load of the machine
   */
  tell(subject: string, { target, ...result }: Result, more: Record<string, unknown> = {}): void {
    const key = `${result.case}, ${result.metric}`;
    const ours = this.#ours.get(key);
    if (subject === OURS) {
      this.#ours.set(key, result.value);
      const goal = target === undefined ? {} : { target, met: result.value <= target };
      this.#print({ ...result, value: rounded(result.value), ...goal, ...more });
    } else if (ours === undefined) {
      this.#print({ ...result, value: rounded(result.value), subject, ...more });
    } else {
      const ratio = result.value === 0 ? {} : { ratio: rounded(ours / result.value) };
      const beside = { value: rounded(ours), peer: subject, peerValue: rounded(result.value), ...ratio };
      this.#print({ ...result, ...beside, ...more });
    }
  }

  /** Why a result is as it is: what the nodes themselves said at that time. */
  explain(subject: string, what: { case: string; seconds: number; story: readonly string[] }): void {
    this.#print({ subject, ...what, seconds: rounded(what.seconds) });
  }

  #print(row: Record<string, unknown>): void {
    console.log(JSON.stringify({ bench: this.#bench, ...row }));
  }
}

export const note = (text: string): void => console.error(text);

const rounded = (value: number): number => Number(value.toPrecision(4));
