// Jobs made of literals: each is placed once on a few nodes by a plain list schedule, and shown as it stands at the
// moment that is asked for. One task loses its node, one is recalled, and a job may fail.

import type { Actor } from '../../../agents/authorizer.ts';
import type { BlobRef } from '../../../agents/swarm/blob-ref.ts';
import type { JobGraph } from '../../../agents/swarm/job-graph.ts';
import { graphOf, type JobSpec } from '../../../agents/swarm/job-spec.ts';
import type {
  AttemptView,
  JobDetailView,
  JobView,
  SwarmView,
  TaskState,
  TaskView,
} from '../../../agents/swarm/job-view.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { JobActions, JobQuery, JobWindow } from '../../../daemon/view/view.ts';
import { idOf, SELF } from './example-mesh.ts';

const NAMES = ['alpha', 'bravo', 'charlie', 'delta'];
const NODES = NAMES.map((name) => ({ id: name === 'alpha' ? SELF : idOf(name), name }));
const SLOTS = 2;
const LABELS: Record<string, string> = { room: 'attic', camera: 'yes' };

export const NONE: JobView['counts'] = {
  ...{ waiting: 0, ready: 0, running: 0, succeeded: 0, failed: 0, 'set-aside': 0, cancelled: 0 },
};

interface Example {
  id: string;
  spec: JobSpec;
  graph: JobGraph;
  submittedAt: number;
  submittedBy: string;
  tasks: { node: number; placed: number; start: number; end: number; lost?: number; recalled?: boolean }[];
  fails?: number;
  cancelledAt?: number;
}

/** A diamond of four, a fork of many and a chain: what jobs look like. */
export const EXAMPLE_SPECS = {
  nightly: fork('Nightly report', 12, 30),
  mosaic: layers('Mosaic', [1, 6, 9, 3, 1], 20),
  broken: layers('Broken import', [1, 3, 1], 5),
};

export class ExampleJobs implements JobWindow, JobActions {
  readonly #wall: () => number;
  readonly #jobs = new Map<string, Example>();
  readonly #blobs = new Map<string, Uint8Array>();
  readonly asked: string[] = [];

  constructor(wall: () => number) {
    this.#wall = wall;
    this.add('j-nightly', EXAMPLE_SPECS.nightly, wall() - 3_000_000);
    this.add('j-broken', EXAMPLE_SPECS.broken, wall() - 900_000, 2);
    this.add('j-mosaic', EXAMPLE_SPECS.mosaic, wall() - 35_000);
  }

  add(id: string, spec: JobSpec, submittedAt: number, fails?: number): JobView {
    const graph = graphOf(spec);
    const example = { id, spec, graph, submittedAt, submittedBy: 'anna', tasks: schedule(graph) };
    this.#jobs.set(id, fails === undefined ? example : { ...example, fails });
    return this.#view(this.#detail(this.#get(id)));
  }

  jobs({ state, before = Number.POSITIVE_INFINITY, limit = 100 }: JobQuery = {}): JobView[] {
    return [...this.#jobs.values()]
      .filter(({ submittedAt }) => submittedAt < before)
      .toSorted((a, b) => b.submittedAt - a.submittedAt)
      .map((job) => this.#view(this.#detail(job)))
      .filter((job) => state === undefined || job.state === state)
      .slice(0, limit);
  }

  async job(id: string): Promise<JobDetailView> {
    return this.#detail(this.#get(id));
  }

  async blob(sha256: string): Promise<AsyncIterable<Uint8Array>> {
    const bytes = this.#blobs.get(sha256);
    if (bytes === undefined) throw new ParlmeshError('BLOB_UNKNOWN', `No blob ${sha256} is kept here`);
    return (async function* () {
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
    })();
  }

  swarm(): SwarmView {
    return {
      workers: NODES.map((node, index) => ({
        node,
        ...{ slots: SLOTS, running: index === 3 ? 0 : 1 + (index % 2), queued: index === 0 ? 3 : 0 },
        ...{ speed: [1, 0.8, 1.6, 0.4][index]!, stress: [0.05, 0.1, 0, 0.6][index]! },
        ...{ failures: index === 3 ? 0.12 : 0, anomaly: index === 3 ? 0.4 : 0.02 },
        kinds: ['exec', 'http.get', 'vision.detect', 'wait'],
        labels: index === 2 ? LABELS : {},
        reachable: index !== 3,
      })),
      scheduler: 'heft',
      why: 'No learned policy has beaten it in replay on this node’s own jobs yet',
      running: this.jobs({ state: 'running' }).length,
      ready: 3,
    };
  }

  async submitJob(spec: JobSpec, actor: Actor, { id }: { id?: string } = {}): Promise<JobView> {
    this.asked.push(`submit ${spec.name} as ${actor.kind} ${'name' in actor ? actor.name : ''}`.trim());
    graphOf(spec);
    const known = id === undefined ? undefined : this.#jobs.get(id);
    if (known !== undefined) return this.#view(this.#detail(known));
    return this.add(id ?? `j-${this.#jobs.size + 1}`, spec, this.#wall());
  }

  async cancelJob(id: string): Promise<JobView> {
    this.asked.push(`cancel ${id}`);
    const job = this.#get(id);
    if (this.#detail(job).state !== 'running') throw new ParlmeshError('JOB_NOT_RUNNING', `Job ${id} has ended`);
    job.cancelledAt = this.#wall();
    return this.#view(this.#detail(job));
  }

  async retryJob(id: string): Promise<JobView> {
    this.asked.push(`retry ${id}`);
    const { spec } = this.#get(id);
    return this.add(id, spec, this.#wall());
  }

  async writeBlob(bytes: AsyncIterable<Uint8Array>, mediaType?: string): Promise<BlobRef> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) chunks.push(chunk);
    const whole = Buffer.concat(chunks);
    const hash = Buffer.from(await crypto.subtle.digest('SHA-256', whole)).toString('hex');
    this.#blobs.set(hash, whole);
    return { $blob: hash, bytes: whole.length, ...(mediaType === undefined ? {} : { mediaType }) };
  }

  #get(id: string): Example {
    const job = this.#jobs.get(id);
    if (job === undefined)
      throw new ParlmeshError('JOB_UNKNOWN', `There is no job "${id}"`, { hint: 'parlmesh job list' });
    return job;
  }

  #view({ tasks: _tasks, ...view }: JobDetailView): JobView {
    return view;
  }

  #detail(job: Example): JobDetailView {
    const { id, spec, graph, submittedAt, cancelledAt, fails } = job;
    const now = Math.min(this.#wall(), cancelledAt ?? Number.POSITIVE_INFINITY);
    const at = (seconds: number): number => submittedAt + seconds * 1000;
    const failedAt = fails === undefined ? Number.POSITIVE_INFINITY : at(job.tasks[fails]!.end);
    const end = Math.min(failedAt, at(job.tasks.reduce((most, task) => Math.max(most, task.end), 0)));
    const over = now >= end || cancelledAt !== undefined;
    const tasks = spec.tasks.map(({ id: name, kind }, index): TaskView => {
      const { node, placed, start, end: done, lost, recalled } = job.tasks[index]!;
      const needs = graph.parents[index]!.map((parent) => spec.tasks[parent]!.id);
      const readyAt = at(graph.parents[index]!.reduce((most, parent) => Math.max(most, job.tasks[parent]!.end), 0));
      const began = at(start) <= Math.min(now, failedAt);
      const finished = at(done) <= Math.min(now, failedAt);
      const wrong = fails === index && now >= failedAt;
      let state: TaskState = readyAt > now ? 'waiting' : 'ready';
      if (began) state = 'running';
      if (finished) state = wrong ? 'failed' : 'succeeded';
      if (over && !finished) state = 'cancelled';
      const attempts: AttemptView[] = [];
      if (lost !== undefined && at(lost) <= now) {
        attempts.push({
          ...{ number: 1, node: NODES[3]!, placedAt: at(lost), startedAt: at(lost), endedAt: at(placed) },
          ...{ outcome: 'lost', cause: 'delta was not heard of for 3 s', why: 'delta had two free slots' },
        });
      }
      if (recalled && at(placed) <= now) {
        attempts.push({
          ...{ number: attempts.length + 1, node: NODES[0]!, placedAt: at(placed), endedAt: at(placed) },
          ...{ outcome: 'recalled', cause: 'bravo idled', why: 'alpha was to be free first' },
        });
      }
      if (began) {
        attempts.push({
          ...{ number: attempts.length + 1, node: NODES[node]!, placedAt: at(placed), startedAt: at(start) },
          ...(over || finished ? { endedAt: Math.min(at(done), now, failedAt) } : {}),
          outcome: finished ? (wrong ? 'failed' : 'succeeded') : over ? 'cancelled' : 'running',
          ...(wrong ? { cause: 'exit code 2: no such table' } : {}),
          why: `It is on the longest chain, and ${NODES[node]!.name} would finish it first: in ${(done - start).toFixed(1)} s`,
        });
      }
      return {
        ...{ id: name, kind, state, needs, expectedSeconds: graph.tasks[index]!.seconds, attempts },
        ...(readyAt <= now ? { readyAt } : {}),
        ...(began ? { startedAt: at(start) } : {}),
        ...(finished ? { finishedAt: at(done), result: { rows: 100 + index } } : {}),
        ...(state === 'running' ? { progress: (now - at(start)) / 1000 / (done - start) } : {}),
        critical: graph.above[index]! + graph.below[index]! >= graph.path - 1e-9,
        log: began ? [`reading ${name}`, `${100 + index} rows`] : [],
        ...(wrong ? { cause: 'exit code 2: no such table' } : {}),
      };
    });
    const counts: JobView['counts'] = { ...NONE };
    for (const { state } of tasks) counts[state]++;
    const done = tasks.filter(({ state }) => state === 'succeeded');
    const work = done.reduce((sum, task) => sum + (task.finishedAt! - task.startedAt!) / 1000, 0);
    const seconds = Math.max(0.001, (Math.min(now, end) - submittedAt) / 1000);
    const cause =
      cancelledAt !== undefined ? 'Cancelled by anna' : fails !== undefined && over ? 'Task b1 failed' : undefined;
    return {
      ...{ id, name: spec.name, priority: spec.priority ?? 5, submittedAt, submittedBy: job.submittedBy },
      state: !over ? 'running' : cancelledAt !== undefined ? 'cancelled' : fails !== undefined ? 'failed' : 'succeeded',
      ...(over ? { finishedAt: Math.min(now, end) } : {}),
      ...(spec.deadline === undefined ? {} : { deadlineAt: submittedAt + spec.deadline * 1000 }),
      home: NODES[0]!,
      deputy: NODES[1]!,
      counts,
      scheduler: 'heft',
      figures: {
        ...{ seconds, workSeconds: work, criticalSeconds: Math.min(graph.path, work), steps: done.length },
        ...{ criticalSteps: tasks.filter(({ critical }) => critical).length, mostParallel: 6 },
        ...{ speedUp: work / seconds, bound: Math.min(NODES.length * SLOTS, graph.work / graph.path) },
      },
      ...(cause === undefined ? {} : { cause }),
      tasks,
    };
  }
}

function schedule(graph: JobGraph): Example['tasks'] {
  const free = NODES.slice(0, 3).flatMap((_, node) => Array.from({ length: SLOTS }, () => ({ node, at: 0 })));
  const placed: Example['tasks'] = [];
  for (const index of graph.order) {
    const ready = graph.parents[index]!.reduce((most, parent) => Math.max(most, placed[parent]!.end), 0);
    const slot = free.reduce((best, one) => (one.at < best.at ? one : best));
    const isLost = index === 4;
    const start = Math.max(slot.at, ready) + 0.2 + (isLost ? 4 : 0);
    const end = start + graph.tasks[index]!.seconds * (0.8 + 0.1 * (index % 5));
    slot.at = end;
    placed[index] = {
      ...{ node: slot.node, placed: start - 0.1, start, end },
      ...(isLost ? { lost: start - 4 } : {}),
      ...(index === 6 && slot.node !== 0 ? { recalled: true } : {}),
    };
  }
  return placed;
}

function fork(name: string, width: number, seconds: number): JobSpec {
  const parts = Array.from({ length: width }, (_, i) => ({
    ...{ id: `page-${i + 1}`, kind: 'exec', needs: ['fetch'], seconds: seconds * (0.6 + (i % 4) * 0.3) },
  }));
  return {
    ...{ name, priority: 3 },
    tasks: [
      { id: 'fetch', kind: 'http.get', seconds: seconds / 4 },
      ...parts,
      { id: 'bind', kind: 'exec', needs: parts.map(({ id }) => id), seconds: seconds / 2 },
    ],
  };
}

/** Layers of tasks, each needing one to three of the layer before. */
export function layers(name: string, widths: readonly number[], seconds: number): JobSpec {
  const idOfTask = (layer: number, i: number): string =>
    `${String.fromCharCode(97 + (layer % 26))}${i + 1}${layer > 25 ? `-${layer}` : ''}`;
  const tasks = widths.flatMap((width, layer) =>
    Array.from({ length: width }, (_, i) => {
      const before = layer === 0 ? 0 : widths[layer - 1]!;
      const first = before === 0 ? 0 : Math.floor((i * before) / width);
      const many = width === 1 ? before : Math.min(before, 1 + (i % 3));
      const needs = [...new Set(Array.from({ length: many }, (_, k) => idOfTask(layer - 1, (first + k) % before)))];
      return {
        ...{
          id: idOfTask(layer, i),
          kind: layer === 0 ? 'http.get' : 'exec',
          seconds: seconds * (0.5 + (i % 3) * 0.4),
        },
        ...(needs.length > 0 ? { needs } : {}),
      };
    }),
  );
  return { name, tasks };
}
