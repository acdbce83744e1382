// This node as the deputy of others: keeps copies of their logs, and takes a job over when its home has been silent for a
// lease and nobody else knows better.

import type { Static } from 'typebox';
import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import { type DirectoryEntry, summaryOf } from '../job-directory.ts';
import type { JobStorage } from '../job-storage.ts';
import type { inquire, lease, replicate } from '../messages.ts';

type Answer = Static<typeof replicate.answers>;
type Log = Static<typeof replicate.asks>['logs'][number];
export type Known = Static<typeof inquire.answers>['known'][number];

/** Who of two homes of a job it is: the later one, and of two of the same epoch the one with the greater id. */
export function isLater(a: { epoch: number; home: string }, b: { epoch: number; home: string }): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.home > b.home);
}

export interface DeputyDeskParts {
  self: string;
  storage: Pick<JobStorage, 'append' | 'drop'>;
  /** This node is the home of the job. */
  hosted(job: string): { epoch: number } | undefined;
  /** Another node is, with a higher epoch, what this one takes for its own. */
  overtaken(job: string, epoch: number, home: string): void;
  /** A job has ended whose copy is here. */
  closed(entry: DirectoryEntry): void;
  /** A copy of a job is kept from now on, which runs. */
  kept(job: string): void;
  /** What all reachable nodes know of these jobs. */
  inquire(jobs: string[]): Promise<{ node: string; known: Known[] }[]>;
  takeOver(jobs: { job: string; epoch: number; home: string }[]): void;
  clock: Clock;
  lease: Millis;
}

interface Kept {
  home: string;
  epoch: number;
  entries: number;
  /** Monotonic; of the last word of it. */
  toldAt: Millis;
}

export class DeputyDesk {
  readonly #parts: DeputyDeskParts;
  readonly #kept = new Map<string, Kept>();
  readonly #heard = new Map<string, Millis>();
  readonly #asking = new Set<string>();
  #timer: Timer | undefined;
  #tickedAt = 0;

  constructor(parts: DeputyDeskParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#kept.size;
  }

  start(): void {
    const { clock, lease: patience } = this.#parts;
    this.#tickedAt = clock.now();
    this.#timer = clock.every(patience / 8, () => this.#tick());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  get(job: string): Kept | undefined {
    return this.#kept.get(job);
  }

  /** A copy that the store had at the start. Its home has a lease to say that it lives. */
  keep(job: string, { home, epoch, entries }: Omit<Kept, 'toldAt'>): void {
    const now = this.#parts.clock.now();
    this.#kept.set(job, { home, epoch, entries, toldAt: now });
    if (!this.#heard.has(home)) this.#heard.set(home, now);
  }

  /** This node is the home now, or nobody needs the copy. */
  forget(job: string): void {
    this.#kept.delete(job);
  }

  async replicate(origin: string, { logs }: Static<typeof replicate.asks>): Promise<Answer> {
    this.#heard.set(origin, this.#parts.clock.now());
    const answer: Answer = { behind: [], overtaken: [] };
    // Together, so that they share a commit.
    await Promise.all(logs.map((log) => this.#copy(origin, log, answer)));
    return answer;
  }

  lease(origin: string, { jobs, first }: Static<typeof lease.asks>): Answer {
    const now = this.#parts.clock.now();
    this.#heard.set(origin, now);
    const answer: Answer = { behind: [], overtaken: [] };
    for (const { job, epoch, entries } of jobs) {
      if (!this.#admit(origin, job, epoch, answer)) continue;
      const kept = this.#kept.get(job);
      if (kept === undefined || kept.home !== origin || kept.epoch !== epoch) answer.behind.push(job);
      else {
        // An entry may be on its way; one that still is at the next word was lost.
        if (kept.entries < entries && now - kept.toldAt > this.#parts.lease / 4) answer.behind.push(job);
      }
    }
    if (first) this.#dropOthers(origin, new Set(jobs.map(({ job }) => job)), now);
    return answer;
  }

  async #copy(origin: string, { job, epoch, entries, whole, closed }: Log, answer: Answer): Promise<void> {
    const { clock, storage } = this.#parts;
    const now = clock.now();
    if (!this.#admit(origin, job, epoch, answer)) return;
    const kept = this.#kept.get(job);
    const have = kept?.epoch === epoch && kept.home === origin ? kept.entries : 0;
    const [first] = entries;
    const isWhole = whole || first?.number === 1;
    if (!isWhole && (have === 0 || (first !== undefined && first.number > have + 1))) {
      answer.behind.push(job);
      return;
    }
    // What another home wrote is another log.
    if (have === 0 && (whole || kept !== undefined)) await storage.drop(job);
    const ended = closed && { epoch, view: closed.view };
    await storage.append(
      entries.map(({ number, event }) => ({ job, number, event })),
      ended && [{ job, summary: summaryOf(ended), finishedAt: closed.finishedAt }],
    );
    const last = entries.at(-1)?.number ?? 0;
    // While it was written another home may have come.
    const present = this.#kept.get(job);
    if (present !== undefined && isLater(present, { epoch, home: origin })) return;
    this.#kept.set(job, { home: origin, epoch, entries: Math.max(have, last), toldAt: now });
    if (have === 0) this.#parts.kept(job);
    if (ended === undefined) return;
    this.#kept.delete(job);
    this.#parts.closed(ended);
  }

  /** False when another home is the later one, or this node is about to hand the job over. */
  #admit(origin: string, job: string, epoch: number, answer: Answer): boolean {
    const { self, hosted, overtaken } = this.#parts;
    const theirs = { epoch, home: origin };
    const mine = hosted(job);
    if (mine !== undefined) {
      if (isLater({ epoch: mine.epoch, home: self }, theirs))
        answer.overtaken.push({ job, epoch: mine.epoch, home: self });
      else {
        overtaken(job, epoch, origin);
        answer.behind.push(job);
      }
      return false;
    }
    const kept = this.#kept.get(job);
    if (kept === undefined || !isLater(kept, theirs)) return true;
    answer.overtaken.push({ job, epoch: kept.epoch, home: kept.home });
    return false;
  }

  /** Copies of a home that it has no more use for: the job has ended, or has another deputy. */
  #dropOthers(home: string, jobs: ReadonlySet<string>, now: Millis): void {
    for (const [job, kept] of this.#kept) {
      if (kept.home !== home || jobs.has(job) || now - kept.toldAt < this.#parts.lease) continue;
      this.#drop(job);
    }
  }

  #drop(job: string): void {
    this.#kept.delete(job);
    void this.#parts.storage.drop(job).catch(() => {});
  }

  #tick(): void {
    const { clock, lease: patience } = this.#parts;
    const now = clock.now();
    // Who was held up itself doubts itself first: the words of the others may wait unread.
    if (now - this.#tickedAt > patience / 2) for (const home of this.#heard.keys()) this.#heard.set(home, now);
    this.#tickedAt = now;
    const orphans: string[] = [];
    for (const [job, { home }] of this.#kept) {
      if (now - (this.#heard.get(home) ?? now) > patience && !this.#asking.has(job)) orphans.push(job);
    }
    if (orphans.length > 0) void this.#claim(orphans.slice(0, 1000));
  }

  async #claim(jobs: string[]): Promise<void> {
    for (const job of jobs) this.#asking.add(job);
    try {
      const answers = await this.#parts.inquire(jobs);
      const mine = jobs.filter((job) => this.#mayTake(job, answers));
      const taken = mine.flatMap((job) => {
        const kept = this.#kept.get(job);
        return kept === undefined ? [] : [{ job, epoch: kept.epoch + 1, home: kept.home }];
      });
      for (const { job } of taken) this.#kept.delete(job);
      if (taken.length > 0) this.#parts.takeOver(taken);
    } finally {
      for (const job of jobs) this.#asking.delete(job);
    }
  }

  /** Unless somebody is its home, or saw it end, or knows more of it. */
  #mayTake(job: string, answers: readonly { node: string; known: Known[] }[]): boolean {
    const kept = this.#kept.get(job);
    if (kept === undefined) return false;
    if (this.#parts.clock.now() - (this.#heard.get(kept.home) ?? 0) <= this.#parts.lease) return false;
    for (const { node, known } of answers) {
      for (const other of known) {
        if (other.job !== job) continue;
        if (other.ended) {
          this.#drop(job);
          return false;
        }
        if (other.isHome && other.epoch >= kept.epoch) {
          // It lives: this copy is one too many, unless it says otherwise with its next word.
          if (node === kept.home) this.#heard.set(node, this.#parts.clock.now());
          else this.#drop(job);
          return false;
        }
        const knowsMore =
          other.epoch > kept.epoch ||
          (other.epoch === kept.epoch &&
            (other.entries > kept.entries || (other.entries === kept.entries && node > this.#parts.self)));
        if (!other.isHome && !other.ended && knowsMore) return false;
      }
    }
    return true;
  }
}
