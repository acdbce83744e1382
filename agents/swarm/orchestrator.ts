// The swarm of a node as one service: takes jobs, places their tasks on all nodes, carries tasks out, stands in for other
// homes. Wires the parts; what each does is in its own file. docs/jobs.md tells the protocol.

import { EventEmitter } from 'node:events';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';
import type { Authorizer } from '../authorizer.ts';
import type { AgentNetwork } from '../network.ts';
import { Answers } from './answers.ts';
import { SwarmChannel } from './channel.ts';
import { DeputyDesk } from './deputy/deputy-desk.ts';
import { Backlog } from './home/backlog.ts';
import { Dispatcher } from './home/dispatcher.ts';
import { Fleet } from './home/fleet.ts';
import type { HostedJob } from './home/hosted-job.ts';
import { JobHome } from './home/job-home.ts';
import { JobLog } from './home/job-log.ts';
import { LearnedSeconds } from './home/learned-seconds.ts';
import { SecondCopy } from './home/second-copy.ts';
import { JobChanges } from './job-changes.ts';
import { JobDirectory, summaryOf } from './job-directory.ts';
import { outcomeOf } from './job-in-view.ts';
import type { JobStorage } from './job-storage.ts';
import type { JobView } from './job-view.ts';
import type { TaskScheduler } from './scheduling/scheduler.ts';
import { Succession } from './succession.ts';
import { SwarmLinks } from './swarm-links.ts';
import { SwarmNews } from './swarm-news.ts';
import { isOwn, SwarmWindow } from './swarm-window.ts';
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
  blobs: WorkerBlobs & {
    /** A job needs these blobs, by their SHA-256, until it is released. */
    hold(job: string, blobs: Iterable<string>): void;
    release(job: string): void;
    /** Bytes a second between this node and another, as transfers showed; undefined until they did. */
    speed?(node: string): number | undefined;
  };
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
  /** How fast this board computes, 1 being the processor of reference. Without it: 1. */
  speed?: number | (() => Promise<number>);
  /** The disk does not take what must be kept, or does again. */
  trouble?(cause: string | undefined): void;
}

/** What a node does right after its start would make it look slow. */
const SPEED_AFTER: Millis = 5000;

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
  /** All that can be seen. */
  readonly window: SwarmWindow;
  /** All that can be asked for. */
  readonly changes: JobChanges;
  readonly backlog: Backlog;
  readonly #answers: Answers;
  #timers: Timer[] = [];
  #stopWatching: (() => void) | undefined;

  /** Before the network starts. */
  constructor(parts: SwarmParts) {
    super();
    this.#parts = parts;
    const { network, storage, blobs, supervisor, executors, config, clock, random, journal } = parts;
    const { self } = network;
    const byKind = new Map(executors.map((executor) => [executor.kind, executor]));
    const lease = config.lease * 1000;
    this.#lease = lease;
    this.#channel = new SwarmChannel(network);
    this.#directory = new JobDirectory(storage);
    this.#links = new SwarmLinks({
      channel: this.#channel,
      worker: () => this.#worker,
      figures: (node, figures) => this.#home.lives(node, figures),
      hear: (asked) => this.#answers.hear(self, asked.reports),
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
    this.#log = new JobLog({
      ...{ storage, copies: this.#copy, clock },
      endingOf: (id) => this.window.endingOf(id),
      trouble: (cause) => parts.trouble?.(cause),
    });
    this.#dispatcher = new Dispatcher({
      ...{ self, jobs: this.#jobs, fleet: this.#fleet, clock },
      scheduler: () => parts.scheduler().scheduler,
      speed: (node) => blobs.speed?.(node),
      assign: (node, tasks) => this.#links.assign(node, tasks, lease / 2),
      withdraw: (node, tasks, queuedOnly) => this.#links.withdraw(node, tasks, queuedOnly, lease / 2),
      notHome: (job) => void this.#askWhoseJob(job),
    });
    this.#news = new SwarmNews({
      ...{ network, clock },
      figures: () => ({ ...this.#worker.figures(), jobs: this.#jobs.size }),
      summary: () => ({ jobs: this.#directory.summary(this.window.entries()) }),
      changed: (job) => this.emit('job', this.window.view(job)),
      swarm: () => this.emit('swarm'),
    });
    this.#home = new JobHome({
      ...{ self, jobs: this.#jobs, fleet: this.#fleet, dispatcher: this.#dispatcher, log: this.#log },
      ...{ learned: this.#learned, lease, retries: config.retries, clock, random },
      ...{ hold: (job, refs) => blobs.hold(job, refs) },
      changed: (job) => this.#news.jobChanged(job),
      ended: (job) => this.#ended(job),
    });
    this.#desk = new DeputyDesk({
      ...{ self, storage, clock, lease },
      hosted: (job) => this.#hostedEpoch(job),
      overtaken: (job, epoch, home) => this.#succession.yieldTo(job, epoch, home),
      closed: (entry) => this.#directory.ended(entry),
      kept: (job) => this.#directory.reopened(job),
      inquire: (jobs) => this.#inquire(jobs),
      takeOver: (jobs) => void this.#succession.takeOver(jobs),
    });
    this.#succession = new Succession({
      ...{ self, jobs: this.#jobs, fleet: this.#fleet, home: this.#home, dispatcher: this.#dispatcher },
      ...{ desk: this.#desk, links: this.#links, storage, journal, clock, lease },
      nameOf: (node) => this.window.nameOf(node),
      ended: (job) => this.#closeLate(job),
      hasEnded: (job) => this.#directory.endedHere(job) !== undefined,
      inquire: (jobs) => this.#inquire(jobs),
      left: () => this.#news.summaryChanged(),
    });
    this.#worker = new TaskWorker({
      ...{ self, supervisor, storage, blobs, clock, random },
      ...{ agents: config.agents, slotsPerAgent: config.slotsPerAgent, queue: config.queue, labels: config.labels },
      executors: byKind,
      report: (home, reports) => this.#links.report(home, { reports, figures: this.#worker.figures() }),
      changed: () => this.#workerChanged(),
    });
    this.window = new SwarmWindow({
      ...{
        name: parts.name,
        network,
        jobs: this.#jobs,
        fleet: this.#fleet,
        directory: this.#directory,
        storage,
        clock,
      },
      scheduler: parts.scheduler,
    });
    this.backlog = new Backlog({ jobs: this.#jobs, fleet: this.#fleet, worker: () => this.#worker.figures(), clock });
    this.changes = new JobChanges({
      ...{ self, jobs: this.#jobs, fleet: this.#fleet, home: this.#home, directory: this.#directory },
      ...{ window: this.window, succession: this.#succession, links: this.#links, storage, clock, random },
      ...{ authorizer: parts.authorizer, executors: byKind, deputy: () => this.#copy.deputy, backlog: this.backlog },
    });
    this.#answers = new Answers({
      ...{ network, channel: this.#channel, jobs: this.#jobs, fleet: this.#fleet, home: this.#home, desk: this.#desk },
      ...{ succession: this.#succession, directory: this.#directory, window: this.window },
      worker: () => this.#worker,
      newcomer: (node) => this.#newcomer(node),
      change: (origin, job, what, by) => this.changes.changeFor(origin, job, what, by),
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { name, network, clock, config } = this.#parts;
    this.#directory.load();
    if (config.work) await this.#worker.start();
    this.#fleet.hear(network.self, this.#worker.figures(), clock.now(), name);
    this.#nodesChanged();
    this.#succession.resume();
    this.#desk.start();
    this.#news.start();
    this.#stopWatching = network.onNodes(() => this.#nodesChanged());
    this.#timers = [
      clock.every(this.#lease / 8, () => this.#watch()),
      clock.every(this.#lease / 4, () => this.#sayAlive()),
      clock.every(this.#lease * 3, () => this.#reconcileAll()),
      clock.after(SPEED_AFTER, () => void this.#findSpeed()),
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

  /** For metrics. */
  figures() {
    const { agents, unrecorded, totals } = this.#worker;
    return {
      jobs: { running: this.#jobs.size, deputy: this.#desk.count },
      worker: { ...this.#worker.figures(), agents, unrecorded, ...totals },
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

  async #findSpeed(): Promise<void> {
    const { speed, logger, config } = this.#parts;
    if (speed === undefined || !config.work) return;
    try {
      this.#worker.setSpeed(typeof speed === 'number' ? speed : await speed());
    } catch (thrown) {
      logger.warn({ cause: messageOf(thrown) }, 'the speed of this board could not be measured and counts as 1');
    }
  }

  #newcomer(node: string): void {
    this.#fleet.see(this.#parts.network.nodes());
    this.#copy.nodesChanged();
    void this.#succession.ask(node);
    this.#news.swarmChanged();
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
      if (reachable && placed.size > 0) void this.#succession.ask(node);
    }
  }

  /** The log said so when it was read. */
  #closeLate(job: HostedJob): void {
    const ending = this.window.endingOf(job.id);
    if (ending !== undefined) {
      const { finishedAt } = ending;
      this.#parts.storage.append([], [{ job: job.id, summary: summaryOf(ending), finishedAt }]).catch(() => {});
      void this.#copy.close(job.id, ending);
    }
    this.#ended(job);
  }

  #ended(job: HostedJob): void {
    const { journal } = this.#parts;
    const view = this.window.view(job);
    this.#jobs.delete(job.id);
    job.stop();
    this.#parts.blobs.release(job.id);
    this.#directory.ended({ epoch: job.run.epoch, view });
    this.#copy.ended(job.id);
    journal.record({
      severity: view.state === 'failed' ? 'warning' : 'info',
      kind: `job.${view.state}`,
      subject: `job/${job.id}`,
      message: `Job "${view.name}" ${outcomeOf(view)}`,
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
}
