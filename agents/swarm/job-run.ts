// One job as its events tell it: which tasks wait, are ready, have ended, and how. A fold without clock, network or disk:
// the home, its deputy and who reads an old log come to the same.

import type { Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Failed, Finished, JobEvent, Submitted } from './job-event.ts';
import type { JobGraph } from './job-graph.ts';
import { graphOf, type JobSpec } from './job-spec.ts';
import type { JobState } from './job-view.ts';

/** A task that so many nodes died of is not given to another. */
export const DEADLY = 3;

export interface AttemptRecord {
  number: number;
  node: string;
  placedAt: Millis;
  startedAt?: Millis;
  endedAt: Millis;
  outcome: 'succeeded' | Failed['outcome'];
  cause?: string;
  why: string;
}

export interface TaskRun {
  /** `ready` also while it runs somewhere. */
  state: 'waiting' | 'ready' | 'succeeded' | 'failed' | 'set-aside' | 'cancelled';
  /** Tasks it needs that have not succeeded. */
  waitsFor: number;
  readyAt?: Millis;
  attempts: AttemptRecord[];
  /** Attempts that count against `retries`, since the last retry of the job. */
  failures: number;
  /** Nodes where an attempt failed, timed out or was lost after it had begun. */
  failedOn: string[];
  /** Nodes that died of it. */
  diedOf: string[];
  result?: unknown;
  log: readonly string[];
  cause?: string;
  /** It was running on the home when that was last heard of. */
  atHome?: { attempt: number; node: string; placedAt: Millis; startedAt: Millis; why: string };
}

export class JobRun {
  readonly id: string;
  /** Its first event. */
  readonly submitted: Submitted;
  readonly spec: JobSpec;
  readonly graph: JobGraph;
  readonly by: string;
  readonly submittedAt: Millis;
  readonly tasks: readonly TaskRun[];
  readonly #retries: number;
  readonly #taskAt = new Map<string, number>();
  epoch = 1;
  home: string;
  deputy: string | undefined;
  state: JobState = 'running';
  finishedAt: Millis | undefined;
  cause: string | undefined;
  // Running totals, so that no listing has to look at every task.
  tasksLeft: number;
  /** Expected seconds of the tasks that have not ended. */
  workLeft: number;
  /** Seconds that tasks which succeeded took. */
  workSeconds = 0;
  /** Attempts that have ended. */
  steps = 0;
  readonly ended = { succeeded: 0, failed: 0, 'set-aside': 0, cancelled: 0 };
  waiting = 0;
  /** The longest chain of tasks that succeeded. */
  readonly critical = { seconds: 0, steps: 0, last: -1 };
  readonly #chain: Float64Array;
  readonly #chainSteps: Int32Array;
  /** Tasks by the longest chain that begins with them, longest first; those before `#pathAt` have ended. */
  readonly #byPath: readonly number[];
  #pathAt = 0;

  /** @param graph of the submission, where it has been made already */
  constructor(id: string, submitted: Submitted, graph = graphOfSubmitted(submitted)) {
    const { spec } = submitted;
    this.id = id;
    this.submitted = submitted;
    this.spec = spec;
    this.graph = graph;
    this.by = submitted.by;
    this.submittedAt = submitted.at;
    this.home = submitted.home;
    this.deputy = submitted.deputy;
    this.#retries = submitted.retries;
    this.tasks = spec.tasks.map(({ id: task }, index) => {
      this.#taskAt.set(task, index);
      const waitsFor = this.graph.parents[index]!.length;
      if (waitsFor > 0) this.waiting++;
      return { ...untried(), waitsFor, ...(waitsFor === 0 ? { state: 'ready', readyAt: submitted.at } : {}) };
    });
    this.tasksLeft = this.tasks.length;
    this.workLeft = this.graph.work;
    this.#chain = new Float64Array(this.tasks.length);
    this.#chainSteps = new Int32Array(this.tasks.length);
    this.#byPath = [...this.tasks.keys()].sort((a, b) => this.graph.below[b]! - this.graph.below[a]!);
  }

  /** Throws `JOB_LOG_BROKEN` when the log does not begin with the submission. */
  static of(id: string, events: readonly JobEvent[]): JobRun {
    const [first, ...rest] = events;
    if (first?.kind !== 'submitted') {
      throw new ParlmeshError('JOB_LOG_BROKEN', `The log of job ${id} does not begin with its submission`);
    }
    const run = new JobRun(id, first);
    for (const event of rest) run.apply(event);
    return run;
  }

  indexOf(task: string): number | undefined {
    return this.#taskAt.get(task);
  }

  /** Expected seconds of the longest chain of tasks that have not ended. */
  get pathLeft(): number {
    while (this.#pathAt < this.#byPath.length && this.isOver(this.#byPath[this.#pathAt]!)) this.#pathAt++;
    const first = this.#byPath[this.#pathAt];
    return first === undefined ? 0 : this.graph.below[first]!;
  }

  isOver(task: number): boolean {
    const state = this.tasks[task]?.state;
    return state !== 'waiting' && state !== 'ready';
  }

  /**
   * Takes an event in, however often it comes: what says nothing new (a second result of a task) changes nothing.
   * Returns which tasks became ready, or undefined when nothing changed.
   */
  apply(event: JobEvent): readonly number[] | undefined {
    switch (event.kind) {
      case 'submitted':
        return undefined;
      case 'finished':
        return this.#finished(event);
      case 'failed':
        return this.#failed(event);
      case 'running-at-home': {
        const task = this.tasks[event.task];
        if (task?.state !== 'ready') return undefined;
        const { attempt, node, placedAt, startedAt, why } = event;
        task.atHome = { attempt, node, placedAt, startedAt, why };
        return [];
      }
      case 'came-back': {
        const blamed = this.tasks.filter(({ state, diedOf }) => state === 'ready' && diedOf.includes(event.node));
        for (const task of blamed) task.diedOf = task.diedOf.filter((node) => node !== event.node);
        return blamed.length > 0 ? [] : undefined;
      }
      case 'cancelled':
        return this.#cancelled(event.at, event.by);
      case 'retried':
        return this.#retried(event.at);
      case 'taken-over':
        if (event.epoch < this.epoch) return undefined;
        this.epoch = event.epoch;
        this.home = event.home;
        this.deputy = undefined;
        return [];
      case 'deputy':
        this.deputy = event.node;
        return [];
    }
  }

  #finished(event: Finished): number[] | undefined {
    const index = event.task;
    const task = this.tasks[index];
    if (task === undefined || this.isOver(index)) return undefined;
    // A result that comes before what it needs is one of another job's log, or of a liar.
    if (task.waitsFor > 0) return undefined;
    this.#record(task, event, 'succeeded');
    this.#end(index, 'succeeded');
    if ('result' in event) task.result = event.result;
    const seconds = Math.max(0, event.endedAt - event.startedAt) / 1000;
    this.workSeconds += seconds;
    this.#lengthen(index, seconds);
    const ready: number[] = [];
    for (const child of this.graph.children[index]!) {
      const next = this.tasks[child]!;
      if (--next.waitsFor > 0 || next.state !== 'waiting') continue;
      next.state = 'ready';
      next.readyAt = event.endedAt;
      this.waiting--;
      ready.push(child);
    }
    this.#settle(event.endedAt);
    return ready;
  }

  #failed(event: Failed): number[] | undefined {
    const index = event.task;
    const task = this.tasks[index];
    if (task?.state !== 'ready') return undefined;
    const isKnown = task.attempts.some(({ number, outcome }) => number === event.attempt && outcome !== 'lost');
    if (isKnown) return undefined;
    this.#record(task, event, event.outcome);
    if (event.startedAt === undefined && event.outcome === 'lost') return [];
    if (!task.failedOn.includes(event.node)) task.failedOn.push(event.node);
    if (event.outcome === 'lost') {
      if (!task.diedOf.includes(event.node)) task.diedOf.push(event.node);
      if (task.diedOf.length >= DEADLY) {
        task.cause = `${DEADLY} nodes died while they worked on it`;
        this.#end(index, 'set-aside');
        this.#forsake(index, event.endedAt);
      }
      return [];
    }
    task.failures++;
    task.cause = event.cause;
    if (event.hopeless || task.failures > (this.spec.tasks[index]!.retries ?? this.#retries)) {
      this.#end(index, 'failed');
      this.#forsake(index, event.endedAt);
    }
    return [];
  }

  #record(task: TaskRun, event: Finished | Failed, outcome: AttemptRecord['outcome']): void {
    const { attempt: number, node, placedAt, startedAt, endedAt, why } = event;
    const cause = event.kind === 'failed' ? { cause: event.cause } : {};
    task.attempts.push({
      number,
      node,
      placedAt,
      ...(startedAt !== undefined && { startedAt }),
      endedAt,
      outcome,
      why,
      ...cause,
    });
    task.log = event.log;
    delete task.atHome;
    this.steps++;
  }

  /** All that need it, now or later, will not come. */
  #forsake(index: number, at: Millis): void {
    const name = this.graph.tasks[index]!.id;
    const left = [...this.graph.children[index]!];
    for (let child = left.pop(); child !== undefined; child = left.pop()) {
      const task = this.tasks[child]!;
      if (this.isOver(child)) continue;
      task.cause = `it needs "${name}", which did not succeed`;
      this.#end(child, 'cancelled');
      left.push(...this.graph.children[child]!);
    }
    this.#settle(at);
  }

  #end(index: number, state: 'succeeded' | 'failed' | 'set-aside' | 'cancelled'): void {
    const task = this.tasks[index]!;
    if (task.state === 'waiting') this.waiting--;
    task.state = state;
    this.ended[state]++;
    this.tasksLeft--;
    this.workLeft = Math.max(0, this.workLeft - this.graph.tasks[index]!.seconds);
  }

  #settle(at: Millis): void {
    if (this.tasksLeft > 0 || this.state !== 'running') return;
    const failed = this.tasks.findIndex(({ state }) => state === 'failed' || state === 'set-aside');
    this.finishedAt = at;
    this.state = failed < 0 ? 'succeeded' : 'failed';
    if (failed >= 0) this.cause = `Task "${this.graph.tasks[failed]!.id}" failed: ${this.tasks[failed]!.cause}`;
  }

  #cancelled(at: Millis, by: string): [] | undefined {
    if (this.state !== 'running') return undefined;
    for (const index of this.tasks.keys()) if (!this.isOver(index)) this.#end(index, 'cancelled');
    this.state = 'cancelled';
    this.finishedAt = at;
    this.cause = `Cancelled by ${by}`;
    return [];
  }

  #retried(at: Millis): number[] | undefined {
    if (this.state !== 'failed' && this.state !== 'cancelled') return undefined;
    const ready: number[] = [];
    for (const [index, task] of this.tasks.entries()) {
      if (task.state !== 'failed' && task.state !== 'set-aside' && task.state !== 'cancelled') continue;
      this.ended[task.state]--;
      this.tasksLeft++;
      this.workLeft += this.graph.tasks[index]!.seconds;
      Object.assign(task, untried(), { waitsFor: task.waitsFor, attempts: task.attempts });
      delete task.cause;
      if (task.waitsFor > 0) this.waiting++;
      else {
        task.state = 'ready';
        task.readyAt = at;
        ready.push(index);
      }
    }
    this.state = 'running';
    this.finishedAt = undefined;
    this.cause = undefined;
    this.#pathAt = 0;
    return ready;
  }

  #lengthen(index: number, seconds: number): void {
    let longest = 0;
    let steps = 0;
    for (const parent of this.graph.parents[index]!) {
      if (this.#chain[parent]! < longest) continue;
      [longest, steps] = [this.#chain[parent]!, this.#chainSteps[parent]!];
    }
    this.#chain[index] = longest + seconds;
    this.#chainSteps[index] = steps + 1;
    if (longest + seconds < this.critical.seconds) return;
    Object.assign(this.critical, { seconds: longest + seconds, steps: steps + 1, last: index });
  }
}

const untried = (): TaskRun => ({
  state: 'waiting',
  waitsFor: 0,
  attempts: [],
  failures: 0,
  failedOn: [],
  diedOf: [],
  log: [],
});

/** Throws `JOB_INVALID`. */
export function graphOfSubmitted({ spec, seconds }: Submitted): JobGraph {
  const tasks = spec.tasks.map((task, index) => ({ ...task, seconds: seconds[index] ?? 1 }));
  return graphOf({ ...spec, tasks });
}
