// What happens to a job, as its log keeps it. All that is known of a job follows from these, in order; where its tasks run
// just now does not, and is asked of the nodes.

import { type Static, Type } from 'typebox';
import { JobSpec, MOST_TASKS } from './job-spec.ts';

export const NodeId = Type.String({ minLength: 1, maxLength: 128 });
export const JobId = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' });
/** Milliseconds since 1970. */
export const At = Type.Number({ minimum: 0, maximum: 1e15 });
/** Index of a task in its job. */
export const TaskIndex = Type.Integer({ minimum: 0, maximum: MOST_TASKS });
export const Epoch = Type.Integer({ minimum: 1, maximum: 1e9 });
export const Text = Type.String({ maxLength: 2000 });
export const MOST_LOG_LINES = 50;
export const LogLines = Type.Array(Type.String({ maxLength: 500 }), { maxItems: MOST_LOG_LINES });

const Attempt = {
  task: TaskIndex,
  /** 1 for the first. */
  attempt: Type.Integer({ minimum: 1, maximum: 1e6 }),
  node: NodeId,
  placedAt: At,
  endedAt: At,
  log: LogLines,
  /** Why it was placed there. */
  why: Text,
};

export const JobEvent = Type.Union([
  Type.Object({
    kind: Type.Literal('submitted'),
    spec: JobSpec,
    by: Type.String({ maxLength: 300 }),
    at: At,
    home: NodeId,
    deputy: Type.Optional(NodeId),
    /** Expected seconds of each task, told or learned, so that every home reckons with the same. */
    seconds: Type.Array(Type.Number({ minimum: 0, maximum: 1e7 }), { maxItems: MOST_TASKS }),
    /** Further attempts of tasks that do not say. */
    retries: Type.Integer({ minimum: 0, maximum: 100 }),
  }),
  Type.Object({ kind: Type.Literal('finished'), ...Attempt, startedAt: At, result: Type.Optional(Type.Unknown()) }),
  Type.Object({
    kind: Type.Literal('failed'),
    ...Attempt,
    /** `lost`: the node died or was cut off. */
    outcome: Type.Union([Type.Literal('failed'), Type.Literal('timed-out'), Type.Literal('lost')]),
    /** Left out: it had not begun, so it is not to blame. */
    startedAt: Type.Optional(At),
    cause: Text,
    /** Another attempt cannot end otherwise. */
    hopeless: Type.Optional(Type.Boolean()),
  }),
  /** A task has run for a while on the home itself: should the home die, this is what it died with. */
  Type.Object({
    kind: Type.Literal('running-at-home'),
    task: TaskIndex,
    attempt: Type.Integer({ minimum: 1, maximum: 1e6 }),
    node: NodeId,
    placedAt: At,
    startedAt: At,
    why: Text,
  }),
  /** A node whose tasks were given up was only cut off: nobody died of them. */
  Type.Object({ kind: Type.Literal('came-back'), at: At, node: NodeId }),
  Type.Object({ kind: Type.Literal('cancelled'), at: At, by: Type.String({ maxLength: 300 }) }),
  /** Tasks that had failed, and those that needed them, are tried once more. */
  Type.Object({ kind: Type.Literal('retried'), at: At, by: Type.String({ maxLength: 300 }) }),
  Type.Object({ kind: Type.Literal('taken-over'), at: At, epoch: Epoch, home: NodeId }),
  Type.Object({ kind: Type.Literal('deputy'), at: At, node: Type.Optional(NodeId) }),
]);
export type JobEvent = Static<typeof JobEvent>;
export type Submitted = Extract<JobEvent, { kind: 'submitted' }>;
export type Finished = Extract<JobEvent, { kind: 'finished' }>;
export type Failed = Extract<JobEvent, { kind: 'failed' }>;
