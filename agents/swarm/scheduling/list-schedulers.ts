// The classical schedulers. Each orders the ready tasks its own way and gives each, in that order, to the worker that is
// expected to finish it first, counting in those that are busy: a task waits for a fast worker when that pays.

import {
  expectedSeconds,
  isFree,
  type Placement,
  type ReadyTask,
  type SchedulingView,
  type TaskScheduler,
} from './scheduler.ts';

type Order = (a: ReadyTask, b: ReadyTask) => number;

/** Tasks that are looked at for one placement: what comes later would find no free slot anyway. */
const HORIZON = 128;
const PICKED = 3;

const byPriority: Order = (a, b) => b.job.priority - a.job.priority;
const byArrival: Order = (a, b) => a.job.arrivedAt - b.job.arrivedAt || a.task - b.task;
const byRank: Order = (a, b) => b.job.graph.below[b.task]! - a.job.graph.below[a.task]!;

/** First come, first served. */
export const fifo = listScheduler('fifo', byArrival);

/** Each job gets as many workers as the others. */
export const fair = listScheduler('fair', (a, b) => a.job.running - b.job.running || byArrival(a, b));

/** The job whose longest chain is nearly done goes first; in it, the task that most depends on. */
export const shortestCriticalPath = listScheduler(
  'shortest-critical-path',
  (a, b) => a.job.pathLeft - b.job.pathLeft || byRank(a, b) || byArrival(a, b),
);

/** Heterogeneous earliest finish time (Topcuoglu et al. 2002), for jobs that arrive: the longest chain of all goes first. */
export const heft = listScheduler('heft', (a, b) => byRank(a, b) || byArrival(a, b));

/** First come, first served, on the free worker with the largest share of free slots. */
export const leastLoaded: TaskScheduler = {
  name: 'least-loaded',
  choose(view) {
    for (const task of inOrder(view.ready, (a, b) => byPriority(a, b) || byArrival(a, b))) {
      let best: Placement | undefined;
      let bestShare = 0;
      for (const worker of view.workers) {
        if (task.excluded.has(worker.node)) continue;
        const share = worker.slots.filter((freeAt) => freeAt <= view.now).length / worker.slots.length;
        if (share > bestShare) [best, bestShare] = [{ task, worker }, share];
      }
      if (best !== undefined) return best;
    }
    return undefined;
  },
};

export const heuristics: readonly TaskScheduler[] = [fifo, leastLoaded, fair, shortestCriticalPath, heft];

/** @param patience a free worker is taken when it needs at most so many times what waiting for the best one would need */
export function listScheduler(name: string, order: Order, patience = 1): TaskScheduler {
  const ordered: Order = (a, b) => byPriority(a, b) || order(a, b);
  return { name, choose: (view) => firstToFinish(view, ordered, patience) };
}

function firstToFinish(view: SchedulingView, order: Order, patience: number): Placement | undefined {
  if (!view.workers.some((worker) => isFree(view, worker))) return undefined;
  const slots = view.workers.map((worker) => worker.slots.map((freeAt) => Math.max(freeAt, view.now)));
  for (const task of inOrder(view.ready, order)) {
    let [best, bestSlot, bestFinish] = [-1, -1, Number.POSITIVE_INFINITY];
    let [free, freeFinish] = [-1, Number.POSITIVE_INFINITY];
    for (const [index, worker] of view.workers.entries()) {
      if (task.excluded.has(worker.node)) continue;
      const slot = earliest(slots[index]!);
      const start = slots[index]![slot]!;
      const finish = start + expectedSeconds(view, task, worker);
      if (finish < bestFinish) [best, bestSlot, bestFinish] = [index, slot, finish];
      if (start <= view.now && finish < freeFinish) [free, freeFinish] = [index, finish];
    }
    if (best < 0) continue;
    if (free >= 0 && freeFinish - view.now <= patience * (bestFinish - view.now)) {
      return { task, worker: view.workers[free]! };
    }
    slots[best]![bestSlot] = bestFinish;
  }
  return undefined;
}

/** The first tasks in order. Mostly the very first is placed, so those are picked before anything is sorted. */
function* inOrder(ready: readonly ReadyTask[], order: Order): Generator<ReadyTask> {
  const left = ready.slice();
  for (let picked = 0; picked < PICKED && left.length > 0; picked++) {
    let first = 0;
    for (let i = 1; i < left.length; i++) if (order(left[i]!, left[first]!) < 0) first = i;
    yield left[first]!;
    left.splice(first, 1);
  }
  yield* left.sort(order).slice(0, HORIZON - PICKED);
}

function earliest(slots: readonly number[]): number {
  let best = 0;
  for (let slot = 1; slot < slots.length; slot++) if (slots[slot]! < slots[best]!) best = slot;
  return best;
}
