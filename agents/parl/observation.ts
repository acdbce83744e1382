// What the learned policy sees: one row of numbers for each placement it may choose, one for waiting, and one for the state
// as a whole. All numbers are ratios and logarithms, so that a policy fits jobs of milliseconds and of hours, and any
// number of nodes. `docs/parl.md` lists them.

import {
  expectedSeconds,
  isFree,
  type Placement,
  type ReadyTask,
  type SchedulingView,
  type WorkerView,
} from '../swarm/scheduling/scheduler.ts';
import { advisor } from './advisor.ts';

export const PAIR_WIDTH = 25;
export const STATE_WIDTH = 10;

/** Jobs, tasks of one job, and workers that are looked at for one decision. */
const MOST_JOBS = 10;
const MOST_TASKS_OF_JOB = 2;
const MOST_WORKERS = 12;

export interface Observation {
  /** Row i is `placements[i]`; the last row is to wait. */
  readonly rows: Float32Array;
  readonly state: Float32Array;
  readonly placements: readonly Placement[];
}

interface Figures {
  /** Seconds: the mean expected time of a ready task at mean speed. All times are told relative to it. */
  unit: number;
  slots: number;
  freeSlots: number;
  speed: number;
  fastest: number;
}

/** Undefined where nothing can be decided: no slot is free, or no task is ready. */
export function observe(view: SchedulingView): Observation | undefined {
  const workers = view.workers.filter((worker) => isFree(view, worker));
  if (workers.length === 0 || view.ready.length === 0) return undefined;
  const advice = advisor.choose(view);
  if (workers.length > MOST_WORKERS) {
    workers.sort((a, b) => Number(b === advice?.worker) - Number(a === advice?.worker) || b.speed - a.speed);
    workers.length = MOST_WORKERS;
  }
  const candidates = candidateTasks(view, advice?.task);
  const placements: Placement[] = [];
  for (const { task } of candidates) {
    for (const worker of workers) if (!task.excluded.has(worker.node)) placements.push({ task, worker });
  }
  if (placements.length === 0) return undefined;
  const figures = figuresOf(view);
  const rows = new Float32Array((placements.length + 1) * PAIR_WIDTH);
  let at = 0;
  for (const { task, place, pathPlace } of candidates) {
    const best = soonestFinish(view, task);
    for (const worker of workers) {
      if (task.excluded.has(worker.node)) continue;
      const advised = task === advice?.task && worker === advice.worker;
      writePair(rows, at, { view, task, worker, place, pathPlace, best, figures, advised });
      at += PAIR_WIDTH;
    }
  }
  writeWait(rows, at, view, figures, advice === undefined);
  return { rows, placements, state: stateRow(view, figures) };
}

interface Candidate {
  task: ReadyTask;
  /** Rank of its job by work left, and by path left: 0 the least, 1 the most. */
  place: number;
  pathPlace: number;
}

/** Of the jobs with the least work left, of the oldest one and of the advised one, the tasks on which the longest chains depend. */
function candidateTasks(view: SchedulingView, advised: ReadyTask | undefined): Candidate[] {
  const tasksOf = new Map<ReadyTask['job'], ReadyTask[]>();
  for (const task of view.ready) {
    const tasks = tasksOf.get(task.job);
    if (tasks === undefined) tasksOf.set(task.job, [task]);
    else tasks.push(task);
  }
  const jobs = [...tasksOf.keys()].sort((a, b) => b.priority - a.priority || a.workLeft - b.workLeft);
  const byPath = jobs.toSorted((a, b) => a.pathLeft - b.pathLeft);
  const oldest = jobs.reduce((a, b) => (b.arrivedAt < a.arrivedAt ? b : a));
  const chosen = jobs.slice(0, MOST_JOBS);
  for (const job of [oldest, advised?.job]) if (job !== undefined && !chosen.includes(job)) chosen.push(job);
  const scale = Math.max(1, jobs.length - 1);
  return chosen.flatMap((job) => {
    const { below } = job.graph;
    const tasks = tasksOf.get(job)!.sort((a, b) => below[b.task]! - below[a.task]!);
    const place = jobs.indexOf(job) / scale;
    const pathPlace = byPath.indexOf(job) / scale;
    const first = tasks.slice(0, MOST_TASKS_OF_JOB);
    if (advised?.job === job && !first.includes(advised)) first.push(advised);
    return first.map((task) => ({ task, place, pathPlace }));
  });
}

function figuresOf(view: SchedulingView): Figures {
  let [slots, freeSlots, speed, fastest] = [0, 0, 0, 0];
  for (const worker of view.workers) {
    slots += worker.slots.length;
    speed += worker.speed * worker.slots.length;
    fastest = Math.max(fastest, worker.speed);
    for (const freeAt of worker.slots) if (freeAt <= view.now) freeSlots++;
  }
  speed /= slots;
  let seconds = 0;
  for (const { job, task } of view.ready) seconds += job.graph.tasks[task]!.seconds;
  return { unit: Math.max(1e-6, seconds / view.ready.length / speed), slots, freeSlots, speed, fastest };
}

/** When the task would be done at the soonest, if it waited for the best worker of all, busy ones included. */
function soonestFinish(view: SchedulingView, task: ReadyTask): number {
  let best = Number.POSITIVE_INFINITY;
  for (const worker of view.workers) {
    if (task.excluded.has(worker.node)) continue;
    let free = Number.POSITIVE_INFINITY;
    for (const freeAt of worker.slots) free = Math.min(free, Math.max(freeAt, view.now));
    best = Math.min(best, free + expectedSeconds(view, task, worker));
  }
  return best;
}

interface Pair {
  view: SchedulingView;
  task: ReadyTask;
  worker: WorkerView;
  place: number;
  pathPlace: number;
  best: number;
  figures: Figures;
  advised: boolean;
}

function writePair(
  rows: Float32Array,
  at: number,
  { view, task: ready, worker, place, pathPlace, best, figures, advised }: Pair,
): void {
  const { job, task } = ready;
  const { unit, slots, speed, fastest } = figures;
  const { graph } = job;
  const seconds = graph.tasks[task]!.seconds;
  const here = expectedSeconds(view, ready, worker);
  const computing = seconds / worker.speed;
  const free = worker.slots.filter((freeAt) => freeAt <= view.now).length;
  const values = [
    1,
    // The job.
    place,
    pathPlace,
    Math.log1p(job.workLeft / (speed * unit * slots)),
    Math.log1p(job.pathLeft / (speed * unit)),
    Math.log1p((view.now - job.arrivedAt) / unit),
    Math.log1p(job.tasksLeft) / 4,
    job.running / slots,
    job.workLeft / graph.work,
    (job.priority - 5) / 5,
    // The task.
    Math.log(seconds / (speed * unit) + 1e-3),
    graph.below[task]! / Math.max(1e-9, job.pathLeft),
    graph.above[task]! / Math.max(1e-9, graph.path),
    Math.log1p(graph.children[task]!.length),
    Math.log1p((view.now - ready.readySince) / unit),
    Math.min(ready.attempts, 4) / 4,
    // The worker.
    Math.log(worker.speed / speed),
    worker.speed / fastest,
    free / worker.slots.length,
    worker.anomaly,
    worker.failures,
    // The two together.
    Math.log((here + 1e-9) / (best - view.now + 1e-9)),
    Math.min(5, (view.now + here - best) / unit),
    (here - computing) / (here + 1e-9),
    advised ? 1 : 0,
  ];
  rows.set(values, at);
}

/** Waiting is told by the first number, and by how soon a slot gets free. */
function writeWait(
  rows: Float32Array,
  at: number,
  view: SchedulingView,
  { unit, slots, freeSlots }: Figures,
  advised: boolean,
): void {
  let next = Number.POSITIVE_INFINITY;
  for (const worker of view.workers) {
    for (const freeAt of worker.slots) if (freeAt > view.now) next = Math.min(next, freeAt);
  }
  rows[at + 1] = freeSlots / slots;
  rows[at + 2] = Math.log1p(Math.min(1e3, (next - view.now) / unit));
  rows[at + 3] = Math.log1p(view.ready.length / slots);
  rows[at + 4] = Math.log1p(view.jobs.length) / 4;
  rows[at + PAIR_WIDTH - 1] = advised ? 1 : 0;
}

function stateRow(view: SchedulingView, { unit, slots, freeSlots, speed }: Figures): Float32Array {
  let [work, least, most, age] = [0, Number.POSITIVE_INFINITY, 0, 0];
  for (const job of view.jobs) {
    work += job.workLeft;
    least = Math.min(least, job.workLeft);
    most = Math.max(most, job.workLeft);
    age += view.now - job.arrivedAt;
  }
  const capacity = speed * unit * slots;
  return Float32Array.of(
    1,
    Math.log1p(view.jobs.length) / 3,
    Math.log1p(view.ready.length / slots),
    freeSlots / slots,
    Math.log1p(work / capacity) / 2,
    Math.log1p(least / capacity),
    Math.log1p(most / capacity),
    Math.log1p(age / view.jobs.length / unit) / 4,
    Math.log(slots) / 4,
    view.jobs.length / (view.jobs.length + slots),
  );
}
