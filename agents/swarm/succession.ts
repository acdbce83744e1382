// How a job passes from one home to another: what this node has in its store at the start, what it takes over as a deputy,
// and what it hands over when another home is the later one.

import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import { type DeputyDesk, isLater, type Known } from './deputy/deputy-desk.ts';
import { readEntry } from './entry-text.ts';
import type { Dispatcher } from './home/dispatcher.ts';
import { type Fleet, keyOf } from './home/fleet.ts';
import type { HostedJob } from './home/hosted-job.ts';
import type { JobHome } from './home/job-home.ts';
import type { JobEvent } from './job-event.ts';
import { JobRun } from './job-run.ts';
import type { JobEntry, JobStorage } from './job-storage.ts';
import type { SwarmLinks } from './swarm-links.ts';

export interface SuccessionParts {
  self: string;
  jobs: Map<string, HostedJob>;
  fleet: Fleet;
  home: JobHome;
  dispatcher: Dispatcher;
  desk: DeputyDesk;
  links: SwarmLinks;
  storage: JobStorage;
  nameOf(node: string): string;
  /** A job that had ended when its log was read. */
  ended(job: HostedJob): void;
  hasEnded(job: string): boolean;
  /** What all nodes in reach know of these jobs. */
  inquire(jobs: string[]): Promise<{ known: Known[] }[]>;
  /** A job is no longer this node's. */
  left(job: string): void;
  journal: Journal;
  clock: Clock;
  lease: Millis;
}

interface Yielding {
  home: string;
  epoch: number;
  isAsking: boolean;
  /** Monotonic; when it began, or the later home was last heard of. */
  since: Millis;
}

const MOST_JOBS = 500;
/** Leases after which a home that does not take what it is handed may be gone itself. */
const PATIENCE = 3;

export class Succession {
  readonly #parts: SuccessionParts;
  /** Jobs that another node is the home of, until it has what this one knows. */
  readonly #yielding = new Map<string, Yielding>();
  readonly totals = { takenOver: 0, yielded: 0, resumed: 0 };

  constructor(parts: SuccessionParts) {
    this.#parts = parts;
  }

  /** Where a job went that was this node's. */
  movedTo(job: string): { home: string; epoch: number } | undefined {
    return this.#yielding.get(job);
  }

  /** After the store has opened: what was going on when this node went. */
  resume(): void {
    const { storage, self, desk, clock, lease } = this.#parts;
    const mine: HostedJob[] = [];
    for (const [id, entries] of Map.groupBy(storage.open(), ({ job }) => job)) {
      const run = this.#read(id, entries);
      if (run === undefined) continue;
      if (run.home !== self) {
        desk.keep(id, { home: run.home, epoch: run.epoch, entries: entries.length });
        continue;
      }
      // Others may have its tasks, or the job itself: they have a lease to say so.
      const isAlone =
        run.deputy === undefined && run.tasks.every(({ attempts }) => attempts.every(({ node }) => node === self));
      mine.push(this.#host(run, entries.length, isAlone ? 'running' : 'asking'));
      this.totals.resumed++;
    }
    for (const job of mine) void this.#parts.home.blameHome(job, self);
    clock.after(lease, () => this.#goOn(mine));
    this.#parts.dispatcher.arrange();
  }

  /** The homes of these are gone, and nobody else takes them. */
  async takeOver(jobs: readonly { job: string; epoch: number; home: string }[]): Promise<void> {
    const { storage, self, clock, home, journal, nameOf } = this.#parts;
    const taken: HostedJob[] = [];
    for (const { job: id, epoch, home: before } of jobs) {
      const entries = storage.log(id);
      const run = this.#read(id, entries);
      if (run === undefined || this.#parts.jobs.has(id)) continue;
      const job = this.#host(run, entries.length, 'asking');
      taken.push(job);
      this.totals.takenOver++;
      void home.record(job, [{ kind: 'taken-over', at: clock.wall(), epoch, home: self }]);
      void home.blameHome(job, before);
      journal.record({
        severity: 'warning',
        kind: 'job.taken-over',
        subject: `job/${id}`,
        message: `Job "${run.spec.name}" goes on from here: ${nameOf(before)}, where it was placed from, is gone`,
        data: { job: id, from: before, epoch },
      });
    }
    await this.askAll(taken);
    this.#goOn(taken);
  }

  /** Asks all workers that can be reached what they have of these jobs. */
  async askAll(jobs: readonly HostedJob[]): Promise<void> {
    if (jobs.length === 0) return;
    const workers = [...this.#parts.fleet.all()].filter(({ reachable }) => reachable);
    await Promise.all(workers.map(({ node }) => this.ask(node, jobs)));
  }

  /** Asks a worker what it has of jobs, adopts that, and places anew what it should have and does not. */
  async ask(node: string, jobs: Iterable<HostedJob> = this.#parts.jobs.values()): Promise<void> {
    const { links, dispatcher, clock, lease } = this.#parts;
    const hosted = [...jobs].filter(({ state, run }) => state !== 'yielding' && run.state === 'running');
    for (let at = 0; at < hosted.length; at += MOST_JOBS) {
      const asked = hosted.slice(at, at + MOST_JOBS);
      const askedAt = clock.now();
      try {
        const list = asked.map(({ id, run }) => ({ job: id, epoch: run.epoch }));
        const held = await links.reconcile(node, list, lease / 4);
        const keys = new Set<string>();
        for (const { job: id, tasks } of held) {
          const job = this.#parts.jobs.get(id);
          for (const { task, attempt, startedAt } of tasks) {
            keys.add(keyOf({ job: id, task }));
            if (job !== undefined && task < job.run.tasks.length) dispatcher.adopt(job, node, task, attempt, startedAt);
          }
        }
        dispatcher.compare(node, new Set(asked.map(({ id }) => id)), keys, askedAt);
      } catch {
        // Silent: its lease runs out, or it is asked again when it is back.
      }
    }
  }

  /** Another node is the home of a job that this one took for its own. */
  yieldTo(id: string, epoch: number, home: string): void {
    const job = this.#parts.jobs.get(id);
    if (job === undefined) return;
    const { clock } = this.#parts;
    const before = this.#yielding.get(id);
    if (before !== undefined) {
      if (isLater({ epoch, home }, before)) Object.assign(before, { epoch, home, since: clock.now() });
      return;
    }
    job.state = 'yielding';
    job.stop();
    for (const placed of [...job.placed.values()]) this.#parts.dispatcher.release(job, placed);
    this.#yielding.set(id, { home, epoch, isAsking: false, since: clock.now() });
    const { journal, nameOf } = this.#parts;
    journal.record({
      severity: 'info',
      kind: 'job.handed-over',
      subject: `job/${id}`,
      message: `Job "${job.run.spec.name}" goes on from ${nameOf(home)}, which took it over while this node could not be reached`,
      data: { job: id, to: home, epoch },
    });
    void this.#handOver(id);
  }

  /** An ended job that goes on elsewhere: what is known here is handed over too. */
  async tellEnded(id: string, home: string): Promise<boolean> {
    try {
      await this.#parts.links.handOver(home, id, entriesOf(this.#parts.storage.log(id)));
      return true;
    } catch {
      return false;
    }
  }

  /** Tries again what another home has not yet taken. */
  hurry(): void {
    for (const id of this.#yielding.keys()) void this.#handOver(id);
  }

  /** What another home knew of a job that is this node's. Resolves once it is recorded; throws `JOB_UNKNOWN`. */
  async takeIn(id: string, entries: readonly { event: string }[]): Promise<void> {
    const job = this.#parts.jobs.get(id);
    if (job === undefined && this.#parts.hasEnded(id)) return;
    if (job === undefined || job.state === 'yielding') {
      throw new ParlmeshError('JOB_UNKNOWN', `${this.#parts.self} is not the home of job ${id}`);
    }
    const news = entries.flatMap(({ event }) => readEntry(event) ?? []);
    const ends = news.filter(({ kind }) => kind === 'finished' || kind === 'cancelled');
    await this.#parts.home.record(job, ends);
  }

  async #handOver(id: string): Promise<void> {
    const yielding = this.#yielding.get(id);
    const job = this.#parts.jobs.get(id);
    if (yielding === undefined || yielding.isAsking || job === undefined) return;
    yielding.isAsking = true;
    try {
      // Everything that was just heard is in the log first.
      await this.#parts.home.record(job, []);
      await this.#parts.links.handOver(yielding.home, id, entriesOf(this.#parts.storage.log(id)));
      this.totals.yielded++;
      this.#yielding.delete(id);
      this.#parts.jobs.delete(id);
      await this.#parts.storage.drop(id);
      this.#parts.left(id);
    } catch {
      yielding.isAsking = false;
      await this.#reconsider(id, job, yielding);
    }
  }

  /** Who was to take a job does not. Unless somebody else is its home by now, it is this node's again. */
  async #reconsider(id: string, job: HostedJob, yielding: Yielding): Promise<void> {
    const { clock, lease, home, self, inquire } = this.#parts;
    if (clock.now() - yielding.since < PATIENCE * lease) return;
    yielding.since = clock.now();
    const known = (await inquire([id])).flatMap((answer) => answer.known);
    if (this.#yielding.get(id) !== yielding) return;
    const other = known.find(({ isHome, epoch }) => isHome && epoch >= job.run.epoch);
    if (other !== undefined) return void Object.assign(yielding, { home: other.home, epoch: other.epoch });
    this.#yielding.delete(id);
    job.state = 'asking';
    job.makeReady([...job.run.tasks.keys()]);
    const epoch = Math.max(job.run.epoch, yielding.epoch) + 1;
    void home.record(job, [{ kind: 'taken-over', at: clock.wall(), epoch, home: self }]);
    await this.askAll([job]);
    this.#goOn([job]);
  }

  #goOn(jobs: readonly HostedJob[]): void {
    for (const job of jobs) if (job.state === 'asking') job.state = 'running';
    this.#parts.dispatcher.arrange();
  }

  #host(run: JobRun, entries: number, state: HostedJob['state']): HostedJob {
    const job = this.#parts.home.host(run, entries, state);
    // The last that it did was to end.
    if (run.state !== 'running') this.#parts.ended(job);
    return job;
  }

  #read(id: string, entries: readonly JobEntry[]): JobRun | undefined {
    try {
      return readRun(id, entries);
    } catch (thrown) {
      this.#parts.journal.record({
        severity: 'error',
        kind: 'job.log-broken',
        subject: `job/${id}`,
        message: `Job ${id} cannot go on: ${messageOf(thrown)}`,
      });
      return undefined;
    }
  }
}

/** Throws `JOB_LOG_BROKEN`. What comes after an entry that cannot be read is left out. */
export function readRun(id: string, entries: readonly JobEntry[]): JobRun {
  const events: JobEvent[] = [];
  for (const { event } of entries) {
    const read = readEntry(event);
    if (read === undefined) break;
    events.push(...read);
  }
  return JobRun.of(id, events);
}

const entriesOf = (entries: readonly JobEntry[]) => entries.map(({ number, event }) => ({ number, event }));
