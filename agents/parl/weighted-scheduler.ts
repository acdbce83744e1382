// A list scheduler whose order, patience and choice of worker are linear in what it sees: one vector of weights is one
// scheduler. Small enough that an evolution strategy finds good weights (`environment/evolution.ts`), and what the network
// begins from and corrects. `docs/parl.md` has the formulas.

import {
  expectedSeconds,
  type Placement,
  type ReadyTask,
  type SchedulingView,
  type TaskScheduler,
} from '../swarm/scheduling/scheduler.ts';

/** What each weight is of, in the order of the vector. "crowded" is log(1 + ready tasks / slots). */
export const WEIGHTS = [
  // The order of tasks: the job's work and chain left, both as a bound of its end, what runs of it, its progress, its age.
  'work',
  'path',
  'bound',
  'critical',
  'seconds',
  'children',
  'running',
  'progress',
  'age',
  'work when crowded',
  'path when crowded',
  'critical when crowded',
  'running when crowded',
  // How much longer a free worker may take than the best one, once free.
  'patience',
  'patience when crowded',
  'patience if critical',
  'patience by seconds',
  'patience by work',
  'patience if critical when crowded',
  // Which free worker, besides how soon it would be done.
  'speed',
  'speed if not critical',
  'transfer',
] as const;

/** Tasks that are looked at for one placement. */
const HORIZON = 128;
/** Larger than any sum of the others: priority comes first. */
const PRIORITY = 1e3;
const TINY = 1e-9;

export function weightedScheduler(name: string, weights: ArrayLike<number>): TaskScheduler {
  if (weights.length !== WEIGHTS.length) throw new Error(`${WEIGHTS.length} weights are needed, not ${weights.length}`);
  return { name, choose: (view) => choose(view, weights) };
}

/** In the first order of which a free worker serves, as a list scheduler does: what waits for a better worker reserves it. */
function choose(view: SchedulingView, weights: ArrayLike<number>): Placement | undefined {
  const { ready, workers, now } = view;
  const cluster = clusterOf(view);
  if (ready.length === 0 || !cluster.free) return undefined;
  const { scores, critical, meanSeconds } = scoresOf(view, cluster, weights);
  for (let step = Math.min(ready.length, HORIZON); step > 0; step--) {
    const index = largest(scores);
    scores[index] = Number.NEGATIVE_INFINITY;
    const task = ready[index]!;
    const offer = offerOf(view, task, critical[index]!, cluster.slots, weights);
    if (offer === undefined) continue;
    const { best, slot, finish, free, freeFinish } = offer;
    if (free >= 0) {
      const allowed = patience(task, critical[index]!, meanSeconds, cluster, weights);
      if (freeFinish - now <= allowed * (finish - now)) return { task, worker: workers[free]! };
      if (cluster.slots[best]![slot]! <= now) return { task, worker: workers[best]! };
    }
    cluster.slots[best]![slot] = finish;
  }
  return undefined;
}

interface Cluster {
  /** When each slot is free, never in the past; reservations are written into it. */
  slots: number[][];
  count: number;
  /** Of all slots together, and of the fastest. */
  speed: number;
  fastest: number;
  free: boolean;
  crowded: number;
}

function clusterOf({ workers, ready, now }: SchedulingView): Cluster {
  const cluster: Cluster = { slots: [], count: 0, speed: 0, fastest: 0, free: false, crowded: 0 };
  for (const worker of workers) {
    const slots: number[] = [];
    for (const freeAt of worker.slots) {
      if (freeAt <= now) cluster.free = true;
      slots.push(Math.max(freeAt, now));
    }
    cluster.slots.push(slots);
    cluster.count += slots.length;
    cluster.speed += worker.speed * slots.length;
    cluster.fastest = Math.max(cluster.fastest, worker.speed);
  }
  cluster.crowded = Math.log1p(ready.length / cluster.count);
  return cluster;
}

interface Scores {
  /** The highest goes first. */
  scores: Float64Array;
  /** Share of the job's longest chain left that begins with the task. */
  critical: Float64Array;
  meanSeconds: number;
}

function scoresOf({ ready, now }: SchedulingView, cluster: Cluster, w: ArrayLike<number>): Scores {
  const scores = new Float64Array(ready.length);
  const critical = new Float64Array(ready.length);
  const { crowded, fastest, speed, count } = cluster;
  let [sum, jobScore, path] = [0, 0, 0];
  let last: ReadyTask['job'] | undefined;
  // Many tasks of a job are alike, and logarithms are what this costs.
  let [likeSeconds, likeChildren, own] = [Number.NaN, -1, 0];
  for (let index = 0; index < ready.length; index++) {
    const { job, task } = ready[index]!;
    // Tasks of a job mostly stand together.
    if (job !== last) {
      last = job;
      likeSeconds = Number.NaN;
      path = Math.max(TINY, job.pathLeft);
      jobScore =
        PRIORITY * job.priority -
        (w[0]! + w[9]! * crowded) * Math.log(job.workLeft + TINY) -
        (w[1]! + w[10]! * crowded) * Math.log(path) -
        w[2]! * Math.log(path / fastest + job.workLeft / speed + TINY) -
        ((w[6]! + w[12]! * crowded) * job.running) / count -
        (w[7]! * job.workLeft) / (job.graph.work + TINY) +
        w[8]! * Math.log1p(Math.max(0, now - job.arrivedAt) / path);
    }
    const { seconds } = job.graph.tasks[task]!;
    sum += seconds;
    critical[index] = Math.min(1, job.graph.below[task]! / path);
    const { length: children } = job.graph.children[task]!;
    if (seconds !== likeSeconds || children !== likeChildren) {
      [likeSeconds, likeChildren] = [seconds, children];
      own = w[4]! * Math.log(seconds / path + 1e-3) + w[5]! * Math.log1p(children);
    }
    scores[index] = jobScore + (w[3]! + w[11]! * crowded) * critical[index]! + own;
  }
  return { scores, critical, meanSeconds: Math.max(TINY, sum / ready.length) };
}

interface Offer {
  /** The worker that would finish it first, its slot, and when. */
  best: number;
  slot: number;
  finish: number;
  /** The free worker that suits it best; -1 where none is free. */
  free: number;
  freeFinish: number;
}

function offerOf(
  view: SchedulingView,
  task: ReadyTask,
  critical: number,
  slots: readonly number[][],
  w: ArrayLike<number>,
): Offer | undefined {
  const { seconds } = task.job.graph.tasks[task.task]!;
  const offer: Offer = { best: -1, slot: -1, finish: Number.POSITIVE_INFINITY, free: -1, freeFinish: 0 };
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; index < view.workers.length; index++) {
    const worker = view.workers[index]!;
    if (task.excluded.has(worker.node)) continue;
    const own = slots[index]!;
    let slot = 0;
    for (let other = 1; other < own.length; other++) if (own[other]! < own[slot]!) slot = other;
    const start = own[slot]!;
    const here = expectedSeconds(view, task, worker);
    if (start + here < offer.finish) Object.assign(offer, { best: index, slot, finish: start + here });
    if (start > view.now) continue;
    const cost =
      Math.log(here + TINY) +
      (w[19]! + w[20]! * (1 - critical)) * Math.log(worker.speed) +
      (w[21]! * (here - seconds / worker.speed)) / (here + TINY);
    if (cost < least) {
      least = cost;
      Object.assign(offer, { free: index, freeFinish: start + here });
    }
  }
  return offer.best < 0 ? undefined : offer;
}

/** At least 1. */
function patience(
  { job, task }: ReadyTask,
  critical: number,
  meanSeconds: number,
  { crowded, speed }: Cluster,
  w: ArrayLike<number>,
): number {
  const { seconds } = job.graph.tasks[task]!;
  const exponent =
    w[13]! +
    w[14]! * crowded +
    (w[15]! + w[18]! * crowded) * (critical - 0.5) +
    w[16]! * Math.log(seconds / meanSeconds + 1e-3) +
    w[17]! * Math.log(job.workLeft / (speed * meanSeconds) + 1e-3);
  return Math.exp(Math.min(10, Math.max(0, exponent)));
}

/** The first among equals. */
function largest(values: Float64Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! > values[best]!) best = index;
  return best;
}
