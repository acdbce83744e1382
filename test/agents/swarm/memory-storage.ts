// The store of one node's jobs in memory: what was acknowledged outlives the node, what was under way when it died may not.

import type { ClosedJob, JobEntry, JobStorage } from '../../../agents/swarm/job-storage.ts';
import type { VirtualClock } from '../../../core/clock.ts';

/** What is on the disk. */
export class Disk {
  readonly entries = new Map<string, Map<number, string>>();
  readonly ended = new Map<string, { summary: string; finishedAt: number }>();
  readonly receipts = new Map<string, string>();
}

/** One life of the store; after `die` nothing reaches the disk. */
export class MemoryStorage implements JobStorage {
  readonly #disk: Disk;
  readonly #clock: VirtualClock;
  readonly #syncTime: number;
  #isDead = false;
  appends = 0;

  constructor(disk: Disk, clock: VirtualClock, syncTime = 2) {
    this.#disk = disk;
    this.#clock = clock;
    this.#syncTime = syncTime;
  }

  die(): void {
    this.#isDead = true;
  }

  open(): JobEntry[] {
    const open = [...this.#disk.entries.keys()].filter((job) => !this.#disk.ended.has(job));
    return open.sort().flatMap((job) => this.log(job));
  }

  log(job: string): JobEntry[] {
    const entries = [...(this.#disk.entries.get(job) ?? [])].sort(([a], [b]) => a - b);
    return entries.map(([number, event]) => ({ job, number, event }));
  }

  append(entries: readonly JobEntry[], closed: readonly ClosedJob[] = []): Promise<void> {
    this.appends++;
    return this.#sync(() => {
      for (const { job, number, event } of entries) {
        const log = this.#disk.entries.get(job) ?? new Map<number, string>();
        if (!log.has(number)) log.set(number, event);
        this.#disk.entries.set(job, log);
      }
      for (const { job, summary, finishedAt } of closed) {
        this.#disk.ended.set(job, { summary, finishedAt: Math.round(finishedAt) });
      }
    });
  }

  reopen(job: string): Promise<void> {
    return this.#sync(() => this.#disk.ended.delete(job));
  }

  drop(job: string): Promise<void> {
    return this.#sync(() => {
      this.#disk.entries.delete(job);
      this.#disk.ended.delete(job);
    });
  }

  closed({ before = Number.POSITIVE_INFINITY, limit }: { before?: number; limit: number }) {
    const all = [...this.#disk.ended].map(([job, ended]) => ({ job, ...ended }));
    const earlier = all.filter(({ finishedAt }) => finishedAt < before);
    return earlier.sort((a, b) => b.finishedAt - a.finishedAt).slice(0, limit);
  }

  receipt(key: string): string | undefined {
    return this.#disk.receipts.get(key);
  }

  putReceipt(key: string, result: string): Promise<void> {
    return this.#sync(() => {
      if (!this.#disk.receipts.has(key)) this.#disk.receipts.set(key, result);
    });
  }

  #sync(write: () => unknown): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(this.#syncTime, () => {
        if (this.#isDead) return;
        write();
        resolve();
      });
    });
  }
}
