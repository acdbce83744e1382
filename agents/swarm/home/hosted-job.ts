// A job at its home: what its log says, and beside it what no log keeps: where its tasks run just now, which wait for
// another attempt, and which could start.

import type { Millis, Timer } from '../../../core/clock.ts';
import type { JobEvent } from '../job-event.ts';
import type { JobRun } from '../job-run.ts';
import type { JobView as SchedulerJob } from '../scheduling/scheduler.ts';
import type { PlacedTask } from './fleet.ts';
import { ReadyTasks } from './ready-tasks.ts';

/** So long before the deadline (as a share of the time that the longest chain needs) a job becomes urgent. */
const URGENT_WITHIN = 1.5;
const URGENT = 9;
const NORMAL = 5;
const LAST = 0;

export class HostedJob implements SchedulerJob {
  readonly run: JobRun;
  readonly ready: ReadyTasks;
  readonly placed = new Map<number, PlacedTask>();
  /** Tasks that wait before their next attempt. */
  readonly waiting = new Map<number, Timer>();
  /** Tasks that may have been carried out before this node became the home. */
  readonly mayRepeat = new Set<number>();
  /** Entries of its log. */
  entries: number;
  /** `asking`: workers are asked what they have; `yielding`: another node is its home. */
  state: 'running' | 'asking' | 'yielding' = 'running';
  /** Why tasks that could start do not, where it is not for want of a free slot. */
  readonly whyWaiting = new Map<number, string>();
  mostParallel = 0;
  /** It goes last: see `Backlog`. */
  isSetBack = false;
  /** As schedulers are to see it: see `weigh`. */
  priority: number;
  /** It has told its followers; `isDirty` says that there is more to tell. */
  isDirty = true;
  /** Seconds, monotonic. */
  readonly arrivedAt: number;
  readonly #deadlineAt: number;
  readonly #signatures: string[] = [];
  readonly #attempts: Int32Array;

  /** @param now seconds, monotonic */
  constructor(run: JobRun, entries: number, now: number, wall: Millis) {
    this.run = run;
    this.entries = entries;
    this.arrivedAt = now - (wall - run.submittedAt) / 1000;
    this.#deadlineAt = run.spec.deadline === undefined ? Number.POSITIVE_INFINITY : this.arrivedAt + run.spec.deadline;
    this.priority = run.spec.priority ?? NORMAL;
    this.ready = new ReadyTasks(run.graph.below);
    this.#attempts = new Int32Array(run.tasks.length);
    for (const [index, { attempts }] of run.tasks.entries()) {
      this.#attempts[index] = attempts.reduce((most, { number }) => Math.max(most, number), 0);
    }
    this.makeReady([...run.tasks.keys()].filter((index) => run.tasks[index]!.state === 'ready'));
  }

  get id(): string {
    return this.run.id;
  }

  get graph() {
    return this.run.graph;
  }

  get tasksLeft(): number {
    return this.run.tasksLeft;
  }

  get workLeft(): number {
    return this.run.workLeft;
  }

  get pathLeft(): number {
    return this.run.pathLeft;
  }

  get running(): number {
    return this.placed.size;
  }

  get deadlineAt(): Millis | undefined {
    const { submittedAt, spec } = this.run;
    return spec.deadline === undefined ? undefined : submittedAt + spec.deadline * 1000;
  }

  /** Its priority is its own, the highest when the deadline is near, or the lowest when it was set back. @param now seconds, monotonic */
  weigh(now: number): void {
    const isUrgent = this.#deadlineAt - now < URGENT_WITHIN * this.pathLeft;
    this.priority = isUrgent ? URGENT : this.isSetBack ? LAST : (this.run.spec.priority ?? NORMAL);
  }

  /** The number of the next attempt of a task. */
  nextAttempt(task: number): number {
    this.#attempts[task]!++;
    return this.#attempts[task]!;
  }

  knowsAttempt(task: number, attempt: number): void {
    this.#attempts[task] = Math.max(this.#attempts[task]!, attempt);
  }

  /** Takes an event in; false when it says nothing new. */
  apply(event: JobEvent): boolean {
    const ready = this.run.apply(event);
    if (ready === undefined) return false;
    this.isDirty = true;
    this.makeReady(ready);
    if ('task' in event && this.run.isOver(event.task)) this.forget(event.task);
    if (this.run.state !== 'running') this.ready.clear();
    return true;
  }

  /** Tasks that may be placed now. */
  makeReady(tasks: readonly number[]): void {
    this.ready.add(
      tasks.filter(
        (task) => this.run.tasks[task]!.state === 'ready' && !this.placed.has(task) && !this.waiting.has(task),
      ),
      (task) => this.#signatureOf(task),
      (task) => this.run.tasks[task]!.failedOn,
    );
  }

  /** The task is over, or given away. */
  forget(task: number): void {
    this.ready.delete(task);
    this.waiting.get(task)?.cancel();
    this.waiting.delete(task);
  }

  stop(): void {
    for (const timer of this.waiting.values()) timer.cancel();
    this.waiting.clear();
    this.ready.clear();
  }

  /** The same for tasks that ask the same of a node. */
  #signatureOf(index: number): string {
    const { failedOn } = this.run.tasks[index]!;
    const spec = this.run.spec.tasks[index]!;
    const { kind, where, resources } = spec;
    if (where === undefined && resources === undefined && failedOn.length === 0) return kind;
    this.#signatures[index] ??= JSON.stringify([kind, where, resources]);
    return failedOn.length === 0 ? this.#signatures[index] : `${this.#signatures[index]} not ${failedOn.join(' ')}`;
  }
}
