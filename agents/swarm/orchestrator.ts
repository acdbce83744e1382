// The swarm of a node as one service: takes jobs, places their tasks on all nodes, carries tasks out, stands in for other
// homes. Wires the parts; what each does is in its own file. docs/jobs.md tells the protocol.

import { EventEmitter } from 'node:events';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';
import type { Actor, Authorizer } from '../authorizer.ts';
import type { AgentNetwork } from '../network.ts';
import { SwarmChannel } from './channel.ts';
import { DeputyDesk } from './deputy/deputy-desk.ts';
import { Dispatcher } from './home/dispatcher.ts';
import { Fleet } from './home/fleet.ts';
import { HostedJob } from './home/hosted-job.ts';
import { JobHome } from './home/job-home.ts';
import { JobLog } from './home/job-log.ts';
import { LearnedSeconds } from './home/learned-seconds.ts';
import { SecondCopy } from './home/second-copy.ts';
import { JobDirectory, type JobQuery } from './job-directory.ts';
import { jobDetailView, jobView, type ViewContext } from './job-in-view.ts';
import { graphOf, type JobSpec, readJobSpec } from './job-spec.ts';
import type { JobStorage } from './job-storage.ts';
import type { JobDetailView, JobView, SwarmView } from './job-view.ts';
import * as messages from './messages.ts';
import type { TaskScheduler } from './scheduling/scheduler.ts';
import { readRun, Succession } from './succession.ts';
import { SwarmLinks } from './swarm-links.ts';
import { SwarmNews } from './swarm-news.ts';
import type { TaskExecutor } from './task-executor.ts';
import type { BoardCondition } from './worker/stress.ts';
import type { WorkerBlobs } from './worker/task-attempt.ts';
import { TaskWorker } from './worker/task-worker.ts';
import type { AgentHome } from './worker/worker-agents.ts';

export interface SwarmParts {
  /** This node's name for people. */
  name: string;
  network: AgentNetwork;
  storage: JobStorage;
  blobs: WorkerBlobs;
  authorizer: Authorizer;
  supervisor: AgentHome;
  executors: readonly TaskExecutor[];
  /** The one that serves now, and why that one. */
  scheduler(): { scheduler: TaskScheduler; why: string };
  config: {
    work: boolean;
    agents: { min: number; max: number };
    slotsPerAgent: number;
    queue: number;
    /** Seconds. */
    lease: number;
    retries: number;
    labels: Record<string, string>;
  };
  clock: Clock;
  random: Random;
  journal: Journal;
  logger: Logger;
  /** The disk does not take what must be kept, or does again. */
  trouble?(cause: string | undefined): void;
}

/** Characters of the JSON of one job. */
const MOST_SPEC = 8_000_000;
/** Jobs that run at the same time from here. */
const MOST_JOBS = 10_000;

/** Emits `job` with what changed (at most four times a second a job, and at its end), `swarm` when the workers changed. */
export class SwarmOrchestrator extends EventEmitter<{ job: [JobView]; swarm: [] }> implements Service {
  readonly name = 'swarm';
  readonly #parts: SwarmParts;
  readonly #lease: Millis;
  readonly #jobs = new Map<string, HostedJob>();
  readonly #fleet = new Fleet();
  readonly #learned = new LearnedSeconds();
  readonly #channel: SwarmChannel;
  readonly #links: SwarmLinks;
  readonly #copy: SecondCopy;
  readonly #log: JobLog;
  readonly #dispatcher: Dispatcher;
  readonly #home: JobHome;
  readonly #desk: DeputyDesk;
  readonly #succession: Succession;
  readonly #directory: JobDirectory;
  readonly #worker: TaskWorker;
  readonly #news: SwarmNews;
  #timers: Timer[] = [];
  #stopWatching: (() => void) | undefined;

  /** Before the network starts. */
  constructor(parts: SwarmParts) {
    super();
    this.#parts = parts;
    const { network, storage, blobs, supervisor, executors, config, clock, random, journal } = parts;
    const { self } = network;
    const lease = config.lease * 1000;
    this.#lease = lease;
    this.#channel = new SwarmChannel(network);
    this.#directory = new JobDirectory(storage);
    this.#links = new SwarmLinks({
      channel: this.#channel,
      worker: () => this.#worker,
      figures: (node, figures) => this.#home.lives(node, figures),
      hear: (asked) => this.#hear(self, asked.reports),
    });
    this.#copy = new SecondCopy({
      ...{ storage, clock, leaseTime: lease },
      replicate: (node, logs, deadline) => this.#links.replicate(node, logs, deadline),
      lease: (node, asked, deadline) => this.#links.lease(node, asked, deadline),
      candidates: () => this.#candidates(),
      open: () => this.#open(),
      epochOf: (job) => this.#jobs.get(job)?.run.epoch ?? 1,
      appointed: (node) => this.#appointed(node),
      overtaken: (job, epoch, home) => this.#succession.yieldTo(job, epoch, home),
    });
    this.#log = new JobLog({ storage, copies: this.#copy, clock, trouble: (cause) => parts.trouble?.(cause) });
    this.#dispatcher = new Dispatcher({
      ...{ self, jobs: this.#jobs, fleet: this.#fleet, clock },
      scheduler: () => parts.scheduler().scheduler,
      assign: (node, tasks) => this.#links.assign(node, tasks, lease / 2),
      withdraw: (node, tasks, queuedOnly) => this.#links.withdraw(node, tasks, queuedOnly, lease / 2),
      notHome: (job) => void this.#askWhoseJob(job),
    });
    this.#news = new SwarmNews({
      ...{ network, clock },
      figures: () => ({ ...this.#worker.figures(), jobs: this.#jobs.size }),
      summary: () => ({ jobs: this.#directory.summary(this.#entries()) }),
      changed: (job) => this.emit('job', this.#viewOf(job)),
      swarm: () => this.emit('swarm'),
    });
    this.#home = new JobHome({
      ...{ self, jobs: this.#jobs, fleet: this.#fleet, dispatcher: this.#dispatcher, log: this.#log },
      ...{ learned: this.#learned, lease, retries: config.retries, clock, random },
      changed: (job) => this.#news.jobChanged(job),
      ended: (job) => this.#ended(job),
    });
    this.#desk = new DeputyDesk({
      ...{ self, storage, clock, lease },
      hosted: (job) => this.#hostedEpoch(job),
      overtaken: (job, epoch, home) => this.#succession.yieldTo(job, epoch, home),
      closed: (_, closed) => closed && this.#directory.ended({ epoch: 1, view: closed.view }),
      inquire: (jobs) => this.#inquire(jobs),
      takeOver: (jobs) => void this.#succession.takeOver(jobs),
    });
    this.#succession = new Succession({
      ...{ self, jobs: this.#jobs, fleet: this.#fleet, home: this.#home, dispatcher: this.#dispatcher },
      ...{ desk: this.#desk, links: this.#links, storage, journal, clock, lease },
      nameOf: (node) => this.#nameOf(node),
      ended: (job) => this.#ended(job),
      left: () => this.#news.summaryChanged(),
    });
    this.#worker = new TaskWorker({
      ...{ self, supervisor, storage, blobs, clock, random },
      ...{ agents: config.agents, slotsPerAgent: config.slotsPerAgent, queue: config.queue, labels: config.labels },
      executors: new Map(executors.map((executor) => [executor.kind, executor])),
      report: (home, reports) => this.#links.report(home, { reports, figures: this.#worker.figures() }),
      changed: () => this.#workerChanged(),
    });
    this.#handle();
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { network, clock, config } = this.#parts;
    this.#directory.load();
    if (config.work) await this.#worker.start();
    this.#fleet.hear(network.self, this.#worker.figures(), clock.now());
    this.#nodesChanged();
    this.#succession.resume();
    this.#desk.start();
    this.#news.start();
    this.#stopWatching = network.onNodes(() => this.#nodesChanged());
    this.#timers = [
      clock.every(this.#lease / 8, () => this.#watch()),
      clock.every(this.#lease / 4, () => this.#sayAlive()),
      clock.every(this.#lease * 3, () => this.#reconcileAll()),
    ];
  }

  async stop(): Promise<void> {
    this.#stopWatching?.();
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#news.stop();
    this.#desk.stop();
    await this.#worker.stop();
    this.#log.stop();
    for (const job of this.#jobs.values()) job.stop();
    this.#jobs.clear();
  }

  /**
   * Resolves once the job is on the disk of this node and, if one can be reached, of another. Throws `JOB_INVALID`,
   * `JOB_KIND_UNKNOWN`, `JOB_EXISTS`, `TASK_INPUT_INVALID`, `NOT_AUTHORIZED`.
   */
  async submit(document: JobSpec, actor: Actor, options: { id?: string } = {}): Promise<JobView> {
    const spec = readJobSpec(document);
    const id = options.id ?? this.#newId();
    const known = this.#jobs.get(id);
    if (known !== undefined) return this.#viewOf(known);
    const ended = this.#directory.endedHere(id) ?? this.#directory.toldOf(id);
    if (ended !== undefined) return ended.view;
    this.#check(spec);
    await this.#authorize('job.submit', actor, `job/${spec.name}`);
    if (this.#jobs.size >= MOST_JOBS) {
      throw new ParlmeshError('JOBS_FULL', `${MOST_JOBS} jobs run from this node already`, {
        hint: 'Submit it elsewhere',
      });
    }
    return this.#viewOf(await this.#home.submit(id, spec, nameOfActor(actor), this.#copy.deputy));
  }

  async cancel(id: string, actor: Actor): Promise<JobView> {
    await this.#authorize('job.cancel', actor, `job/${id}`);
    return this.#change(id, 'cancel', nameOfActor(actor));
  }

  /** What failed, was set aside or cancelled is tried again; what succeeded stays. */
  async retry(id: string, actor: Actor): Promise<JobView> {
    await this.#authorize('job.retry', actor, `job/${id}`);
    return this.#change(id, 'retry', nameOfActor(actor));
  }

  jobs(query?: JobQuery): JobView[] {
    return this.#directory.list(
      [...this.#jobs.values()].filter(isOwn).map((job) => this.#viewOf(job)),
      query,
    );
  }

  /** Asks its home when that is another node. Throws `JOB_UNKNOWN`. */
  async job(id: string): Promise<JobDetailView> {
    const here = this.#detailHere(id);
    if (here !== undefined) return here;
    return this.#links.show(this.#homeOf(id), id);
  }

  swarm(): SwarmView {
    const { scheduler, why } = this.#parts.scheduler();
    const jobs = [...this.#jobs.values()].filter(isOwn);
    return {
      workers: [...this.#fleet.all()].map(({ node, figures, failures, score, reachable }) => {
        const { slots, running, queued, speed, stress, kinds, labels } = figures;
        const shown = { slots, running, queued, speed, stress, failures, anomaly: score, kinds, labels, reachable };
        return { node: { id: node, name: this.#nameOf(node) }, ...shown };
      }),
      ...{ scheduler: scheduler.name, why },
      running: jobs.length,
      ready: jobs.reduce((sum, { ready }) => sum + ready.size, 0),
    };
  }

  /** For metrics. */
  figures() {
    const {
      figures: worker,
      agents,
      unrecorded,
      totals: worked,
    } = {
      figures: this.#worker.figures(),
      agents: this.#worker.agents,
      unrecorded: this.#worker.unrecorded,
      totals: this.#worker.totals,
    };
    return {
      jobs: { running: this.#jobs.size, deputy: this.#desk.count },
      worker: { ...worker, agents, unrecorded, ...worked },
      placing: this.#dispatcher.totals,
      tasks: this.#home.totals,
      log: this.#log.totals,
      succession: this.#succession.totals,
      refused: this.#channel.refused(),
    };
  }

  /** How the board is: heat, memory and the like take from what it offers. */
  setCondition(condition: BoardCondition): void {
    this.#worker.setCondition(condition);
  }

  /** How fast this board computes, 1 being the processor of reference. */
  setSpeed(speed: number): void {
    this.#worker.setSpeed(speed);
  }

  #handle(): void {
    const { network } = this.#parts;
    const channel = this.#channel;
    const withFigures = <T extends object>(answer: T) => ({ ...answer, figures: this.#worker.figures() });
    channel.handle(messages.assign, (origin, { tasks }) =>
      withFigures({ refused: this.#worker.assign(origin, tasks) }),
    );
    channel.handle(messages.reconcile, (origin, { jobs }) =>
      withFigures({ held: this.#worker.reconcile(origin, jobs) }),
    );
    channel.handle(messages.withdraw, (origin, { tasks, queuedOnly }) =>
      withFigures({ withdrawn: this.#worker.withdraw(origin, tasks, queuedOnly) }),
    );
    channel.handle(messages.report, (origin, { reports, figures }) => {
      this.#home.lives(origin, figures);
      return this.#hear(origin, reports);
    });
    channel.handle(messages.replicate, (origin, asked) => this.#desk.replicate(origin, asked));
    channel.handle(messages.lease, (origin, asked) => this.#desk.lease(origin, asked));
    channel.handle(messages.inquire, (_, { jobs }) => ({ known: jobs.flatMap((job) => this.#knowledgeOf(job) ?? []) }));
    channel.handle(messages.handOver, async (_, { job, entries }) => {
      await this.#succession.takeIn(job, entries);
      return {};
    });
    channel.handle(messages.show, (_, { job }) => {
      const detail = this.#detailHere(job);
      if (detail === undefined) throw unknown(job);
      return detail;
    });
    channel.handle(messages.change, async (origin, { job, what, by }) => {
      await this.#authorize(`job.${what}`, { kind: 'peer', node: origin }, `job/${job}`);
      if (!this.#jobs.has(job) && this.#directory.endedHere(job) === undefined) throw unknown(job);
      return this.#change(job, what, by);
    });
    network.subscribe(messages.workersTopic, (origin, figures) => this.#heardOf(origin, figures));
    network.subscribe(messages.jobsTopic, (origin, { jobs }) => {
      this.#directory.hear(origin, jobs);
      for (const { epoch, view } of jobs) this.#compareWith(origin, epoch, view);
    });
  }

  async #hear(origin: string, reports: readonly messages.Report[]) {
    const moved = new Map<string, { job: string; epoch: number; home: string }>();
    const unknownJobs = new Set<string>();
    for (const { job } of reports) {
      if (moved.has(job) || unknownJobs.has(job)) continue;
      if (this.#jobs.get(job)?.state !== 'yielding' && this.#jobs.has(job)) continue;
      const told = this.#directory.toldOf(job);
      const to = this.#succession.movedTo(job) ?? (told?.view.state === 'running' ? told : undefined);
      if (to !== undefined && to.home !== this.#channel.self) moved.set(job, { job, epoch: to.epoch, home: to.home });
      else if (this.#directory.endedHere(job) === undefined) unknownJobs.add(job);
    }
    await this.#home.hear(
      origin,
      reports.filter(({ job }) => !moved.has(job)),
    );
    return { moved: [...moved.values()], unknown: [...unknownJobs] };
  }

  #heardOf(node: string, figures: messages.WorkerFigures): void {
    const isNew = this.#fleet.get(node) === undefined;
    this.#home.lives(node, figures);
    if (!isNew) return;
    this.#fleet.see(this.#parts.network.nodes());
    this.#copy.nodesChanged();
    void this.#succession.ask(node);
    this.emit('swarm');
  }

  #nodesChanged(): void {
    const before = new Map([...this.#fleet.all()].map(({ node, reachable }) => [node, reachable]));
    this.#fleet.see(this.#parts.network.nodes());
    for (const { node, reachable } of this.#fleet.all()) {
      if (reachable && before.get(node) === false) {
        this.#worker.reachable();
        void this.#succession.ask(node);
      }
    }
    this.#copy.nodesChanged();
    this.#succession.hurry();
    this.#dispatcher.arrange();
    this.#news.swarmChanged();
  }

  #workerChanged(): void {
    this.#home.lives(this.#channel.self, this.#worker.figures());
    this.#news.figuresChanged();
  }

  #watch(): void {
    const { doubts } = this.#home.watch();
    for (const node of doubts) void this.#succession.ask(node);
    void this.#dispatcher.recall();
    this.#succession.hurry();
  }

  #sayAlive(): void {
    void this.#copy.renew();
    for (const home of this.#worker.homes()) {
      if (home === this.#channel.self) continue;
      this.#links.report(home, { reports: [], figures: this.#worker.figures() }, this.#lease / 2).catch(() => {});
    }
  }

  #reconcileAll(): void {
    for (const { node, placed, reachable } of this.#fleet.all()) {
      if (reachable && placed.size > 0 && node !== this.#channel.self) void this.#succession.ask(node);
    }
  }

  #check(spec: JobSpec): void {
    graphOf(spec);
    const { length } = JSON.stringify(spec);
    if (length > MOST_SPEC) {
      throw new ParlmeshError('JOB_INVALID', `A job may have ${MOST_SPEC} characters, this one has ${length}`, {
        hint: 'Put large inputs into blobs',
      });
    }
    const kinds = new Set([...this.#fleet.all()].flatMap(({ figures }) => figures.kinds));
    const executors = new Map(this.#parts.executors.map((executor) => [executor.kind, executor]));
    for (const { id, kind, input } of spec.tasks) {
      if (!kinds.has(kind) && !executors.has(kind)) {
        throw new ParlmeshError('JOB_KIND_UNKNOWN', `Task "${id}": no node carries out tasks of kind "${kind}"`, {
          hint: `Known kinds: ${[...new Set([...kinds, ...executors.keys()])].sort().join(', ') || 'none'}`,
        });
      }
      try {
        executors.get(kind)?.check(input);
      } catch (thrown) {
        if (!(thrown instanceof ParlmeshError)) throw thrown;
        throw new ParlmeshError(thrown.code, `Task "${id}": ${thrown.message}`, {
          hint: thrown.hint ?? 'docs/jobs.md',
        });
      }
    }
  }

  async #change(id: string, what: 'cancel' | 'retry', by: string): Promise<JobView> {
    const { clock } = this.#parts;
    const job = this.#jobs.get(id);
    if (what === 'cancel') {
      const ended = this.#directory.endedHere(id);
      if (job === undefined && ended !== undefined) return ended.view;
      if (job !== undefined && isOwn(job)) {
        await this.#home.cancel(job, by);
        return this.#viewOf(job);
      }
    } else {
      if (job !== undefined && isOwn(job)) return this.#viewOf(job);
      if (this.#directory.endedHere(id) !== undefined) {
        const again = await this.#reopen(id);
        await this.#home.record(again, [{ kind: 'retried', at: clock.wall(), by }]);
        return this.#viewOf(again);
      }
    }
    return this.#links.change(this.#homeOf(id), id, what, by);
  }

  async #reopen(id: string): Promise<HostedJob> {
    const { storage, network, clock } = this.#parts;
    const entries = storage.log(id);
    const run = readRun(id, entries);
    await storage.reopen(id);
    this.#directory.reopened(id);
    const job = this.#home.host(run, entries.length, 'running');
    // Who has the log is its home; others may still tell of the life before.
    if (run.home !== network.self) {
      void this.#home.record(job, [{ kind: 'taken-over', at: clock.wall(), epoch: run.epoch + 1, home: network.self }]);
    }
    return job;
  }

  #ended(job: HostedJob): void {
    const { storage, journal, clock } = this.#parts;
    const view = this.#viewOf(job);
    const finishedAt = job.run.finishedAt ?? clock.wall();
    this.#jobs.delete(job.id);
    job.stop();
    this.#directory.ended({ epoch: job.run.epoch, view });
    storage.close(job.id, JSON.stringify(view), finishedAt).catch(() => {});
    void this.#copy.close(job.id, job.run.epoch, view, finishedAt);
    journal.record({
      severity: view.state === 'failed' ? 'warning' : 'info',
      kind: `job.${view.state}`,
      subject: `job/${job.id}`,
      message: `Job "${view.name}" ${inPast(view)}`,
      data: { job: job.id, seconds: view.figures.seconds, tasks: job.run.tasks.length },
    });
    this.#news.summaryChanged();
    this.emit('job', view);
  }

  #appointed(node: string | undefined): void {
    const at = this.#parts.clock.wall();
    for (const job of this.#jobs.values()) {
      if (isOwn(job)) void this.#home.record(job, [{ kind: 'deputy', at, ...(node !== undefined && { node }) }]);
    }
  }

  /** Somebody says that he is the home of a job: is he, of one that this node has or had? */
  #compareWith(home: string, epoch: number, { id, state }: JobView): void {
    const job = this.#jobs.get(id);
    if (job !== undefined) {
      const isTheirs = epoch > job.run.epoch || (epoch === job.run.epoch && home > this.#channel.self);
      if (isOwn(job) && isTheirs && state === 'running') this.#succession.yieldTo(id, epoch, home);
      return;
    }
    const ended = this.#directory.endedHere(id);
    if (ended === undefined || state !== 'running' || epoch <= ended.epoch) return;
    void this.#succession.tellEnded(id, home);
  }

  async #askWhoseJob(id: string): Promise<void> {
    for (const { known } of await this.#inquire([id])) {
      for (const { job, epoch, home, isHome } of known) {
        const own = this.#jobs.get(job);
        if (isHome && own !== undefined && epoch > own.run.epoch) this.#succession.yieldTo(job, epoch, home);
      }
    }
  }

  #inquire(jobs: string[]) {
    const nodes = this.#parts.network.nodes().filter(({ reachable }) => reachable);
    return this.#links.inquire(
      nodes.slice(0, 64).map(({ id }) => id),
      jobs,
      this.#lease / 6,
    );
  }

  #knowledgeOf(id: string) {
    const { self } = this.#channel;
    const job = this.#jobs.get(id);
    if (job !== undefined && isOwn(job)) {
      return { job: id, epoch: job.run.epoch, home: self, entries: job.entries, ended: false, isHome: true };
    }
    const ended = this.#directory.endedHere(id);
    if (ended !== undefined) {
      return {
        job: id,
        epoch: Math.max(1, ended.epoch),
        home: ended.view.home.id,
        entries: 0,
        ended: true,
        isHome: false,
      };
    }
    const kept = this.#desk.get(id);
    if (kept === undefined) return undefined;
    return { job: id, epoch: kept.epoch, home: kept.home, entries: kept.entries, ended: false, isHome: false };
  }

  #hostedEpoch(id: string): { epoch: number } | undefined {
    const job = this.#jobs.get(id);
    return job && { epoch: isOwn(job) ? job.run.epoch : (this.#succession.movedTo(id)?.epoch ?? job.run.epoch) };
  }

  *#open() {
    for (const { id, run, entries, state } of this.#jobs.values()) {
      if (state !== 'yielding' && entries > 0 && run.state === 'running') yield { id, epoch: run.epoch, entries };
    }
  }

  #candidates() {
    return [...this.#fleet.all()]
      .filter(({ node, reachable }) => reachable && node !== this.#channel.self)
      .map(({ node, roundTrip = 1, figures, score }) => ({
        node,
        roundTrip,
        stress: figures.stress,
        jobs: figures.jobs,
        score,
      }));
  }

  #entries() {
    return [...this.#jobs.values()].filter(isOwn).map((job) => ({ epoch: job.run.epoch, view: this.#viewOf(job) }));
  }

  #detailHere(id: string): JobDetailView | undefined {
    const job = this.#jobs.get(id);
    if (job !== undefined && isOwn(job)) return jobDetailView(job, this.#context());
    const { storage, clock } = this.#parts;
    const ended = this.#directory.endedHere(id);
    if (ended === undefined) return undefined;
    const entries = storage.log(id);
    if (entries.length === 0) return { ...ended.view, tasks: [] };
    const read = new HostedJob(readRun(id, entries), entries.length, clock.now() / 1000, clock.wall());
    return { ...jobDetailView(read, this.#context()), ...ended.view };
  }

  /** Throws `JOB_UNKNOWN`. */
  #homeOf(id: string): string {
    const home = this.#succession.movedTo(id)?.home ?? this.#directory.toldOf(id)?.home;
    if (home === undefined || home === this.#channel.self) throw unknown(id);
    return home;
  }

  #viewOf(job: HostedJob): JobView {
    return jobView(job, this.#context());
  }

  #context(): ViewContext {
    const slots = [...this.#fleet.all()].reduce(
      (sum, { figures, reachable }) => sum + (reachable ? figures.slots : 0),
      0,
    );
    const { clock, scheduler } = this.#parts;
    return { nameOf: (node) => this.#nameOf(node), scheduler: scheduler().scheduler.name, slots, wall: clock.wall() };
  }

  #nameOf(node: string): string {
    if (node === this.#channel.self) return this.#parts.name;
    return this.#fleet.get(node)?.name ?? this.#parts.network.nodes().find(({ id }) => id === node)?.name ?? node;
  }

  #authorize(action: string, actor: Actor, subject: string): Promise<void> {
    return this.#parts.authorizer.authorize({ action, actor, scope: 'node', nodes: [this.#channel.self], subject });
  }

  /** Sorts by time. */
  #newId(): string {
    const { clock, random } = this.#parts;
    const part = (): string =>
      random
        .below(2 ** 30)
        .toString(36)
        .padStart(6, '0');
    return `${Math.floor(clock.wall()).toString(36)}-${part()}${part()}`;
  }
}

const isOwn = ({ state }: HostedJob): boolean => state !== 'yielding';

const unknown = (job: string): ParlmeshError =>
  new ParlmeshError('JOB_UNKNOWN', `There is no job "${job}"`, { hint: 'parlmesh job list' });

function nameOfActor(actor: Actor): string {
  switch (actor.kind) {
    case 'operator':
    case 'client':
      return actor.name;
    case 'agent':
      return `agent ${actor.id}`;
    case 'peer':
      return `node ${actor.node}`;
    case 'job':
      return `job ${actor.id}`;
  }
}

function inPast({ state, figures, cause }: JobView): string {
  if (state === 'succeeded') return `succeeded after ${figures.seconds.toFixed(1)} s`;
  return state === 'cancelled' ? `was cancelled: ${cause}` : `failed after ${figures.seconds.toFixed(1)} s: ${cause}`;
}
