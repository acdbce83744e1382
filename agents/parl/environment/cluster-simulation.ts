// A cluster of nodes on virtual time to which jobs arrive: what policies are trained in, and what schedulers are compared
// in. It carries out placements, and tells a scheduler exactly what a real swarm would tell it.

import { type Random, seededRandom } from '../../../core/random.ts';
import type { JobGraph } from '../../swarm/job-graph.ts';
import {
  expectedSeconds,
  type JobView,
  type Placement,
  type ReadyTask,
  type SchedulingView,
  type TaskScheduler,
  type WorkerView,
} from '../../swarm/scheduling/scheduler.ts';
import { normal } from '../normal.ts';

export interface SimulatedNode {
  name: string;
  /** 1 is the processor of reference. */
  speed: number;
  slots: number;
  /** Bytes a second, and seconds a transfer takes at least. */
  bandwidth: number;
  latency: number;
}

export interface Arrival {
  /** Seconds. */
  at: number;
  graph: JobGraph;
  priority?: number;
}

export interface SimulationParts {
  nodes: readonly SimulatedNode[];
  /** In order of time. */
  arrivals: readonly Arrival[];
  /** Of all luck: run times and failures. The same for every scheduler, whatever it does. */
  seed: number;
  /** Standard deviation of the logarithm of actual over expected seconds. */
  noise: number;
  /** Mean seconds between two failures of one node, and until it is back; left out, none fails. */
  failures?: { between: number; repair: number };
}

/** Of one job that has finished, in seconds. */
export interface Completion {
  arrival: number;
  /** From arrival to the end of the last task. */
  seconds: number;
  graph: JobGraph;
}

interface Job extends JobView {
  readonly index: number;
  tasksLeft: number;
  workLeft: number;
  pathLeft: number;
  running: number;
  /** Unfinished parents of each task; -1 once it has finished. */
  readonly waiting: Int32Array;
  /** Ready and running tasks. */
  readonly frontier: Set<number>;
  /** Where each result lies. */
  readonly places: string[];
  /** Actual over expected seconds of each task: the same whoever schedules. */
  readonly noise: Float64Array;
}

interface Running {
  job: Job;
  ready: ReadyTask;
  node: number;
  slot: number;
  endsAt: number;
}

interface Node extends WorkerView {
  readonly index: number;
  readonly slots: number[];
  up: boolean;
  /** When it fails, or is back, and how often it did. */
  turnsAt: number;
  turns: number;
}

const NOWHERE: ReadonlySet<string> = new Set();
const NEVER = Number.POSITIVE_INFINITY;

export class ClusterSimulation implements SchedulingView {
  now = 0;
  readonly jobs: Job[] = [];
  readonly ready: ReadyTask[] = [];
  readonly completions: Completion[] = [];
  /** Integral over time of the number of jobs in the system: its end value over the jobs is their mean completion time. */
  jobSeconds = 0;
  finishedTasks = 0;
  #parts: SimulationParts;
  #nodes: Node[];
  readonly #byName: ReadonlyMap<string, SimulatedNode>;
  readonly #running: Running[] = [];
  #workers: Node[];
  #arrived = 0;

  constructor(parts: SimulationParts) {
    this.#parts = parts;
    this.#byName = new Map(parts.nodes.map((node) => [node.name, node]));
    this.#nodes = parts.nodes.map(({ name, speed, slots }, index) => ({
      ...{ index, node: name, speed, anomaly: 0, failures: 0, up: true, turns: 0 },
      slots: Array.from({ length: slots }, () => 0),
      turnsAt: this.#turnAfter(index, 0, parts.failures?.between),
    }));
    this.#workers = this.#nodes;
    this.#admit();
  }

  get workers(): readonly WorkerView[] {
    return this.#workers;
  }

  /** Whether every job has arrived and finished. */
  get done(): boolean {
    return this.jobs.length === 0 && this.#arrived === this.#parts.arrivals.length;
  }

  /** Slots that work, and slots that could: there are no more than tasks that run or are ready. */
  occupation(): { busy: number; useful: number } {
    const busy = this.#running.length;
    const slots = this.#workers.reduce((sum, worker) => sum + worker.slots.length, 0);
    return { busy, useful: Math.min(slots, busy + this.ready.length) };
  }

  transferSeconds(from: string, to: string, bytes: number): number {
    const [a, b] = [this.#byName.get(from)!, this.#byName.get(to)!];
    return Math.max(a.latency, b.latency) + bytes / Math.min(a.bandwidth, b.bandwidth);
  }

  /** An independent cluster in the same state, with the same luck ahead. */
  clone(): ClusterSimulation {
    const copy = new ClusterSimulation({ ...this.#parts, arrivals: [] });
    copy.#parts = this.#parts;
    copy.#arrived = this.#arrived;
    copy.now = this.now;
    copy.jobSeconds = this.jobSeconds;
    copy.finishedTasks = this.finishedTasks;
    copy.completions.push(...this.completions);
    const jobs = new Map<JobView, Job>();
    for (const job of this.jobs) {
      const twin = {
        ...job,
        waiting: job.waiting.slice(),
        frontier: new Set(job.frontier),
        places: job.places.slice(),
      };
      jobs.set(job, twin);
      copy.jobs.push(twin);
    }
    copy.ready.push(...this.ready.map((ready) => ({ ...ready, job: jobs.get(ready.job)! })));
    for (const running of this.#running) {
      const job = jobs.get(running.job)!;
      copy.#running.push({ ...running, job, ready: { ...running.ready, job } });
    }
    copy.#nodes = this.#nodes.map((node) => ({ ...node, slots: node.slots.slice() }));
    copy.#workers = copy.#nodes.filter(({ up }) => up);
    return copy;
  }

  /** To the end of the last job. */
  run(scheduler: TaskScheduler): void {
    while (!this.done) {
      const placement = scheduler.choose(this);
      if (placement === undefined) this.advance();
      else this.place(placement);
    }
  }

  place({ task: ready, worker }: Placement): void {
    const node = worker as Node;
    const job = ready.job as Job;
    const slot = node.slots.findIndex((freeAt) => freeAt <= this.now);
    const expected = expectedSeconds(this, ready, worker);
    const endsAt = this.now + expected * job.noise[ready.task]!;
    this.ready.splice(this.ready.indexOf(ready), 1);
    this.#running.push({ job, ready, node: node.index, slot, endsAt });
    node.slots[slot] = this.now + expected;
    job.running++;
  }

  /** To the next event: a job arrives, a task ends, a node fails or is back. */
  advance(): void {
    let next = this.#parts.arrivals[this.#arrived]?.at ?? NEVER;
    let ending: Running | undefined;
    let turning: Node | undefined;
    for (const running of this.#running) if (running.endsAt < next) [next, ending] = [running.endsAt, running];
    for (const node of this.#nodes) if (node.turnsAt < next) [next, ending, turning] = [node.turnsAt, undefined, node];
    if (next === NEVER) throw new Error(`nothing runs and nothing comes, but ${this.jobs.length} jobs wait`);
    this.jobSeconds += (next - this.now) * this.jobs.length;
    this.now = next;
    if (turning !== undefined) this.#turn(turning);
    else if (ending !== undefined) this.#finish(ending);
    else this.#admit();
    // A task that takes longer than expected holds its slot, whatever was expected.
    for (const { node, slot, endsAt } of this.#running) {
      const slots = this.#nodes[node]!.slots;
      if (slots[slot]! <= this.now) slots[slot] = this.now + Math.max(1e-3, 0.25 * (endsAt - this.now));
    }
  }

  #admit(): void {
    for (;;) {
      const arrival = this.#parts.arrivals[this.#arrived];
      if (arrival === undefined || arrival.at > this.now) return;
      this.#arrived++;
      const { graph, at, priority = 5 } = arrival;
      const job: Job = {
        ...{ index: this.#arrived, graph, arrivedAt: at, priority, running: 0 },
        ...{ tasksLeft: graph.tasks.length, workLeft: graph.work, pathLeft: graph.path },
        waiting: Int32Array.from(graph.parents, (parents) => parents.length),
        frontier: new Set(),
        places: [],
        noise: this.#noiseOf(this.#arrived, graph.tasks.length),
      };
      this.jobs.push(job);
      for (let task = 0; task < graph.tasks.length; task++) if (job.waiting[task] === 0) this.#makeReady(job, task);
    }
  }

  #makeReady(job: Job, task: number, attempts = 0): void {
    const sources = job.graph.parents[task]!.map((parent) => ({
      node: job.places[parent]!,
      bytes: job.graph.tasks[parent]!.bytes,
    }));
    job.frontier.add(task);
    this.ready.push({ job, task, readySince: this.now, sources, attempts, excluded: NOWHERE });
  }

  #finish(running: Running): void {
    const { job, ready, node, slot } = running;
    this.#running.splice(this.#running.indexOf(running), 1);
    this.#nodes[node]!.slots[slot] = this.now;
    const { task } = ready;
    const { graph } = job;
    this.finishedTasks++;
    job.running--;
    job.tasksLeft--;
    job.workLeft -= graph.tasks[task]!.seconds;
    job.waiting[task] = -1;
    job.frontier.delete(task);
    job.places[task] = this.#nodes[node]!.node;
    for (const child of graph.children[task]!) if (--job.waiting[child]! === 0) this.#makeReady(job, child);
    job.pathLeft = 0;
    for (const open of job.frontier) job.pathLeft = Math.max(job.pathLeft, graph.below[open]!);
    if (job.tasksLeft > 0) return;
    this.jobs.splice(this.jobs.indexOf(job), 1);
    this.completions.push({ arrival: job.arrivedAt, seconds: this.now - job.arrivedAt, graph });
  }

  #turn(node: Node): void {
    node.up = !node.up;
    node.turns++;
    const { failures } = this.#parts;
    node.turnsAt = this.#turnAfter(node.index, node.turns, node.up ? failures?.between : failures?.repair);
    this.#workers = this.#nodes.filter(({ up }) => up);
    if (node.up) return;
    node.slots.fill(this.now);
    for (const lost of this.#running.filter((running) => running.node === node.index)) {
      this.#running.splice(this.#running.indexOf(lost), 1);
      lost.job.running--;
      this.#makeReady(lost.job, lost.ready.task, lost.ready.attempts + 1);
    }
  }

  /** Each job and each failure has luck of its own, so that it does not depend on what happened before. */
  #luck(first: number, second: number): Random {
    return seededRandom(this.#parts.seed + Math.imul(first, 0x9e3779b1) + Math.imul(second, 0x85ebca77));
  }

  #turnAfter(node: number, turns: number, mean: number | undefined): number {
    return mean === undefined ? NEVER : this.now - mean * Math.log(1 - this.#luck(-1 - node, turns).next());
  }

  #noiseOf(job: number, tasks: number): Float64Array {
    const random = this.#luck(job, 0);
    return Float64Array.from({ length: tasks }, () => Math.exp(this.#parts.noise * normal(random)));
  }
}
