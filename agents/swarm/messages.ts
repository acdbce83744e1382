// What nodes say to each other about jobs: questions and answers as JSON, each with a schema that bounds it. Objects are
// open, so that a newer version may add fields; `docs/jobs.md` tells the protocol.

import { type Static, type TSchema, Type } from 'typebox';
import { BlobRef } from './blob-ref.ts';
import { At, Epoch, JobId, LogLines, NodeId, TaskIndex, Text } from './job-event.ts';
import { TaskId } from './job-spec.ts';
import { JobDetailView, JobView } from './job-view.ts';

export interface Question<Q extends TSchema = TSchema, A extends TSchema = TSchema> {
  /** Of the relay. */
  readonly service: string;
  readonly asks: Q;
  readonly answers: A;
}
const question = <Q extends TSchema, A extends TSchema>(service: string, asks: Q, answers: A): Question<Q, A> => ({
  service,
  asks,
  answers,
});

const Count = Type.Integer({ minimum: 0, maximum: 1e9 });
const Attempt = Type.Integer({ minimum: 1, maximum: 1e6 });
const Job = { job: JobId, epoch: Epoch };
const OfTask = { job: JobId, task: TaskIndex };
const Nothing = Type.Object({});

/** What a node tells of its capacity. */
export const WorkerFigures = Type.Object({
  /** Of this life of the node; another after a restart. */
  life: Type.String({ maxLength: 64 }),
  slots: Type.Integer({ minimum: 0, maximum: 6400 }),
  /** Tasks it takes on beyond its slots. */
  queue: Type.Integer({ minimum: 0, maximum: 10_000 }),
  running: Count,
  queued: Count,
  /** Stress taken off. */
  speed: Type.Number({ minimum: 0, maximum: 1000 }),
  stress: Type.Number({ minimum: 0, maximum: 1 }),
  /** Mean seconds of its last tasks. */
  meanSeconds: Type.Number({ minimum: 0, maximum: 1e7 }),
  /** MiB that are free. */
  memory: Type.Number({ minimum: 0, maximum: 1e9 }),
  kinds: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 256 }),
  labels: Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 128 })),
  /** Jobs whose home it is; what a deputy is chosen by too. */
  jobs: Count,
});
export type WorkerFigures = Static<typeof WorkerFigures>;

export const workersTopic = {
  name: 'swarm-workers',
  kind: 'state',
  schema: WorkerFigures,
  lifetime: 60_000,
} as const;

/** Running and recently ended jobs whose home says this. */
export const JobsSummary = Type.Object({
  jobs: Type.Array(Type.Object({ epoch: Epoch, view: JobView }), { maxItems: 64 }),
});
export const jobsTopic = { name: 'swarm-jobs', kind: 'state', schema: JobsSummary, lifetime: 60_000 } as const;

export const Assignment = Type.Object({
  ...Job,
  task: TaskIndex,
  id: TaskId,
  attempt: Attempt,
  kind: Type.String({ maxLength: 64 }),
  input: Type.Optional(Type.Unknown()),
  timeout: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 604_800 })),
  slots: Type.Integer({ minimum: 1, maximum: 64 }),
  /** MiB. */
  memory: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_048_576 })),
  priority: Type.Integer({ minimum: 0, maximum: 9 }),
  /** It may have been carried out before: the receipts are to be looked at. */
  again: Type.Boolean(),
  /** Large inputs and nodes that have them. */
  blobs: Type.Array(Type.Object({ ref: BlobRef, holders: Type.Array(NodeId, { maxItems: 16 }) }), { maxItems: 1024 }),
});
export type Assignment = Static<typeof Assignment>;

const Refusal = Type.Union([
  Type.Literal('full'),
  Type.Literal('unknown-kind'),
  Type.Literal('stopping'),
  Type.Literal('memory'),
  /** Another node is the home of that job. */
  Type.Literal('not-home'),
]);
export type Refusal = Static<typeof Refusal>;

/** Home to worker: carry these out. */
export const assign = question(
  'swarm.assign',
  Type.Object({ tasks: Type.Array(Assignment, { maxItems: 1024 }) }),
  Type.Object({
    refused: Type.Array(Type.Object({ ...OfTask, why: Refusal }), { maxItems: 1024 }),
    figures: WorkerFigures,
  }),
);

export const Report = Type.Union([
  Type.Object({ kind: Type.Literal('started'), ...OfTask, attempt: Attempt, at: At }),
  Type.Object({
    kind: Type.Literal('progress'),
    ...OfTask,
    attempt: Attempt,
    share: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    log: LogLines,
  }),
  Type.Object({
    kind: Type.Literal('done'),
    ...OfTask,
    attempt: Attempt,
    startedAt: At,
    endedAt: At,
    result: Type.Optional(Type.Unknown()),
    log: LogLines,
  }),
  Type.Object({
    kind: Type.Literal('failed'),
    ...OfTask,
    attempt: Attempt,
    startedAt: At,
    endedAt: At,
    outcome: Type.Union([Type.Literal('failed'), Type.Literal('timed-out')]),
    cause: Text,
    hopeless: Type.Boolean(),
    log: LogLines,
  }),
  /** It will not be carried out here; no fault of the task. */
  Type.Object({ kind: Type.Literal('returned'), ...OfTask, attempt: Attempt, why: Text }),
]);
export type Report = Static<typeof Report>;

/** Worker to home. The answer comes when all of it is recorded; empty reports are a sign of life. */
export const report = question(
  'swarm.report',
  Type.Object({ reports: Type.Array(Report, { maxItems: 1024 }), figures: WorkerFigures }),
  Type.Object({
    /** Jobs that have another home. */
    moved: Type.Array(Type.Object({ ...Job, home: NodeId }), { maxItems: 1024 }),
    /** Jobs that this node knows nothing of. */
    unknown: Type.Array(JobId, { maxItems: 1024 }),
  }),
);

const Held = Type.Object({
  job: JobId,
  tasks: Type.Array(
    Type.Object({ task: TaskIndex, attempt: Attempt, startedAt: Type.Optional(At), done: Type.Boolean() }),
    { maxItems: 10_000 },
  ),
});

/** Home to worker: what do you have of these jobs? Reports of it come to the asker from now on. */
export const reconcile = question(
  'swarm.reconcile',
  Type.Object({ jobs: Type.Array(Type.Object(Job), { maxItems: 1024 }) }),
  Type.Object({ held: Type.Array(Held, { maxItems: 1024 }), figures: WorkerFigures }),
);

/** Home to worker: stop these. With `queuedOnly` those that have not begun; the answer says which are given back. */
export const withdraw = question(
  'swarm.withdraw',
  Type.Object({ tasks: Type.Array(Type.Object(OfTask), { maxItems: 10_000 }), queuedOnly: Type.Boolean() }),
  Type.Object({ withdrawn: Type.Array(Type.Object(OfTask), { maxItems: 10_000 }), figures: WorkerFigures }),
);

const Entries = Type.Array(
  Type.Object({ number: Type.Integer({ minimum: 1, maximum: 1e9 }), event: Type.String({ maxLength: 16_000_000 }) }),
  { maxItems: 10_000 },
);

/** Home to deputy: keep these entries of the logs. Answered when they are on the disk. */
export const replicate = question(
  'swarm.replicate',
  Type.Object({
    logs: Type.Array(
      Type.Object({
        ...Job,
        entries: Entries,
        /** From the first entry on. */
        whole: Type.Boolean(),
        /** The job has ended: its summary. */
        closed: Type.Optional(Type.Object({ view: JobView, finishedAt: At })),
      }),
      { maxItems: 1024 },
    ),
  }),
  Type.Object({
    /** Logs that lack entries before those. */
    behind: Type.Array(JobId, { maxItems: 1024 }),
    /** Jobs that another home has with a higher epoch. */
    overtaken: Type.Array(Type.Object({ ...Job, home: NodeId }), { maxItems: 1024 }),
  }),
);

/** Home to deputy: these are still mine, and so long are their logs. */
export const lease = question(
  'swarm.lease',
  Type.Object({
    jobs: Type.Array(Type.Object({ ...Job, entries: Count }), { maxItems: 1024 }),
    /** This message says all of them, so that others are no longer the deputy's. */
    first: Type.Boolean(),
  }),
  replicate.answers,
);

/** Anybody to anybody: what do you know of these jobs? */
export const inquire = question(
  'swarm.inquire',
  Type.Object({ jobs: Type.Array(JobId, { maxItems: 1024 }) }),
  Type.Object({
    known: Type.Array(
      Type.Object({ ...Job, home: NodeId, entries: Count, ended: Type.Boolean(), isHome: Type.Boolean() }),
      {
        maxItems: 1024,
      },
    ),
  }),
);

/** A home that was overtaken to the present one: these of its entries may be news. Answered when recorded. */
export const handOver = question('swarm.hand-over', Type.Object({ job: JobId, entries: Entries }), Nothing);

/** Any node to the home. */
export const show = question('swarm.show', Type.Object({ job: JobId }), JobDetailView);
export const change = question(
  'swarm.change',
  Type.Object({
    job: JobId,
    what: Type.Union([Type.Literal('cancel'), Type.Literal('retry')]),
    by: Type.String({ maxLength: 300 }),
  }),
  JobView,
);
