// A job at its home as people and programs see it. Pure.

import type { Millis } from '../../core/clock.ts';
import type { HostedJob } from './home/hosted-job.ts';
import type { JobRun, TaskRun } from './job-run.ts';
import type { AttemptView, JobDetailView, JobFigures, JobView, TaskState, TaskView } from './job-view.ts';

export interface ViewContext {
  nameOf(node: string): string;
  /** Which scheduler serves now. */
  scheduler: string;
  /** Slots of all workers that are known. */
  slots: number;
  wall: Millis;
}

export function jobView(job: HostedJob, context: ViewContext): JobView {
  const { run } = job;
  const { nameOf, scheduler } = context;
  const running = job.placed.size;
  const waiting = run.tasksLeft - run.waiting - running;
  return {
    id: run.id,
    name: run.spec.name,
    state: run.state,
    priority: run.spec.priority ?? 5,
    submittedAt: run.submittedAt,
    ...(run.finishedAt !== undefined && { finishedAt: run.finishedAt }),
    ...(job.deadlineAt !== undefined && { deadlineAt: job.deadlineAt }),
    submittedBy: run.by,
    home: { id: run.home, name: nameOf(run.home) },
    ...(run.deputy !== undefined && { deputy: { id: run.deputy, name: nameOf(run.deputy) } }),
    counts: { waiting: run.waiting, ready: Math.max(0, waiting), running, ...run.ended },
    scheduler,
    figures: figuresOf(job, context),
    ...(run.cause !== undefined && { cause: run.cause }),
  };
}

export function jobDetailView(job: HostedJob, context: ViewContext): JobDetailView {
  const { run } = job;
  const critical = criticalTasks(run);
  const tasks = run.tasks.map((task, index) => taskView(job, task, index, critical.has(index), context));
  return { ...jobView(job, context), tasks };
}

function figuresOf({ run, mostParallel }: HostedJob, { wall, slots }: ViewContext): JobFigures {
  const seconds = Math.max(0, (run.finishedAt ?? wall) - run.submittedAt) / 1000;
  const { workSeconds, critical } = run;
  const shortest = Math.max(critical.seconds, workSeconds / Math.max(1, slots));
  return {
    seconds,
    workSeconds,
    criticalSeconds: critical.seconds,
    steps: run.steps,
    criticalSteps: critical.steps,
    mostParallel,
    speedUp: seconds > 0 ? workSeconds / seconds : 0,
    bound: shortest > 0 ? workSeconds / shortest : 1,
  };
}

/** The longest chain by expected seconds of all tasks. */
function criticalTasks({ graph }: JobRun): ReadonlySet<number> {
  const chain = new Set<number>();
  let next: readonly number[] = graph.order.filter((index) => graph.parents[index]!.length === 0);
  while (next.length > 0) {
    const longest = next.reduce((best, index) => (graph.below[index]! > graph.below[best]! ? index : best));
    chain.add(longest);
    next = graph.children[longest]!;
  }
  return chain;
}

function taskView(job: HostedJob, task: TaskRun, index: number, critical: boolean, { nameOf }: ViewContext): TaskView {
  const { run } = job;
  const placed = job.placed.get(index);
  const { id, kind } = run.spec.tasks[index]!;
  const nodeOf = (node: string) => ({ id: node, name: nameOf(node) });
  const attempts: AttemptView[] = task.attempts.map(({ number, node, outcome, why, cause, ...times }) => ({
    ...{ number, node: nodeOf(node), ...times, outcome, why },
    ...(cause !== undefined && { cause }),
  }));
  if (placed !== undefined) {
    const { attempt: number, node, placedAt, startedAt, why } = placed;
    attempts.push({
      ...{ number, node: nodeOf(node), placedAt, outcome: 'running' as const, why },
      ...(startedAt !== undefined && { startedAt }),
    });
  }
  const counts = placed ?? task.attempts.findLast(({ outcome }) => outcome === 'succeeded') ?? task.attempts.at(-1);
  const ended = placed === undefined && run.isOver(index) ? task.attempts.at(-1)?.endedAt : undefined;
  return {
    id,
    kind,
    state: stateOf(task, placed !== undefined),
    needs: run.graph.parents[index]!.map((parent) => run.graph.tasks[parent]!.id),
    expectedSeconds: run.graph.tasks[index]!.seconds,
    ...(task.readyAt !== undefined && { readyAt: task.readyAt }),
    ...(counts?.startedAt !== undefined && { startedAt: counts.startedAt }),
    ...(ended !== undefined && { finishedAt: ended }),
    ...(placed?.share !== undefined && { progress: placed.share }),
    critical,
    attempts,
    ...('result' in task && { result: task.result }),
    log: [...(placed?.log ?? task.log)],
    ...causeOf(job, task, index),
  };
}

function stateOf({ state }: TaskRun, isPlaced: boolean): TaskState {
  return state === 'ready' && isPlaced ? 'running' : state;
}

function causeOf(job: HostedJob, { cause, state }: TaskRun, index: number): { cause?: string } {
  if (state !== 'ready' || job.placed.has(index)) return cause === undefined ? {} : { cause };
  if (job.waiting.has(index)) return { cause: `It waits for its next attempt; the last: ${cause}` };
  const why = job.whyWaiting.get(index);
  return why === undefined ? (cause === undefined ? {} : { cause }) : { cause: why };
}

/** What became of an ended job, in words that go on from its name. */
export function outcomeOf({ state, figures, cause }: JobView): string {
  if (state === 'succeeded') return `succeeded after ${figures.seconds.toFixed(1)} s`;
  return state === 'cancelled' ? `was cancelled: ${cause}` : `failed after ${figures.seconds.toFixed(1)} s: ${cause}`;
}
