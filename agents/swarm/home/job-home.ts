// The jobs whose home this node is: takes in what workers report, decides what becomes of a task that failed or whose worker
// fell silent, and has every step in the log before anybody is told.

import { type BackoffOptions, backoff } from '../../../core/backoff.ts';
import { type Clock, delay, type Millis } from '../../../core/clock.ts';
import type { Random } from '../../../core/random.ts';
import type { JobEvent, Submitted } from '../job-event.ts';
import { graphOfSubmitted, JobRun } from '../job-run.ts';
import type { JobSpec } from '../job-spec.ts';
import type { Report, WorkerFigures } from '../messages.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Fleet, PlacedTask, Worker } from './fleet.ts';
import { HostedJob } from './hosted-job.ts';
import type { JobLog } from './job-log.ts';
import type { LearnedSeconds } from './learned-seconds.ts';
import { blobsIn } from './task-input.ts';

export interface JobHomeParts {
  self: string;
  jobs: Map<string, HostedJob>;
  fleet: Fleet;
  dispatcher: Dispatcher;
  log: JobLog;
  learned: LearnedSeconds;
  lease: Millis;
  retries: number;
  /** A job needs these blobs. */
  hold(job: string, blobs: Iterable<string>): void;
  /** There is something new to see of a job. */
  changed(job: HostedJob): void;
  /** The job has ended, and its log says so on the disk. */
  ended(job: HostedJob): void;
  clock: Clock;
  random: Random;
}

/** Tasks of a job that is taken in steps. */
const LONG = 1000;
const RETRY: BackoffOptions = { first: 200, most: 30_000 };
/** Tasks that have run on the home itself for so long are noted in the log: see `running-at-home`. */
const NOTE_AFTER: Millis = 1000;
/** Placed tasks that the worker has not answered for are asked about after this. */
const DOUBT_AFTER: Millis = 1000;

export class JobHome {
  readonly #parts: JobHomeParts;
  readonly totals = { finished: 0, failed: 0, retried: 0, lost: 0, setAside: 0, waitedSeconds: 0 };

  constructor(parts: JobHomeParts) {
    this.#parts = parts;
  }

  /** A job that nobody knows of yet. Throws `JOB_INVALID` for tasks that wait for each other and the like. */
  async prepare(id: string, spec: JobSpec, by: string, deputy: string | undefined): Promise<HostedJob> {
    const { self, learned, retries, clock } = this.#parts;
    const submitted: Submitted = {
      ...{ kind: 'submitted', spec, by, at: clock.wall(), home: self, retries },
      seconds: spec.tasks.map(({ kind, seconds }) => seconds ?? learned.of(kind)),
      ...(deputy !== undefined && { deputy }),
    };
    const graph = graphOfSubmitted(submitted);
    await this.pause(spec);
    const run = new JobRun(id, submitted, graph);
    await this.pause(spec);
    return new HostedJob(run, 0, clock.now() / 1000, clock.wall());
  }

  /** Between the steps of taking a long job the loop gets a turn. */
  async pause({ tasks }: JobSpec): Promise<void> {
    if (tasks.length > LONG) await delay(this.#parts.clock, 0);
  }

  /** Resolves once the submission is on the disk, here and at the deputy. */
  async submit(job: HostedJob): Promise<void> {
    const { jobs, log, dispatcher, changed, hold } = this.#parts;
    jobs.set(job.id, job);
    hold(job.id, namesOf(job.run.spec.tasks));
    const recorded = log.record(job, [job.run.submitted]);
    changed(job);
    dispatcher.arrange();
    await recorded;
  }

  /** Goes on with a job whose log is here. */
  host(run: JobRun, entries: number, state: HostedJob['state']): HostedJob {
    const { clock, jobs } = this.#parts;
    const job = new HostedJob(run, entries, clock.now() / 1000, clock.wall());
    job.state = state;
    for (const [index, { state: task }] of run.tasks.entries()) if (task === 'ready') job.mayRepeat.add(index);
    jobs.set(run.id, job);
    this.#parts.hold(run.id, namesOf([run.spec.tasks, run.tasks.map(({ result }) => result)]));
    return job;
  }

  /** What the home that is gone was running itself when it was last heard of, it died with. */
  blameHome(job: HostedJob, home: string): Promise<void> {
    const at = this.#parts.clock.wall();
    const events = job.run.tasks.flatMap((task, index): JobEvent[] => {
      if (task.state !== 'ready' || task.atHome?.node !== home || job.placed.has(index)) return [];
      const cause = 'The node, which was the home of the job, died';
      return [{ kind: 'failed', task: index, ...task.atHome, endedAt: at, outcome: 'lost', cause, log: [...task.log] }];
    });
    return this.record(job, events);
  }

  /** Applies events and has them recorded. Resolves once they, and all before them, are on the disk. */
  async record(job: HostedJob, events: readonly JobEvent[]): Promise<void> {
    const { log, dispatcher, changed } = this.#parts;
    const wasRunning = job.run.state === 'running';
    const news = events.filter((event) => job.apply(event));
    for (const event of news) if ('task' in event) this.#letGo(job, event.task);
    const recorded = log.record(job, news);
    if (news.length > 0) {
      dispatcher.arrange();
      changed(job);
    }
    const hasEnded = wasRunning && job.run.state !== 'running';
    await recorded;
    if (hasEnded && job.run.state !== 'running' && job.state !== 'yielding') this.#parts.ended(job);
  }

  /** Takes in what a worker says of jobs that are here. Resolves once it is recorded. */
  async hear(origin: string, reports: readonly Report[]): Promise<void> {
    const events = new Map<HostedJob, JobEvent[]>();
    for (const report of reports) {
      const job = this.#parts.jobs.get(report.job);
      if (job === undefined || job.run.tasks[report.task] === undefined) continue;
      const event = this.#heard(job, origin, report);
      const list = events.get(job) ?? [];
      if (event !== undefined) list.push(event);
      // A repeated report is acknowledged when the first one is on the disk.
      if (report.kind !== 'started' && report.kind !== 'progress') events.set(job, list);
    }
    await Promise.all([...events].map(([job, list]) => this.record(job, list)));
  }

  /** A worker lives; in another life it has nothing of what it had. */
  lives(node: string, figures: WorkerFigures): void {
    const { fleet, clock, dispatcher } = this.#parts;
    const isReborn = fleet.hear(node, figures, clock.now());
    const worker = fleet.get(node);
    if (isReborn && worker !== undefined) void this.lose(worker, 'The node was started anew');
    else if (worker?.silentLife === figures.life) this.#acquit(worker);
    dispatcher.arrange();
  }

  /** Everything that a worker had goes to others. Only what had begun may be to blame. */
  async lose(worker: Worker, cause: string, mayBlame = true): Promise<void> {
    const { jobs, clock, dispatcher } = this.#parts;
    const events = new Map<HostedJob, JobEvent[]>();
    // In another life it cannot come back with what it had.
    worker.silentLife = worker.figures.life;
    for (const placed of [...worker.placed.values()]) {
      const job = jobs.get(placed.job);
      if (job === undefined) continue;
      dispatcher.release(job, placed);
      const startedAt = placed.startedAt ?? (placed.alone && !placed.isTaken ? placed.placedAt : undefined);
      if (startedAt === undefined || !mayBlame) {
        job.mayRepeat.add(placed.task);
        job.makeReady([placed.task]);
        continue;
      }
      this.totals.lost++;
      const { task, attempt, node, placedAt, why, log } = placed;
      const event: JobEvent = {
        ...{
          kind: 'failed',
          task,
          attempt,
          node,
          placedAt,
          startedAt,
          endedAt: clock.wall(),
          why,
          outcome: 'lost',
          cause,
          log,
        },
      };
      events.set(job, [...(events.get(job) ?? []), event]);
    }
    dispatcher.arrange();
    await Promise.all([...events].map(([job, list]) => this.#retryLost(job, list)));
  }

  /** Called every eighth of a lease: who has been silent too long, what must be noted or asked for. */
  watch(): { doubts: string[] } {
    const { fleet, self, clock, lease, jobs } = this.#parts;
    const now = clock.now();
    const doubts: string[] = [];
    const others = [...fleet.all()].filter(({ node }) => node !== self);
    // Who hears nobody is cut off itself, and nobody else is to blame.
    const isCutOff = others.length > 1 && others.every(({ heardAt }) => now - heardAt > lease / 2);
    for (const worker of fleet.all()) {
      if (worker.placed.size === 0) continue;
      if (worker.node === self) {
        this.#noteOwn(worker, now);
        continue;
      }
      const silent = now - worker.heardAt;
      if (silent > (worker.reachable ? lease : lease / 2)) {
        void this.lose(worker, `The node was silent for ${(silent / 1000).toFixed(1)} s`, !isCutOff);
      } else if ([...worker.placed.values()].some(({ isTaken, sentAt }) => !isTaken && now - sentAt > DOUBT_AFTER)) {
        doubts.push(worker.node);
      }
    }
    for (const job of jobs.values()) if (job.ready.size > 0) return { doubts: this.#arranged(doubts) };
    return { doubts };
  }

  cancel(job: HostedJob, by: string): Promise<void> {
    const { clock, dispatcher } = this.#parts;
    const recorded = this.record(job, [{ kind: 'cancelled', at: clock.wall(), by }]);
    const byNode = Map.groupBy(job.placed.values(), ({ node }) => node);
    for (const [node, placed] of byNode) {
      dispatcher.stop(
        node,
        placed.map(({ task }) => ({ job: job.id, task })),
      );
      for (const task of placed) dispatcher.release(job, task);
    }
    return recorded;
  }

  /** It was only cut off. */
  #acquit(worker: Worker): void {
    worker.silentLife = undefined;
    const { jobs, clock } = this.#parts;
    const event: JobEvent = { kind: 'came-back', at: clock.wall(), node: worker.node };
    for (const job of jobs.values()) {
      const isBlamed = job.run.tasks.some(({ state, diedOf }) => state === 'ready' && diedOf.includes(worker.node));
      if (isBlamed && job.state !== 'yielding') void this.record(job, [event]);
    }
  }

  /** A task is over that a worker still has. */
  #letGo(job: HostedJob, task: number): void {
    const placed = job.placed.get(task);
    if (placed === undefined || !job.run.isOver(task)) return;
    this.#parts.dispatcher.release(job, placed);
    this.#parts.dispatcher.stop(placed.node, [{ job: job.id, task }]);
  }

  #arranged(doubts: string[]): string[] {
    this.#parts.dispatcher.arrange();
    return doubts;
  }

  #heard(job: HostedJob, origin: string, report: Report): JobEvent | undefined {
    const placed = job.placed.get(report.task);
    const theirs = placed?.node === origin ? placed : undefined;
    const wall = this.#parts.clock.wall();
    switch (report.kind) {
      case 'started':
        if (theirs?.attempt !== report.attempt) return undefined;
        if (theirs.startedAt === undefined) theirs.expectedEnd += (this.#parts.clock.now() - theirs.sentAt) / 1000;
        theirs.startedAt = wall;
        theirs.isTaken = true;
        job.isDirty = true;
        return undefined;
      case 'progress':
        if (theirs?.attempt !== report.attempt) return undefined;
        theirs.log = [...theirs.log, ...report.log].slice(-50);
        if (report.share !== undefined) theirs.share = report.share;
        job.isDirty = true;
        this.#parts.changed(job);
        return undefined;
      case 'returned':
        if (theirs?.attempt !== report.attempt) return undefined;
        this.#parts.dispatcher.release(job, theirs);
        job.makeReady([theirs.task]);
        this.#parts.dispatcher.arrange();
        return undefined;
      case 'done':
        return this.#done(job, origin, report, placed, wall);
      case 'failed':
        return theirs?.attempt === report.attempt ? this.#failed(job, report, theirs, wall) : undefined;
    }
  }

  /** The first result counts, whoever it is from and however late. */
  #done(
    job: HostedJob,
    origin: string,
    report: Extract<Report, { kind: 'done' }>,
    placed: PlacedTask | undefined,
    wall: Millis,
  ): JobEvent | undefined {
    const { fleet, learned, dispatcher } = this.#parts;
    const { task, attempt, log } = report;
    if (placed !== undefined) {
      dispatcher.release(job, placed);
      if (placed.node !== origin) dispatcher.stop(placed.node, [{ job: job.id, task }]);
    }
    if (job.run.isOver(task)) return undefined;
    this.totals.finished++;
    fleet.ended(origin, false);
    // The clocks of two boards differ; how long it took does not.
    const duration = Math.max(0, report.endedAt - report.startedAt);
    learned.learn(job.run.spec.tasks[task]!.kind, duration / 1000, fleet.get(origin)?.figures.speed ?? 1);
    const startedAt = Math.max(job.run.submittedAt, wall - duration);
    const { readyAt = startedAt } = job.run.tasks[task]!;
    this.totals.waitedSeconds += Math.max(0, startedAt - readyAt) / 1000;
    const theirs = placed?.node === origin ? placed : undefined;
    return {
      ...{ kind: 'finished', task, attempt, node: origin, startedAt, endedAt: wall, log },
      placedAt: Math.min(theirs?.placedAt ?? startedAt, startedAt),
      why: theirs?.why ?? 'it had been given the task before',
      ...(report.result !== undefined && { result: report.result }),
    };
  }

  #failed(job: HostedJob, report: Extract<Report, { kind: 'failed' }>, placed: PlacedTask, wall: Millis): JobEvent {
    const { fleet, dispatcher, clock, random } = this.#parts;
    const { task, attempt, outcome, cause, log } = report;
    dispatcher.release(job, placed);
    fleet.ended(placed.node, true);
    this.totals.failed++;
    // Before the event, so that it does not become ready at once.
    const failures = job.run.tasks[task]!.failures;
    job.waiting.set(
      task,
      clock.after(backoff(failures, RETRY, random), () => {
        job.waiting.delete(task);
        if (job.run.isOver(task)) return;
        this.totals.retried++;
        job.makeReady([task]);
        dispatcher.arrange();
      }),
    );
    const startedAt = Math.max(job.run.submittedAt, wall - Math.max(0, report.endedAt - report.startedAt));
    return {
      ...{
        kind: 'failed',
        task,
        attempt,
        node: placed.node,
        startedAt,
        endedAt: wall,
        outcome,
        cause,
        log,
        why: placed.why,
      },
      placedAt: Math.min(placed.placedAt, startedAt),
      ...(report.hopeless && { hopeless: true }),
    };
  }

  async #retryLost(job: HostedJob, events: readonly JobEvent[]): Promise<void> {
    const recorded = this.record(job, events);
    const tasks = events.flatMap((event) => ('task' in event ? [event.task] : []));
    this.totals.setAside += tasks.filter((task) => job.run.tasks[task]!.state === 'set-aside').length;
    for (const task of tasks) job.mayRepeat.add(task);
    job.makeReady(tasks);
    this.#parts.dispatcher.arrange();
    await recorded;
  }

  #noteOwn(worker: Worker, now: Millis): void {
    const { jobs } = this.#parts;
    for (const placed of worker.placed.values()) {
      const { startedAt, isNoted, sentAt, task, attempt, node, placedAt, why } = placed;
      if (startedAt === undefined || isNoted || now - sentAt < NOTE_AFTER) continue;
      placed.isNoted = true;
      const job = jobs.get(placed.job);
      if (job === undefined) continue;
      void this.record(job, [{ kind: 'running-at-home', task, attempt, node, placedAt, startedAt, why }]);
    }
  }
}

/** Of all blobs in a value. */
const namesOf = (value: unknown): string[] => blobsIn(value).map(({ $blob }) => $blob);
