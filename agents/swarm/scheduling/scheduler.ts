// What a scheduler sees, and what it answers. The same for real jobs, for replays and for training.

import type { JobGraph } from '../job-graph.ts';

export interface JobView {
  readonly graph: JobGraph;
  /** Seconds, on the clock of `SchedulingView.now`. */
  readonly arrivedAt: number;
  /** 0 background to 9 urgent; 5 as a rule. */
  readonly priority: number;
  readonly tasksLeft: number;
  /** Expected seconds of the tasks that have not finished, at speed 1. */
  readonly workLeft: number;
  /** Expected seconds of the longest chain of them. */
  readonly pathLeft: number;
  readonly running: number;
}

export interface ReadyTask {
  readonly job: JobView;
  /** Index into `job.graph.tasks`. */
  readonly task: number;
  readonly readySince: number;
  /** Nodes that hold results it needs, and how much. */
  readonly sources: readonly { node: string; bytes: number }[];
  /** Times it has failed or was lost. */
  readonly attempts: number;
  /** Where it may not run: it failed there, or labels and resources do not fit. */
  readonly excluded: ReadonlySet<string>;
}

export interface WorkerView {
  readonly node: string;
  /** Of a processor of reference; stress (heat, memory, battery) is already taken off. */
  readonly speed: number;
  /** When each of its slots is expected to be free; those in the past are free. */
  readonly slots: readonly number[];
  /** 0 normal to 1 anomalous. */
  readonly anomaly: number;
  /** Share of its last tasks that failed, 0 to 1. */
  readonly failures: number;
}

export interface SchedulingView {
  /** Seconds. */
  readonly now: number;
  readonly jobs: readonly JobView[];
  readonly ready: readonly ReadyTask[];
  readonly workers: readonly WorkerView[];
  /** Expected seconds to bring `bytes` from one node to another. */
  transferSeconds(from: string, to: string, bytes: number): number;
}

export interface Placement {
  readonly task: ReadyTask;
  readonly worker: WorkerView;
}

export interface TaskScheduler {
  readonly name: string;
  /** The next placement on a slot that is free now; undefined: better wait until something changes. */
  choose(view: SchedulingView): Placement | undefined;
}

/** Expected seconds from the placement of a task to its result. */
export function expectedSeconds(view: SchedulingView, { job, task, sources }: ReadyTask, worker: WorkerView): number {
  let transfer = 0;
  for (const { node, bytes } of sources) {
    if (node !== worker.node) transfer += view.transferSeconds(node, worker.node, bytes);
  }
  return transfer + job.graph.tasks[task]!.seconds / worker.speed;
}

export function isFree(view: SchedulingView, worker: WorkerView): boolean {
  return worker.slots.some((freeAt) => freeAt <= view.now);
}
