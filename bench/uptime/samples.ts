// What is available of what was asked for, sample by sample. Pure.

export const SERVICES = ['routes', 'jobs', 'cameras', 'telemetry'] as const;
export type ServiceName = (typeof SERVICES)[number];

interface Count {
  good: number;
  all: number;
}

export class Availability {
  readonly #counts = new Map<string, Count>();

  /** @param touched whether a fault that nothing on the node can repair took just this away */
  add(service: ServiceName, isGood: boolean, touched: boolean): void {
    this.#count(service, isGood);
    if (!touched) this.#count(`${service} not taken away`, isGood);
  }

  /** Share of samples that were good; undefined where there was none. */
  of(service: ServiceName, kind: 'all' | 'not taken away' = 'all'): { share: number; samples: number } | undefined {
    const count = this.#counts.get(kind === 'all' ? service : `${service} not taken away`);
    return count && { share: count.good / count.all, samples: count.all };
  }

  #count(key: string, isGood: boolean): void {
    const count = this.#counts.get(key) ?? { good: 0, all: 0 };
    count.all++;
    if (isGood) count.good++;
    this.#counts.set(key, count);
  }
}
