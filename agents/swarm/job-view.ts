// What people and programs see of jobs, tasks and the nodes that work on them. One schema for the API, the page, MQTT and
// the command line.

import { type Static, Type } from 'typebox';

const Moment = (description: string) => Type.Number({ description: `${description}, milliseconds since 1970.` });
const Seconds = (description: string) => Type.Number({ description: `${description}, seconds.` });
const Node = (description?: string) =>
  Type.Object({ id: Type.String(), name: Type.String() }, description === undefined ? {} : { description });

export const JobState = Type.Union([
  Type.Literal('running'),
  Type.Literal('succeeded'),
  Type.Literal('failed'),
  Type.Literal('cancelled'),
]);
export type JobState = Static<typeof JobState>;

export const TaskState = Type.Union([
  /** For what it needs. */
  Type.Literal('waiting'),
  /** For a place, or for its next attempt. */
  Type.Literal('ready'),
  Type.Literal('running'),
  Type.Literal('succeeded'),
  Type.Literal('failed'),
  /** Three workers died of it. */
  Type.Literal('set-aside'),
  Type.Literal('cancelled'),
]);
export type TaskState = Static<typeof TaskState>;

/** Kimi K2.5's measures of parallel work (arXiv 2602.02276, section 3), and what they are to be held against. */
export const JobFigures = Type.Object({
  seconds: Seconds('From submission to the end, or until now'),
  workSeconds: Seconds('Of all finished tasks together'),
  criticalSeconds: Seconds('Of the longest chain of finished tasks'),
  steps: Type.Integer({ description: 'Tasks that were carried out, each attempt counted.' }),
  criticalSteps: Type.Integer({ description: 'Tasks of the longest chain.' }),
  mostParallel: Type.Integer({ description: 'Most tasks that ran at the same time.' }),
  speedUp: Type.Number({ description: 'Work seconds over seconds.' }),
  bound: Type.Number({ description: 'Best speed-up that work, longest chain and slots allow.' }),
});
export type JobFigures = Static<typeof JobFigures>;

export const JobView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: JobState,
  priority: Type.Integer(),
  submittedAt: Moment('When it was accepted'),
  finishedAt: Type.Optional(Moment('When it ended')),
  deadlineAt: Type.Optional(Moment('When it should be done')),
  submittedBy: Type.String({ description: 'Who submitted it, for people.' }),
  home: Node('The node that places its tasks.'),
  deputy: Type.Optional(Node('The node that takes over when the home dies.')),
  counts: Type.Record(TaskState, Type.Integer(), { description: 'Tasks by state.' }),
  scheduler: Type.String({ description: 'Which scheduler places its tasks now.' }),
  figures: JobFigures,
  /** Why it failed or was cancelled. */
  cause: Type.Optional(Type.String()),
});
export type JobView = Static<typeof JobView>;

export const AttemptView = Type.Object({
  number: Type.Integer(),
  node: Node(),
  placedAt: Moment('When the node took it'),
  startedAt: Type.Optional(Moment('When its work began')),
  endedAt: Type.Optional(Moment('When it ended')),
  outcome: Type.Union([
    Type.Literal('running'),
    Type.Literal('succeeded'),
    Type.Literal('failed'),
    Type.Literal('timed-out'),
    /** The node died or was cut off. */
    Type.Literal('lost'),
    Type.Literal('cancelled'),
    /** Given to another node before it began. */
    Type.Literal('recalled'),
  ]),
  cause: Type.Optional(Type.String()),
  why: Type.String({ description: 'Why it was placed there, in words.' }),
});
export type AttemptView = Static<typeof AttemptView>;

export const TaskView = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  state: TaskState,
  needs: Type.Array(Type.String()),
  expectedSeconds: Seconds('At speed 1, told or learned'),
  readyAt: Type.Optional(Moment('When all that it needs was done')),
  startedAt: Type.Optional(Moment('When the attempt that counts began')),
  finishedAt: Type.Optional(Moment('When it ended')),
  progress: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  critical: Type.Boolean({ description: 'On the longest chain.' }),
  attempts: Type.Array(AttemptView),
  result: Type.Optional(
    Type.Unknown({ description: 'What it resolved to; large ones are a reference `{ "$blob": … }`.' }),
  ),
  log: Type.Array(Type.String(), { description: 'Its last lines.' }),
  cause: Type.Optional(Type.String({ description: 'Why it waits, failed or was set aside.' })),
});
export type TaskView = Static<typeof TaskView>;

export const JobDetailView = Type.Object({ ...JobView.properties, tasks: Type.Array(TaskView) });
export type JobDetailView = Static<typeof JobDetailView>;

/** A node as the schedulers of this node see it. */
export const WorkerNodeView = Type.Object({
  node: Node(),
  slots: Type.Integer(),
  running: Type.Integer({ description: 'Tasks of all homes that run there.' }),
  queued: Type.Integer({ description: 'Tasks that wait there for a slot.' }),
  speed: Type.Number({ description: '1 is the processor of reference, stress taken off.' }),
  stress: Type.Number({
    minimum: 0,
    maximum: 1,
    description: 'Heat, throttling, memory, battery: 0 none to 1 takes nothing.',
  }),
  failures: Type.Number({ description: 'Share of its last tasks that failed.' }),
  anomaly: Type.Number({ minimum: 0, maximum: 1 }),
  kinds: Type.Array(Type.String(), { description: 'Kinds of tasks that it carries out.' }),
  labels: Type.Record(Type.String(), Type.String()),
  reachable: Type.Boolean(),
});
export type WorkerNodeView = Static<typeof WorkerNodeView>;

export const SwarmView = Type.Object({
  workers: Type.Array(WorkerNodeView),
  scheduler: Type.String({ description: 'Which scheduler serves now.' }),
  /** Why that one, in words. */
  why: Type.String(),
  running: Type.Integer({ description: 'Jobs whose home is this node.' }),
  ready: Type.Integer({ description: 'Tasks of theirs that wait for a place.' }),
});
export type SwarmView = Static<typeof SwarmView>;
