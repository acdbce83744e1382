// One round of placing: shows the scheduler a bounded part of what is ready and who is free, again and again until nothing
// is free or it would rather wait. Pure but for the scheduler itself.

import {
  expectedSeconds,
  type Placement,
  type ReadyTask,
  type SchedulingView,
  type TaskScheduler,
  type WorkerView,
} from '../scheduling/scheduler.ts';
import { type KnownWays, transferSeconds } from '../scheduling/transfer-time.ts';
import { endingSoon } from './ahead.ts';
import { fits, roomOf, viewOf, type Worker } from './fleet.ts';
import type { HostedJob } from './hosted-job.ts';
import type { TaskClass } from './ready-tasks.ts';

export interface Chosen {
  job: HostedJob;
  task: number;
  worker: Worker;
  slots: number;
  /** Seconds that it is expected to take there. */
  seconds: number;
  why: string;
}

export interface RoundParts {
  /** Those that have something ready. */
  jobs: readonly HostedJob[];
  /** All of this home. */
  hosted: ReadonlyMap<string, HostedJob>;
  workers: readonly Worker[];
  scheduler: TaskScheduler;
  /** Seconds, monotonic. */
  now: number;
  /** Nodes that hold what a task needs, with bytes. */
  sources(job: HostedJob, task: number): readonly { node: string; bytes: number }[];
  /** Bytes a second between this home and a node; undefined until it was measured. */
  speed(node: string): number | undefined;
  /** Most placements of this round. */
  most: number;
}

/** Tasks that the scheduler is shown at once. */
const HORIZON = 128;
const NONE: ReadonlySet<string> = new Set();

interface Shown extends ReadyTask {
  readonly job: HostedJob;
  readonly slots: number;
}

interface Desk {
  worker: Worker;
  view: WorkerView & { slots: number[] };
  free: number;
}

/** Most important first, of each in turn: see `HORIZON`. */
export function placeRound({ jobs, hosted, workers, scheduler, now, sources, speed, most }: RoundParts): Chosen[] {
  const desks = new Map<string, Desk>();
  for (const worker of workers) {
    if (worker.reachable && worker.pausedUntil <= now * 1000) {
      desks.set(worker.node, { worker, view: viewOf(worker, now), free: roomOf(worker) });
    }
  }
  const ways: KnownWays = { speed, roundTrip: (node) => desks.get(node)?.worker.roundTrip ?? 0 };
  for (const job of jobs) job.weigh(now);
  const views = [...desks.values()].map(({ view }) => view);
  const chosen: Chosen[] = [];
  const isTaken = new Set<string>();
  let shown = show(jobs, desks, isTaken, sources);
  let isAhead = false;
  while (chosen.length < most) {
    if (shown.length === 0 || ![...desks.values()].some(({ free }) => free > 0)) {
      if (isAhead || !openAhead(desks.values(), now, hosted)) break;
      isAhead = true;
      shown = show(jobs, desks, isTaken, sources);
      continue;
    }
    const view: SchedulingView = {
      ...{ now, jobs, ready: shown, workers: views },
      transferSeconds: (from, to, bytes) => transferSeconds(ways, from, to, bytes),
    };
    const placement = scheduler.choose(view);
    if (placement === undefined) break;
    const desk = desks.get(placement.worker.node);
    const at = shown.findIndex(({ job, task }) => task === placement.task.task && job === placement.task.job);
    if (desk === undefined || at < 0) break;
    const [{ job, task, slots, excluded }] = shown.splice(at, 1) as [Shown];
    isTaken.add(`${job.id}/${task}`);
    // A scheduler that is wrong about where a task may run, or what is free, must not stop the others.
    if (excluded.has(desk.worker.node) || desk.free < slots) continue;
    const seconds = expectedSeconds(view, placement.task, placement.worker);
    chosen.push({
      job,
      task,
      worker: desk.worker,
      slots,
      seconds,
      why: inWords(scheduler.name, view, placement, desks, seconds),
    });
    desk.free -= slots;
    occupy(desk.view.slots, slots, now, now + seconds);
    if (shown.length < HORIZON / 4) shown = show(jobs, desks, isTaken, sources);
  }
  return chosen;
}

/** Slots that are about to be free count as free once no other is. False when there are none. */
function openAhead(desks: Iterable<Desk>, now: number, hosted: ReadonlyMap<string, HostedJob>): boolean {
  let opened = 0;
  for (const desk of desks) {
    const soon = endingSoon(desk.worker, now, hosted);
    const slots = soon.reduce((sum, task) => sum + task.slots, 0);
    const free = Math.max(0, Math.min(slots, desk.worker.figures.queue) + Math.min(0, roomOf(desk.worker)));
    if (free === 0 || desk.free > 0) continue;
    desk.free = free;
    for (let slot = 0; slot < free; slot++) desk.view.slots[slot] = 0;
    opened += free;
  }
  return opened > 0;
}

/** Jobs by priority, then arrival; of jobs alike, one task in turn. */
function show(
  jobs: readonly HostedJob[],
  desks: ReadonlyMap<string, Desk>,
  isTaken: ReadonlySet<string>,
  sources: RoundParts['sources'],
): Shown[] {
  const sorted = jobs
    .filter(({ ready, state }) => ready.size > 0 && state === 'running')
    .sort((a, b) => b.priority - a.priority || a.arrivedAt - b.arrivedAt);
  const open = sorted.flatMap((job) =>
    [...job.ready.classes()].flatMap((group) => {
      const excluded = excludedFrom(job, group, desks);
      return excluded === undefined ? [] : [{ job, group, excluded, at: group.tasks.length - 1 }];
    }),
  );
  const shown: Shown[] = [];
  let left = open;
  while (left.length > 0 && shown.length < HORIZON) {
    for (const turn of left) {
      const { job, group, excluded } = turn;
      while (turn.at >= 0 && isTaken.has(`${job.id}/${group.tasks[turn.at]!}`)) turn.at--;
      if (turn.at < 0 || shown.length >= HORIZON) continue;
      const task = group.tasks[turn.at--]!;
      shown.push({
        job,
        task,
        readySince:
          job.arrivedAt + ((job.run.tasks[task]!.readyAt ?? job.run.submittedAt) - job.run.submittedAt) / 1000,
        sources: sources(job, task),
        attempts: job.run.tasks[task]!.attempts.length,
        excluded,
        slots: job.run.spec.tasks[task]!.resources?.slots ?? 1,
      });
    }
    left = left.filter(({ at }) => at >= 0);
  }
  return shown;
}

/** Where tasks of a class may not run; undefined when no node that is free now may take one. */
function excludedFrom(
  job: HostedJob,
  { sample, avoid }: TaskClass,
  desks: ReadonlyMap<string, Desk>,
): ReadonlySet<string> | undefined {
  const spec = job.run.spec.tasks[sample]!;
  const slots = spec.resources?.slots ?? 1;
  const fitting = [...desks.values()].filter(({ worker }) => fits(spec, worker));
  const better = fitting.filter(({ worker }) => !avoid.includes(worker.node));
  const open = better.length > 0 ? better : fitting;
  if (!open.some(({ free }) => free >= slots)) return undefined;
  if (open.length === desks.size) return NONE;
  const may = new Set(open.map(({ worker }) => worker.node));
  return new Set([...desks.keys()].filter((node) => !may.has(node)));
}

/** Takes the slots that are free first. */
function occupy(slots: number[], count: number, now: number, until: number): void {
  for (let taken = 0; taken < count; taken++) {
    const at = slots.findIndex((freeAt) => freeAt <= now);
    if (at < 0) return;
    slots[at] = until;
  }
}

/** `least-work-left: pi-3 would finish it first of 4 free nodes, in 1.2 s`. */
function inWords(
  name: string,
  view: SchedulingView,
  { task, worker }: Placement,
  desks: ReadonlyMap<string, Desk>,
  seconds: number,
): string {
  let [free, faster] = [0, ''];
  let best = seconds;
  for (const { view: other, free: room, worker: at } of desks.values()) {
    if (room <= 0 || task.excluded.has(other.node)) continue;
    free++;
    const there = other === worker ? seconds : expectedSeconds(view, task, other);
    if (there < best) [best, faster] = [there, at.name];
  }
  const node = desks.get(worker.node)?.worker.name ?? worker.node;
  const within = `in ${seconds < 10 ? seconds.toFixed(seconds < 1 ? 2 : 1) : Math.round(seconds)} s`;
  if (free === 1) return `${name}: only ${node} is free for it; done ${within}`;
  if (faster === '') return `${name}: ${node} would finish it first of ${free} free nodes, ${within}`;
  return `${name}: ${node} would finish it ${within}; ${faster}, which is faster, is left to others`;
}
