// The deputy as a home sees it: another node that keeps a copy of every log, takes the jobs over should this node die, and is
// replaced when it does not answer.

import type { Static } from 'typebox';
import type { Clock, Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { JobStorage } from '../job-storage.ts';
import type { lease, replicate } from '../messages.ts';
import type { Copies, Ending, Logged } from './job-log.ts';

type Logs = Static<typeof replicate.asks>['logs'];
type Answer = Static<typeof replicate.answers>;

export interface Candidate {
  node: string;
  /** Seconds there and back. */
  roundTrip: number;
  stress: number;
  /** Jobs whose home it is. */
  jobs: number;
  /** Its anomaly score. */
  score: number;
}

export interface OpenJob {
  readonly id: string;
  readonly epoch: number;
  readonly entries: number;
}

export interface SecondCopyParts {
  storage: Pick<JobStorage, 'log'>;
  replicate(node: string, logs: Logs, deadline: Millis): Promise<Answer>;
  lease(node: string, asked: Static<typeof lease.asks>, deadline: Millis): Promise<Answer>;
  candidates(): Candidate[];
  /** Jobs whose logs need a second copy. */
  open(): Iterable<OpenJob>;
  epochOf(job: string): number;
  /** There is another deputy, or none any more. */
  appointed(node: string | undefined): void;
  /** Another node is the home of a job. */
  overtaken(job: string, epoch: number, home: string): void;
  clock: Clock;
  leaseTime: Millis;
}

/** A deputy that did not answer is not chosen again for so long. */
const SHUNNED_FOR: Millis = 10_000;
/** Deputies that are tried for one batch before it goes on with one copy; the copy follows when there is one. */
const TRIES = 3;
/** Characters of one message; a single log may be longer. */
const MOST_AT_ONCE = 1_000_000;
/** Characters that a link carries in a millisecond, at the least. */
const LEAST_RATE = 100;
const MOST_JOBS = 1000;

export class SecondCopy implements Copies {
  readonly #parts: SecondCopyParts;
  readonly #shunned = new Map<string, Millis>();
  /** Jobs whose whole log is on its way, or must go. */
  readonly #lacking = new Set<string>();
  #deputy: string | undefined;
  /** Rejects when the present deputy is given up, so that nobody waits for its answer. */
  #gone = departure();
  #isFilling = false;

  constructor(parts: SecondCopyParts) {
    this.#parts = parts;
  }

  get deputy(): string | undefined {
    return this.#deputy;
  }

  async copy(batch: readonly Logged[], stored: Promise<void>): Promise<void> {
    if (batch.length === 0) return;
    for (let tries = 0; tries < TRIES; tries++) {
      const before = this.#deputy;
      const deputy = this.#deputy ?? this.appoint();
      if (deputy === undefined) return;
      const jobs = [...new Set(batch.map(({ entry }) => entry.job))];
      const mustBeWhole = deputy !== before || jobs.some((job) => this.#lacking.has(job));
      try {
        const behind = mustBeWhole ? jobs : (await this.#send(deputy, this.#logsOf(batch))).behind;
        if (behind.length === 0) return;
        await stored;
        await this.#sendWhole(deputy, behind);
        return;
      } catch {
        this.#lose(deputy);
      }
    }
  }

  /** Says that this node lives, and lets the deputy compare what it has. */
  async renew(): Promise<void> {
    const deputy = this.#deputy ?? this.appoint();
    if (deputy === undefined) return;
    const jobs = [...this.#parts.open()].map(({ id, epoch, entries }) => ({ job: id, epoch, entries }));
    try {
      for (let at = 0; at === 0 || at < jobs.length; at += MOST_JOBS) {
        const asked = { jobs: jobs.slice(at, at + MOST_JOBS), first: jobs.length <= MOST_JOBS };
        const answer = await this.#parts.lease(deputy, asked, this.#parts.leaseTime);
        this.#heed(answer);
        for (const job of answer.behind) this.#lacking.add(job);
      }
      await this.#fill();
    } catch {
      this.#lose(deputy);
    }
  }

  /** A job had ended when its log was read: the deputy need not take it over. What is lost here, `renew` sets right. */
  async close(job: string, { epoch, view, finishedAt }: Ending): Promise<void> {
    const deputy = this.#deputy;
    this.#lacking.delete(job);
    if (deputy === undefined) return;
    const logs = [{ job, epoch, entries: [], whole: false, closed: { view, finishedAt } }];
    await this.#send(deputy, logs).catch(() => {});
  }

  /** The job needs no copy any more. */
  ended(job: string): void {
    this.#lacking.delete(job);
  }

  /** Nodes came or went. */
  nodesChanged(): void {
    const { candidates } = this.#parts;
    if (this.#deputy !== undefined && !candidates().some(({ node }) => node === this.#deputy)) this.#lose(this.#deputy);
    if (this.#deputy === undefined) this.appoint();
  }

  /** Chooses a deputy, who is then to get all logs; undefined when nobody can be reached. */
  appoint(): string | undefined {
    const { clock, candidates, open, appointed } = this.#parts;
    const now = clock.now();
    const jobs = [...open()];
    if (jobs.length === 0) return undefined;
    const free = candidates().filter(({ node }) => (this.#shunned.get(node) ?? 0) <= now);
    const best = free.sort((a, b) => burdenOf(a) - burdenOf(b) || (a.node < b.node ? -1 : 1))[0];
    if (best === undefined) return undefined;
    this.#deputy = best.node;
    for (const { id } of jobs) this.#lacking.add(id);
    appointed(best.node);
    void this.#fill();
    return best.node;
  }

  #lose(deputy: string): void {
    if (this.#deputy !== deputy) return;
    this.#shunned.set(deputy, this.#parts.clock.now() + SHUNNED_FOR);
    this.#deputy = undefined;
    const gone = this.#gone;
    this.#gone = departure();
    gone.reject(new ParlmeshError('DEPUTY_GONE', 'The deputy cannot be reached'));
    this.#parts.appointed(undefined);
  }

  /** Sends the logs that the deputy lacks, some at a time. */
  async #fill(): Promise<void> {
    if (this.#isFilling) return;
    this.#isFilling = true;
    try {
      while (this.#lacking.size > 0 && this.#deputy !== undefined) {
        await this.#sendWhole(this.#deputy, [...this.#lacking].slice(0, 64));
      }
    } catch {
      if (this.#deputy !== undefined) this.#lose(this.#deputy);
    } finally {
      this.#isFilling = false;
    }
  }

  async #sendWhole(deputy: string, jobs: readonly string[]): Promise<void> {
    let logs: Logs = [];
    let length = 0;
    const send = async (): Promise<void> => {
      const { behind } = await this.#send(deputy, logs);
      // Who lacks a log that it was sent whole is just giving it up itself; the next `renew` asks again.
      for (const { job } of logs) if (!behind.includes(job)) this.#lacking.delete(job);
      for (const job of behind) this.#lacking.delete(job);
      [logs, length] = [[], 0];
    };
    for (const job of jobs) {
      const entries = this.#parts.storage.log(job).map(({ number, event }) => ({ number, event }));
      if (entries.length === 0) {
        this.#lacking.delete(job);
        continue;
      }
      logs.push({ job, epoch: this.#parts.epochOf(job), entries, whole: true });
      length += entries.reduce((sum, { event }) => sum + event.length, 0);
      if (length > MOST_AT_ONCE) await send();
    }
    if (logs.length > 0) await send();
  }

  async #send(deputy: string, logs: Logs): Promise<Answer> {
    const { leaseTime, replicate } = this.#parts;
    const length = logs.reduce((sum, { entries }) => entries.reduce((all, { event }) => all + event.length, sum), 0);
    const asked = replicate(deputy, logs, leaseTime + length / LEAST_RATE);
    const answer = await Promise.race([asked, this.#gone.promise]);
    this.#heed(answer);
    return answer;
  }

  #heed({ overtaken }: Answer): void {
    for (const { job, epoch, home } of overtaken) this.#parts.overtaken(job, epoch, home);
  }

  #logsOf(batch: readonly Logged[]): Logs {
    const logs = new Map<string, Logs[number]>();
    for (const { entry, ending } of batch) {
      const { job, number, event } = entry;
      const log = logs.get(job) ?? { job, epoch: this.#parts.epochOf(job), entries: [], whole: false };
      log.entries.push({ number, event });
      if (ending !== undefined) log.closed = { view: ending.view, finishedAt: ending.finishedAt };
      logs.set(job, log);
    }
    return [...logs.values()];
  }
}

/** A good link and little to do. */
function burdenOf({ roundTrip, stress, jobs, score }: Candidate): number {
  return roundTrip * 10 + stress + score + jobs / 20;
}

function departure(): PromiseWithResolvers<never> {
  const gone = Promise.withResolvers<never>();
  gone.promise.catch(() => {});
  return gone;
}
