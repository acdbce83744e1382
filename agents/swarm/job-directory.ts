// All jobs that this node knows of: its own as they are, those of others as their homes last told, ended ones from the store.

import type { Millis } from '../../core/clock.ts';
import type { JobStorage } from './job-storage.ts';
import type { JobState, JobView } from './job-view.ts';

export interface DirectoryEntry {
  epoch: number;
  view: JobView;
}

export interface JobQuery {
  state?: JobState;
  /** Only jobs that were submitted earlier. */
  before?: Millis;
  limit?: number;
}

const LISTED = 100;
const MOST_ENDED = 1000;
/** Jobs that a home tells of: those that run, newest first, then those that ended last. */
const TOLD = { running: 24, ended: 8 };

export class JobDirectory {
  readonly #storage: Pick<JobStorage, 'closed'>;
  /** By home: what it said last. */
  readonly #told = new Map<string, Map<string, DirectoryEntry>>();
  /** Ended jobs whose log is here, oldest end first. */
  readonly #ended = new Map<string, DirectoryEntry>();

  constructor(storage: Pick<JobStorage, 'closed'>) {
    this.#storage = storage;
  }

  /** After the store has opened. */
  load(): void {
    for (const { job, summary } of this.#storage.closed({ limit: MOST_ENDED }).reverse()) {
      const { epoch = 1, ...view }: JobView & { epoch?: number } = JSON.parse(summary);
      this.#ended.set(job, { epoch, view });
    }
  }

  ended(entry: DirectoryEntry): void {
    this.#ended.delete(entry.view.id);
    this.#ended.set(entry.view.id, entry);
    for (const job of this.#ended.keys()) {
      if (this.#ended.size <= MOST_ENDED) break;
      this.#ended.delete(job);
    }
  }

  /** It goes on. */
  reopened(job: string): void {
    this.#ended.delete(job);
  }

  endedHere(job: string): DirectoryEntry | undefined {
    return this.#ended.get(job);
  }

  /** A home said which jobs it has. */
  hear(home: string, jobs: readonly DirectoryEntry[]): void {
    this.#told.set(home, new Map(jobs.map((entry) => [entry.view.id, entry])));
  }

  /** What others say of a job: the word of its latest home. */
  toldOf(job: string): (DirectoryEntry & { home: string }) | undefined {
    let best: (DirectoryEntry & { home: string }) | undefined;
    for (const [home, jobs] of this.#told) {
      const entry = jobs.get(job);
      if (entry !== undefined && (best === undefined || isNewer(entry, best))) best = { ...entry, home };
    }
    return best;
  }

  /** What this home tells the others. */
  summary(own: readonly DirectoryEntry[]): DirectoryEntry[] {
    const newest = (a: DirectoryEntry, b: DirectoryEntry): number => b.view.submittedAt - a.view.submittedAt;
    const ended = [...this.#ended.values()].slice(-TOLD.ended);
    return [...own.toSorted(newest).slice(0, TOLD.running), ...ended];
  }

  list(
    own: readonly JobView[],
    { state, before = Number.POSITIVE_INFINITY, limit = LISTED }: JobQuery = {},
  ): JobView[] {
    const all = new Map<string, DirectoryEntry>();
    for (const jobs of [this.#ended, ...this.#told.values()]) {
      for (const [id, entry] of jobs) {
        const known = all.get(id);
        if (known === undefined || isNewer(entry, known)) all.set(id, entry);
      }
    }
    for (const view of own) all.set(view.id, { epoch: 0, view });
    return [...all.values()]
      .map(({ view }) => view)
      .filter((view) => view.submittedAt < before && (state === undefined || view.state === state))
      .sort((a, b) => b.submittedAt - a.submittedAt || (a.id < b.id ? 1 : -1))
      .slice(0, limit);
  }
}

/** A later home knows better, and of two alike the one that saw the end. */
function isNewer(a: DirectoryEntry, b: DirectoryEntry): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.view.state !== 'running' && b.view.state === 'running');
}

/** What the store keeps of an ended job. */
export const summaryOf = ({ epoch, view }: DirectoryEntry): string => JSON.stringify({ ...view, epoch });
