// The logs of the jobs whose home this is: every entry onto the disk here and at the deputy, many at a time. While one
// batch is on its way the next gathers.

import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import { writeEntry } from '../entry-text.ts';
import { summaryOf } from '../job-directory.ts';
import type { JobEvent } from '../job-event.ts';
import type { JobEntry, JobStorage } from '../job-storage.ts';
import type { JobView } from '../job-view.ts';

/** A job whose log is written here. */
export interface LoggedJob {
  readonly id: string;
  /** Entries of its log. */
  entries: number;
}

/** A job that these entries end. */
export interface Ending {
  epoch: number;
  view: JobView;
  finishedAt: Millis;
}

export interface Logged {
  entry: JobEntry;
  /** With the last entry of a job. */
  ending?: Ending;
}

/** Where the second copy goes. */
export interface Copies {
  /** Resolves once the deputy has them on its disk, or nobody can be found who would. Never rejects. */
  copy(batch: readonly Logged[], stored: Promise<void>): Promise<void>;
}

export interface JobLogParts {
  storage: Pick<JobStorage, 'append'>;
  copies: Copies;
  /** How a job ended; undefined while it goes on. The end is kept with the entries that bring it. */
  endingOf(job: string): Ending | undefined;
  clock: Clock;
  /** The disk does not take what must be kept, or does again (`undefined`). */
  trouble(cause: string | undefined): void;
}

interface Pending {
  job: LoggedJob;
  events: JobEvent[];
}

const RETRY_AFTER: Millis = 500;
/** Events of one batch; the rest goes with the next. */
const MOST_EVENTS = 2000;
const MOST_CHARACTERS = 4_000_000;

export class JobLog {
  readonly #parts: JobLogParts;
  readonly #pending = new Map<string, Pending>();
  #waiters: (() => void)[] = [];
  #isFlushing = false;
  #stopped = false;
  #retry: Timer | undefined;
  /** Events recorded since the start, and batches. */
  readonly totals = { events: 0, batches: 0 };

  constructor(parts: JobLogParts) {
    this.#parts = parts;
  }

  /** Resolves once the events are on the disk, here and at the deputy. While the disk refuses, it waits. */
  record(job: LoggedJob, events: readonly JobEvent[]): Promise<void> {
    const pending = this.#pending.get(job.id);
    if (pending === undefined) this.#pending.set(job.id, { job, events: [...events] });
    else pending.events.push(...events);
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      if (this.#isFlushing) return;
      this.#isFlushing = true;
      // All that this turn has to say goes together.
      queueMicrotask(() => void this.#flush());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
  }

  async #flush(): Promise<void> {
    while (this.#waiters.length > 0 && !this.#stopped) {
      const waiters = this.#waiters;
      this.#waiters = [];
      const batch = this.#take();
      await this.#keep(batch);
      for (const done of waiters) done();
    }
    this.#isFlushing = false;
  }

  #take(): Logged[] {
    const batch: Logged[] = [];
    for (const { job, events } of this.#pending.values()) {
      for (let at = 0; at < events.length; at += MOST_EVENTS) {
        const part = events.slice(at, at + MOST_EVENTS);
        this.totals.events += part.length;
        batch.push({ entry: { job: job.id, number: ++job.entries, event: writeEntry(part) } });
      }
      const ending = events.length > 0 ? this.#parts.endingOf(job.id) : undefined;
      if (ending !== undefined) batch.at(-1)!.ending = ending;
    }
    this.#pending.clear();
    this.totals.batches++;
    return batch;
  }

  async #keep(batch: readonly Logged[]): Promise<void> {
    const stored = this.#store(batch);
    await Promise.all([stored, this.#parts.copies.copy(batch, stored)]);
  }

  async #store(batch: readonly Logged[]): Promise<void> {
    const { storage, clock, trouble } = this.#parts;
    for (let isTold = false; !this.#stopped; ) {
      try {
        for (const part of bounded(batch)) {
          const ends = part.flatMap(({ entry: { job }, ending }) =>
            ending === undefined ? [] : { job, summary: summaryOf(ending), finishedAt: ending.finishedAt },
          );
          const entries = part.map(({ entry }) => entry);
          await storage.append(entries, ends);
        }
        if (isTold) trouble(undefined);
        return;
      } catch (thrown) {
        trouble(messageOf(thrown));
        isTold = true;
        await new Promise<void>((resolve) => {
          this.#retry = clock.after(RETRY_AFTER, resolve);
        });
      }
    }
  }
}

/** The store takes 16 million characters at once. An entry that comes twice, after a failure in between, is kept once. */
function* bounded(batch: readonly Logged[]): Iterable<Logged[]> {
  let part: Logged[] = [];
  let length = 0;
  for (const logged of batch) {
    const { entry } = logged;
    if (length + entry.event.length > MOST_CHARACTERS && part.length > 0) {
      yield part;
      [part, length] = [[], 0];
    }
    part.push(logged);
    length += entry.event.length;
  }
  if (part.length > 0) yield part;
}
