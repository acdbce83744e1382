// What this node answers other swarms, and what it makes of what they say unasked. The first to look at when a message is
// to be understood; `messages.ts` has their shapes.

import { ParlmeshError } from '../../core/errors.ts';
import type { AgentNetwork } from '../network.ts';
import type { SwarmChannel } from './channel.ts';
import type { DeputyDesk } from './deputy/deputy-desk.ts';
import type { Fleet } from './home/fleet.ts';
import type { HostedJob } from './home/hosted-job.ts';
import type { JobHome } from './home/job-home.ts';
import type { JobDirectory } from './job-directory.ts';
import type { JobView } from './job-view.ts';
import * as messages from './messages.ts';
import type { Succession } from './succession.ts';
import { isOwn, type SwarmWindow } from './swarm-window.ts';
import type { TaskWorker } from './worker/task-worker.ts';

export interface AnswersParts {
  network: AgentNetwork;
  channel: SwarmChannel;
  jobs: ReadonlyMap<string, HostedJob>;
  fleet: Fleet;
  home: JobHome;
  desk: DeputyDesk;
  succession: Succession;
  directory: JobDirectory;
  window: SwarmWindow;
  worker(): TaskWorker;
  /** A node works that was not known before. */
  newcomer(node: string): void;
  change(origin: string, job: string, what: 'cancel' | 'retry', by: string): Promise<JobView>;
}

export class Answers {
  readonly #parts: AnswersParts;

  /** Before the network starts. */
  constructor(parts: AnswersParts) {
    this.#parts = parts;
    const { channel, network, home, desk, succession, directory, window, worker } = parts;
    const withFigures = <T extends object>(answer: T) => ({ ...answer, figures: worker().figures() });
    channel.handle(messages.assign, (origin, { tasks }) => withFigures({ refused: worker().assign(origin, tasks) }));
    channel.handle(messages.reconcile, (origin, { jobs }) => withFigures({ held: worker().reconcile(origin, jobs) }));
    channel.handle(messages.withdraw, (origin, { tasks, queuedOnly }) =>
      withFigures({ withdrawn: worker().withdraw(origin, tasks, queuedOnly) }),
    );
    channel.handle(messages.report, (origin, { reports, figures }) => {
      home.lives(origin, figures);
      return this.hear(origin, reports);
    });
    channel.handle(messages.replicate, (origin, asked) => desk.replicate(origin, asked));
    channel.handle(messages.lease, (origin, asked) => desk.lease(origin, asked));
    channel.handle(messages.inquire, (_, { jobs }) => ({ known: jobs.flatMap((job) => this.knowledgeOf(job) ?? []) }));
    channel.handle(messages.handOver, async (_, { job, entries }) => {
      await succession.takeIn(job, entries);
      return {};
    });
    channel.handle(messages.show, (_, { job }) => {
      const detail = window.detail(job);
      if (detail === undefined) throw unknownJob(job);
      return detail;
    });
    channel.handle(messages.change, (origin, { job, what, by }) => parts.change(origin, job, what, by));
    network.subscribe(messages.workersTopic, (origin, figures) => this.#heardOf(origin, figures));
    network.subscribe(messages.jobsTopic, (origin, { jobs }) => {
      directory.hear(origin, jobs);
      for (const { epoch, view } of jobs) this.#compare(origin, epoch, view);
    });
  }

  /** A worker reports. Resolves once it is recorded; names the jobs that are not here. */
  async hear(origin: string, reports: readonly messages.Report[]) {
    const { jobs, directory, succession, home, channel } = this.#parts;
    const moved = new Map<string, { job: string; epoch: number; home: string }>();
    const unknown = new Set<string>();
    for (const { job } of reports) {
      if (moved.has(job) || unknown.has(job)) continue;
      const hosted = jobs.get(job);
      if (hosted !== undefined && isOwn(hosted)) continue;
      const told = directory.toldOf(job);
      const to = succession.movedTo(job) ?? (told?.view.state === 'running' ? told : undefined);
      if (to !== undefined && to.home !== channel.self) moved.set(job, { job, epoch: to.epoch, home: to.home });
      else if (directory.endedHere(job) === undefined) unknown.add(job);
    }
    await home.hear(
      origin,
      reports.filter(({ job }) => !moved.has(job)),
    );
    return { moved: [...moved.values()], unknown: [...unknown] };
  }

  knowledgeOf(id: string) {
    const { jobs, directory, desk, channel } = this.#parts;
    const job = jobs.get(id);
    if (job !== undefined && isOwn(job)) {
      return {
        job: id,
        epoch: job.run.epoch,
        home: channel.self,
        entries: job.entries,
        ended: job.run.state !== 'running',
        isHome: true,
      };
    }
    const ended = directory.endedHere(id);
    if (ended !== undefined) {
      const { view, epoch } = ended;
      return { job: id, epoch: Math.max(1, epoch), home: view.home.id, entries: 0, ended: true, isHome: false };
    }
    const kept = desk.get(id);
    if (kept === undefined) return undefined;
    const { epoch, home, entries } = kept;
    return { job: id, epoch, home, entries, ended: false, isHome: false };
  }

  #heardOf(node: string, figures: messages.WorkerFigures): void {
    const { fleet, home } = this.#parts;
    const isNew = fleet.get(node) === undefined;
    home.lives(node, figures);
    if (isNew) this.#parts.newcomer(node);
  }

  /** Somebody says that he is the home of a job: is he, of one that this node has or had? */
  #compare(home: string, epoch: number, { id, state }: JobView): void {
    const { jobs, directory, succession, channel } = this.#parts;
    if (state !== 'running') return;
    const job = jobs.get(id);
    if (job !== undefined) {
      const isTheirs = epoch > job.run.epoch || (epoch === job.run.epoch && home > channel.self);
      if (isTheirs) succession.yieldTo(id, epoch, home);
      return;
    }
    const ended = directory.endedHere(id);
    if (ended !== undefined && epoch > ended.epoch) void succession.tellEnded(id, home);
  }
}

export const unknownJob = (job: string): ParlmeshError =>
  new ParlmeshError('JOB_UNKNOWN', `There is no job "${job}"`, { hint: 'parlmesh job list' });
