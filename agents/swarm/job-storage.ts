// What the swarm asks of the store: jobs as a log of events, on the disk before anybody is told. The same log is kept by
// the home of a job and by its deputy. Reads show all that has been acknowledged; what still waits may be missing. Reads
// and writes throw or reject with a coded error (`STORE_FULL`, `STORE_BUSY`, …) when the disk does not take or give it.

/** One entry of a job's log. Entries of a job are numbered from 1 without gaps; the home writes them, the deputy copies. */
export interface JobEntry {
  job: string;
  number: number;
  /** Some `JobEvent`s: see `entry-text.ts`. */
  event: string;
}

/** A job that has ended: `summary` (JSON of a `JobView`) stands in listings from now on. */
export interface ClosedJob {
  job: string;
  summary: string;
  finishedAt: number;
}

export interface JobStorage {
  /** Logs of all jobs that have not ended, each in order; after a crash everything that was acknowledged is in them. */
  open(): JobEntry[];
  /** Log of one job, in order; empty when it is not kept here. */
  log(job: string): JobEntry[];
  /**
   * Resolves once all entries are on the disk, and `closed` with them, in one transaction. The same number twice is kept
   * once: the first stays. The log of a closed job stays for `log` until retention takes both. At most 16 million
   * characters; more is refused with `STORE_REFUSED`.
   */
  append(entries: readonly JobEntry[], closed?: readonly ClosedJob[]): Promise<void>;
  /** A job that was closed goes on (a retry). */
  reopen(job: string): Promise<void>;
  /** Drops a log, e.g. a deputy's after the job has another one. */
  drop(job: string): Promise<void>;
  /** Ended jobs, newest end first, those that ended before `before`; at most 1000. */
  closed(query: { before?: number; limit: number }): ClosedJob[];
  /** Result of a task that this node has carried out before, by its key; what a second attempt answers with. */
  receipt(key: string): string | undefined;
  /** Resolves once on the disk. The first result under a key stays. Receipts are kept for a day. */
  putReceipt(key: string, result: string, at: number): Promise<void>;
}
