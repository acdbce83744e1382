// How long messages took to their readers. Pure.

export interface Delays {
  /** Milliseconds from saying to hearing, one for each message and reader. */
  each: number[];
  /** Milliseconds until the last reader had it, one for each message that all got. */
  last: number[];
  /** Pairs of message and reader that never came together. */
  missing: number;
}

/** Collects who heard which message when. */
export class Hearings {
  readonly #saidAt = new Map<number, number>();
  readonly #delays = new Map<number, number[]>();
  readonly #readers: number;

  /** @param readers how many should hear each message */
  constructor(readers: number) {
    this.#readers = readers;
  }

  said(message: number, at: number): void {
    this.#saidAt.set(message, at);
    this.#delays.set(message, []);
  }

  heard(message: number, at: number): void {
    const saidAt = this.#saidAt.get(message);
    if (saidAt !== undefined) this.#delays.get(message)?.push(at - saidAt);
  }

  get complete(): boolean {
    return this.delays().missing === 0;
  }

  delays(): Delays {
    const all = [...this.#delays.values()];
    return {
      each: all.flat(),
      last: all.filter((delays) => delays.length >= this.#readers).map((delays) => Math.max(...delays)),
      missing: all.reduce((sum, delays) => sum + Math.max(0, this.#readers - delays.length), 0),
    };
  }
}
