// What people, programs and other nodes may ask of jobs: to take one, to end one, to try one again; and to show one whole.
// Each change is authorised first. What another node is the home of, that node is asked.

import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { Actor, Authorizer } from '../authorizer.ts';
import { unknownJob } from './answers.ts';
import type { Backlog } from './home/backlog.ts';
import type { Fleet } from './home/fleet.ts';
import type { HostedJob } from './home/hosted-job.ts';
import type { JobHome } from './home/job-home.ts';
import type { JobDirectory } from './job-directory.ts';
import { type JobSpec, readJobSpec } from './job-spec.ts';
import type { JobStorage } from './job-storage.ts';
import type { JobDetailView, JobView } from './job-view.ts';
import { checkSubmission, nameOfActor, newJobId } from './submission.ts';
import { readRun, type Succession } from './succession.ts';
import type { SwarmLinks } from './swarm-links.ts';
import { isOwn, type SwarmWindow } from './swarm-window.ts';
import type { TaskExecutor } from './task-executor.ts';

export interface JobChangesParts {
  self: string;
  jobs: ReadonlyMap<string, HostedJob>;
  fleet: Fleet;
  home: JobHome;
  directory: JobDirectory;
  window: SwarmWindow;
  succession: Succession;
  links: SwarmLinks;
  storage: JobStorage;
  authorizer: Authorizer;
  executors: ReadonlyMap<string, TaskExecutor>;
  deputy(): string | undefined;
  backlog: Pick<Backlog, 'check'>;
  clock: Clock;
  random: Random;
}

/** Jobs that run at the same time from here. */
const MOST_JOBS = 10_000;

export class JobChanges {
  readonly #parts: JobChangesParts;

  constructor(parts: JobChangesParts) {
    this.#parts = parts;
  }

  /**
   * Resolves once the job is on the disk of this node and, if one can be reached, of another. Throws `JOB_INVALID`,
   * `JOB_KIND_UNKNOWN`, `JOB_EXISTS`, `TASK_INPUT_INVALID`, `NOT_AUTHORIZED`, `JOBS_UNAVAILABLE`.
   */
  async submit(document: JobSpec, actor: Actor, options: { id?: string } = {}): Promise<JobView> {
    const { clock, random } = this.#parts;
    const spec = readJobSpec(document);
    const id = options.id ?? newJobId(clock.wall(), random);
    const known = this.#parts.jobs.get(id);
    if (known !== undefined) return this.#parts.window.view(known);
    const ended = this.#parts.directory.endedHere(id) ?? this.#parts.directory.toldOf(id);
    if (ended !== undefined) return ended.view;
    this.#parts.backlog.check(nameOfActor(actor));
    await this.#parts.home.pause(spec);
    this.#check(spec);
    await this.#parts.home.pause(spec);
    const job = await this.#parts.home.prepare(id, spec, nameOfActor(actor), this.#parts.deputy());
    await this.#authorize('job.submit', actor, `job/${spec.name}`);
    if (this.#parts.jobs.size >= MOST_JOBS) {
      throw new ParlmeshError('JOBS_FULL', `${MOST_JOBS} jobs run from this node already`, {
        hint: 'Submit it elsewhere',
      });
    }
    await this.#parts.home.pause(spec);
    // Two may have been asked for the same at the same time.
    const first = this.#parts.jobs.get(id);
    if (first !== undefined) return this.#parts.window.view(first);
    await this.#parts.home.submit(job);
    return this.#parts.window.view(job);
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

  /** Asks its home when that is another node. Throws `JOB_UNKNOWN`. */
  async job(id: string): Promise<JobDetailView> {
    const here = this.#parts.window.detail(id);
    if (here !== undefined) return here;
    return this.#parts.links.show(this.#homeOf(id), id);
  }

  #check(spec: JobSpec): void {
    const { fleet, executors } = this.#parts;
    checkSubmission(spec, new Set([...fleet.all()].flatMap(({ figures }) => figures.kinds)), executors);
  }

  /** Another node forwards what somebody there asked for. */
  async changeFor(origin: string, id: string, what: 'cancel' | 'retry', by: string): Promise<JobView> {
    await this.#authorize(`job.${what}`, { kind: 'peer', node: origin }, `job/${id}`);
    if (!this.#parts.jobs.has(id) && this.#parts.directory.endedHere(id) === undefined) throw unknownJob(id);
    return this.#change(id, what, by);
  }

  async #change(id: string, what: 'cancel' | 'retry', by: string): Promise<JobView> {
    const { clock } = this.#parts;
    const job = this.#parts.jobs.get(id);
    if (what === 'cancel') {
      const ended = this.#parts.directory.endedHere(id);
      if (job === undefined && ended !== undefined) return ended.view;
      if (job !== undefined && isOwn(job)) {
        await this.#parts.home.cancel(job, by);
        return this.#parts.window.view(job);
      }
    } else {
      if (job !== undefined && isOwn(job)) return this.#parts.window.view(job);
      if (this.#parts.directory.endedHere(id) !== undefined) {
        const again = await this.#reopen(id);
        await this.#parts.home.record(again, [{ kind: 'retried', at: clock.wall(), by }]);
        return this.#parts.window.view(again);
      }
    }
    return this.#parts.links.change(this.#homeOf(id), id, what, by);
  }

  async #reopen(id: string): Promise<HostedJob> {
    const { storage, self, clock } = this.#parts;
    const entries = storage.log(id);
    const run = readRun(id, entries);
    await storage.reopen(id);
    this.#parts.directory.reopened(id);
    const job = this.#parts.home.host(run, entries.length, 'running');
    // Others still tell of the life before: a later epoch outdoes that.
    void this.#parts.home.record(job, [{ kind: 'taken-over', at: clock.wall(), epoch: run.epoch + 1, home: self }]);
    return job;
  }

  /** Throws `JOB_UNKNOWN`. */
  #homeOf(id: string): string {
    const home = this.#parts.succession.movedTo(id)?.home ?? this.#parts.directory.toldOf(id)?.home;
    if (home === undefined || home === this.#parts.self) throw unknownJob(id);
    return home;
  }

  #authorize(action: string, actor: Actor, subject: string): Promise<void> {
    return this.#parts.authorizer.authorize({ action, actor, scope: 'node', nodes: [this.#parts.self], subject });
  }
}
