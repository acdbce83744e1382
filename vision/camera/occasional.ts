// Says something at once, and what follows at most once in a while: the latest of it, with how much was held back.

import type { Clock, Millis, Timer } from '../../core/clock.ts';

interface Period<T> {
  timer: Timer;
  heldBack: { latest: T; count: number } | undefined;
}

export class Occasional<T> {
  readonly #clock: Clock;
  readonly #period: Millis;
  readonly #say: (latest: T, others: number) => void;
  readonly #periods = new Map<string, Period<T>>();

  /** @param say `others` is how many came before `latest` and were not said */
  constructor(clock: Clock, period: Millis, say: (latest: T, others: number) => void) {
    this.#clock = clock;
    this.#period = period;
    this.#say = say;
  }

  /** @param kind what is held back together; one of few */
  offer(kind: string, value: T): void {
    const period = this.#periods.get(kind);
    if (period !== undefined) {
      period.heldBack = { latest: value, count: (period.heldBack?.count ?? 0) + 1 };
      return;
    }
    this.#begin(kind);
    this.#say(value, 0);
  }

  /** Says what is held back; nothing is pending afterwards. */
  flush(): void {
    const periods = [...this.#periods.values()];
    this.#periods.clear();
    for (const period of periods) {
      period.timer.cancel();
      this.#tell(period);
    }
  }

  #begin(kind: string): void {
    const period: Period<T> = {
      timer: this.#clock.after(this.#period, () => {
        this.#periods.delete(kind);
        if (period.heldBack !== undefined) this.#begin(kind);
        this.#tell(period);
      }),
      heldBack: undefined,
    };
    this.#periods.set(kind, period);
  }

  #tell({ heldBack }: Period<T>): void {
    if (heldBack !== undefined) this.#say(heldBack.latest, heldBack.count - 1);
  }
}
