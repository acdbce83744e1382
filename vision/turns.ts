// Who is next at the detector. Every camera asks for one turn at a time; of those that wait, the one that had least for
// its weight is next (stride scheduling, Waldspurger 1995), so that none starves and a heavier one comes more often.

export interface TurnsOptions {
  /** Turns at the same time: one is prepared while the other is searched. */
  atOnce: number;
}

interface Waiting {
  name: string;
  begin: () => void;
}

export class Turns {
  readonly #atOnce: number;
  #taken = 0;
  readonly #waiting: Waiting[] = [];
  /** What the one who was next last had had: nobody counts as having had less. */
  #time = 0;
  /** What each has had, in turns divided by weight. */
  readonly #had = new Map<string, { had: number; weight: number }>();

  constructor({ atOnce }: TurnsOptions) {
    this.#atOnce = atOnce;
  }

  /** Does `work` when it is `name`'s turn; settles as it does. @param weight above 0; twice as much has twice as many turns */
  async take<T>(name: string, weight: number, work: () => Promise<T>): Promise<T> {
    await this.#turn(name, weight);
    try {
      return await work();
    } finally {
      this.#taken--;
      // Whoever had this turn may ask for the next one at once, and is to be weighed with the others.
      setImmediate(() => this.#next());
    }
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** It asks no more. */
  forget(name: string): void {
    this.#had.delete(name);
  }

  #turn(name: string, weight: number): Promise<void> {
    // Who comes back after a while has not saved turns up meanwhile.
    const had = Math.max(this.#had.get(name)?.had ?? 0, this.#time);
    this.#had.set(name, { had, weight });
    return new Promise((begin) => {
      this.#waiting.push({ name, begin });
      this.#next();
    });
  }

  #next(): void {
    if (this.#taken >= this.#atOnce || this.#waiting.length === 0) return;
    let best = 0;
    for (let i = 1; i < this.#waiting.length; i++) {
      if (this.#of(this.#waiting[i]!) < this.#of(this.#waiting[best]!)) best = i;
    }
    const [next] = this.#waiting.splice(best, 1) as [Waiting];
    const account = this.#had.get(next.name);
    if (account !== undefined) {
      this.#time = account.had;
      account.had += 1 / account.weight;
    }
    this.#taken++;
    next.begin();
  }

  #of({ name }: Waiting): number {
    return this.#had.get(name)?.had ?? 0;
  }
}
