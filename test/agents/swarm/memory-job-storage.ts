// Jobs kept in memory, for tests on a virtual clock. What was appended is there for the next one who asks this object,
// as it would be after a restart.

import type { JobEntry, JobStorage } from '../../../agents/swarm/job-storage.ts';

export class MemoryJobStorage implements JobStorage {
  readonly #logs = new Map<string, Map<number, JobEntry>>();
  readonly #ended = new Map<string, { summary: string; finishedAt: number }>();
  readonly #receipts = new Map<string, string>();

  open(): JobEntry[] {
    return [...this.#logs.keys()]
      .filter((job) => !this.#ended.has(job))
      .sort()
      .flatMap((job) => this.log(job));
  }

  log(job: string): JobEntry[] {
    return [...(this.#logs.get(job)?.values() ?? [])].sort((a, b) => a.number - b.number);
  }

  async append(entries: readonly JobEntry[]): Promise<void> {
    for (const entry of entries) {
      const log = this.#logs.get(entry.job) ?? new Map<number, JobEntry>();
      this.#logs.set(entry.job, log);
      if (!log.has(entry.number)) log.set(entry.number, { ...entry });
    }
  }

  async close(job: string, summary: string, finishedAt: number): Promise<void> {
    this.#ended.set(job, { summary, finishedAt: Math.round(finishedAt) });
  }

  async reopen(job: string): Promise<void> {
    this.#ended.delete(job);
  }

  async drop(job: string): Promise<void> {
    this.#logs.delete(job);
    this.#ended.delete(job);
  }

  closed({
    before,
    limit,
  }: {
    before?: number;
    limit: number;
  }): { job: string; summary: string; finishedAt: number }[] {
    return [...this.#ended]
      .map(([job, ended]) => ({ job, ...ended }))
      .filter(({ finishedAt }) => before === undefined || finishedAt < before)
      .reverse()
      .sort((a, b) => b.finishedAt - a.finishedAt)
      .slice(0, Math.min(1000, limit));
  }

  receipt(key: string): string | undefined {
    return this.#receipts.get(key);
  }

  async putReceipt(key: string, result: string, _at: number): Promise<void> {
    if (!this.#receipts.has(key)) this.#receipts.set(key, result);
  }
}
