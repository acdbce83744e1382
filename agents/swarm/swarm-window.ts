// What is seen of the swarm from this node: its own jobs as they are, those of others as told, the workers.

import type { Clock } from '../../core/clock.ts';
import type { AgentNetwork } from '../network.ts';
import type { Fleet } from './home/fleet.ts';
import { HostedJob } from './home/hosted-job.ts';
import type { Ending } from './home/job-log.ts';
import type { DirectoryEntry, JobDirectory, JobQuery } from './job-directory.ts';
import { jobDetailView, jobView, type ViewContext } from './job-in-view.ts';
import type { JobStorage } from './job-storage.ts';
import type { JobDetailView, JobView, SwarmView } from './job-view.ts';
import type { TaskScheduler } from './scheduling/scheduler.ts';
import { readRun } from './succession.ts';

export interface SwarmWindowParts {
  /** This node's name for people. */
  name: string;
  network: AgentNetwork;
  jobs: ReadonlyMap<string, HostedJob>;
  fleet: Fleet;
  directory: JobDirectory;
  storage: Pick<JobStorage, 'log'>;
  scheduler(): { scheduler: TaskScheduler; why: string };
  clock: Clock;
}

export class SwarmWindow {
  readonly #parts: SwarmWindowParts;

  constructor(parts: SwarmWindowParts) {
    this.#parts = parts;
  }

  jobs(query?: JobQuery): JobView[] {
    return this.#parts.directory.list(
      this.entries().map(({ view }) => view),
      query,
    );
  }

  /** Jobs whose home is this node. */
  own(): HostedJob[] {
    return [...this.#parts.jobs.values()].filter(isOwn);
  }

  entries(): DirectoryEntry[] {
    return this.own().map((job) => ({ epoch: job.run.epoch, view: this.view(job) }));
  }

  view(job: HostedJob): JobView {
    return jobView(job, this.#context());
  }

  /** How a job of this node ended; undefined while it goes on, or is another's. */
  endingOf(id: string): Ending | undefined {
    const job = this.#parts.jobs.get(id);
    if (job === undefined || job.run.state === 'running' || !isOwn(job)) return undefined;
    const { epoch, finishedAt = this.#parts.clock.wall() } = job.run;
    return { epoch, view: this.view(job), finishedAt };
  }

  /** A job that this node is the home of, or has the log of; undefined otherwise. */
  detail(id: string): JobDetailView | undefined {
    const { jobs, storage, clock, directory } = this.#parts;
    const job = jobs.get(id);
    if (job !== undefined && isOwn(job)) return jobDetailView(job, this.#context());
    const ended = directory.endedHere(id);
    if (ended === undefined) return undefined;
    const entries = storage.log(id);
    if (entries.length === 0) return { ...ended.view, tasks: [] };
    const read = new HostedJob(readRun(id, entries), entries.length, clock.now() / 1000, clock.wall());
    return { ...jobDetailView(read, this.#context()), ...ended.view };
  }

  swarm(): SwarmView {
    const { fleet, scheduler: serving } = this.#parts;
    const { scheduler, why } = serving();
    const jobs = this.own();
    return {
      workers: [...fleet.all()].map(({ node, figures, failures, score, reachable }) => {
        const { slots, running, queued, speed, stress, kinds, labels } = figures;
        const shown = { slots, running, queued, speed, stress, failures, anomaly: score, kinds, labels, reachable };
        return { node: { id: node, name: this.nameOf(node) }, ...shown };
      }),
      ...{ scheduler: scheduler.name, why },
      running: jobs.length,
      ready: jobs.reduce((sum, { ready }) => sum + ready.size, 0),
    };
  }

  nameOf(node: string): string {
    const { network, name, fleet } = this.#parts;
    if (node === network.self) return name;
    return fleet.get(node)?.name ?? network.nodes().find(({ id }) => id === node)?.name ?? node;
  }

  #context(): ViewContext {
    const { clock, scheduler, fleet } = this.#parts;
    const slots = [...fleet.all()].reduce((sum, { figures, reachable }) => sum + (reachable ? figures.slots : 0), 0);
    return { nameOf: (node) => this.nameOf(node), scheduler: scheduler().scheduler.name, slots, wall: clock.wall() };
  }
}

/** Another node has it, or will. */
export const isOwn = ({ state }: HostedJob): boolean => state !== 'yielding';
