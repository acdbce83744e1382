// The last jobs that this node placed, as they really went: what schedulers are judged and practised on. Bounded, and
// written down now and then, so that a restart does not forget what the board is used for.

import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { GraphTask } from '../swarm/job-graph.ts';
import type { JobDetailView } from '../swarm/job-view.ts';

const Seconds = Type.Number({ minimum: 0, maximum: 1e7 });

export const RecentJob = Type.Object({
  id: Type.String({ maxLength: 128 }),
  /** Milliseconds since 1970. */
  submittedAt: Type.Number(),
  finishedAt: Type.Number(),
  /** Ids are indices; seconds at speed 1. */
  tasks: Type.Array(
    Type.Object({ needs: Type.Array(Type.Integer({ minimum: 0 }), { maxItems: 10_000 }), seconds: Seconds }),
    { minItems: 1, maxItems: 10_000 },
  ),
});
export type RecentJob = Static<typeof RecentJob>;

export const RecentJobsDocument = Type.Array(RecentJob, { maxItems: 1000 });

/** Jobs, and tasks of them all, that are kept. */
const MOST_JOBS = 128;
const MOST_TASKS = 20_000;

/** One job in four is never practised on: candidates are compared on these. By its id, so that it stays one over a restart. */
const HELD_BACK = 4;

export type JobPart = 'practice' | 'held-back';

export function partOf(id: string): JobPart {
  return createHash('sha256').update(id).digest().readUInt32LE() % HELD_BACK === 0 ? 'held-back' : 'practice';
}

/** Speed of each node by id, 1 being the processor of reference; undefined for one that is not known any more. */
export type SpeedOf = (node: string) => number | undefined;

/** Undefined for a job from which nothing can be learned: one that did not succeed. */
export function recentJob({ id, state, submittedAt, finishedAt, tasks }: JobDetailView, speedOf: SpeedOf) {
  if (state !== 'succeeded' || finishedAt === undefined) return undefined;
  const index = new Map(tasks.map((task, at) => [task.id, at]));
  const job: RecentJob = {
    ...{ id, submittedAt, finishedAt },
    tasks: tasks.map(({ needs, attempts, expectedSeconds }) => {
      const last = attempts.findLast(({ outcome }) => outcome === 'succeeded');
      const { startedAt, endedAt, node } = last ?? {};
      const took = startedAt === undefined || endedAt === undefined ? undefined : (endedAt - startedAt) / 1000;
      return {
        needs: needs.flatMap((need) => index.get(need) ?? []),
        seconds: took === undefined ? expectedSeconds : took * (speedOf(node?.id ?? '') ?? 1),
      };
    }),
  };
  return job;
}

/** Without bytes: what was moved is in the seconds. */
export function graphOf({ tasks }: RecentJob): GraphTask[] {
  return tasks.map(({ needs, seconds }, at) => ({ id: String(at), needs: needs.map(String), seconds, bytes: 0 }));
}

export class RecentJobs {
  readonly #jobs: RecentJob[] = [];

  /** @param document as `document()` gave it; what is no such thing is left aside */
  constructor(document?: unknown) {
    if (Value.Check(RecentJobsDocument, document)) for (const job of document) this.add(job);
  }

  get count(): number {
    return this.#jobs.length;
  }

  has(id: string): boolean {
    return this.#jobs.some((job) => job.id === id);
  }

  add(job: RecentJob): void {
    if (job.tasks.length > MOST_TASKS) return;
    this.#jobs.push(job);
    let tasks = this.#jobs.reduce((sum, each) => sum + each.tasks.length, 0);
    while (this.#jobs.length > MOST_JOBS || tasks > MOST_TASKS) tasks -= this.#jobs.shift()!.tasks.length;
  }

  /** Tasks of each job. @param part left out, of all jobs */
  graphs(part?: JobPart): GraphTask[][] {
    return this.#jobs.filter(({ id }) => part === undefined || partOf(id) === part).map(graphOf);
  }

  /** Share of the capacity that their work took, from the first submission to the last end; undefined for none. */
  load(capacity: number): number | undefined {
    const [first, last] = [this.#jobs[0], this.#jobs.at(-1)];
    if (first === undefined || last === undefined || capacity <= 0) return undefined;
    const work = this.#jobs.reduce((sum, { tasks }) => sum + tasks.reduce((all, { seconds }) => all + seconds, 0), 0);
    const span = (Math.max(...this.#jobs.map(({ finishedAt }) => finishedAt)) - first.submittedAt) / 1000;
    return span <= 0 ? undefined : work / (span * capacity);
  }

  document(): RecentJob[] {
    return [...this.#jobs];
  }
}
