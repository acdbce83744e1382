// How long tasks of a kind take on a board of speed 1, learned from those that ended: what is expected of tasks that say
// nothing.

const WEIGHT = 0.1;
/** Of a kind that was never seen. */
const UNKNOWN = 1;

export class LearnedSeconds {
  readonly #means = new Map<string, number>();

  of(kind: string): number {
    return this.#means.get(kind) ?? UNKNOWN;
  }

  /** @param seconds that one took on a board of that speed */
  learn(kind: string, seconds: number, speed: number): void {
    const atSpeedOne = seconds * speed;
    const mean = this.#means.get(kind);
    this.#means.set(kind, mean === undefined ? atSpeedOne : mean + WEIGHT * (atSpeedOne - mean));
  }
}
