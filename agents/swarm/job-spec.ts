// What a job is made of, as people and programs write it: a directed graph of tasks. One schema for job files, HTTP, MQTT
// and the messages between nodes; what a schema cannot say (who needs whom) is checked here too.

import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../core/errors.ts';
import { JobGraph } from './job-graph.ts';

export const MOST_TASKS = 10_000;

export const TaskId = Type.String({
  minLength: 1,
  maxLength: 256,
  pattern: '^[^\\s/]+$',
  description: 'Unique in its job.',
});

export const TaskSpec = Type.Object(
  {
    id: TaskId,
    kind: Type.String({
      pattern: '^[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)*$',
      maxLength: 64,
      description: 'What is done, e.g. `wait`, `http.get`, `exec`, `vision.detect`, `module`.',
    }),
    input: Type.Optional(
      Type.Unknown({
        description:
          'Handed to the task. `{ "$result": "TASK" }` anywhere in it stands for the result of that task, which is needed then.',
      }),
    ),
    needs: Type.Optional(
      Type.Array(TaskId, { maxItems: MOST_TASKS, description: 'Tasks that must have succeeded before.' }),
    ),
    seconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1e7,
        description: 'How long it is expected to take on a board of speed 1. Learned when left out.',
      }),
    ),
    bytes: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1e12, description: 'How large its result is expected to be.' }),
    ),
    timeout: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 604_800,
        description: 'Seconds after which one attempt is ended and counts as failed.',
      }),
    ),
    retries: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 100,
        description: 'Further attempts after a failure, on another node if there is one.',
      }),
    ),
    where: Type.Optional(
      Type.Object(
        {
          nodes: Type.Optional(
            Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
              maxItems: 1000,
              description: 'Names or ids: only there.',
            }),
          ),
          labels: Type.Optional(
            Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 128 }), {
              description: 'Only on nodes that have all of these.',
            }),
          ),
        },
        { additionalProperties: false, description: 'Where it may run; anywhere when left out.' },
      ),
    ),
    resources: Type.Optional(
      Type.Object(
        {
          slots: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 64, description: 'Slots of an agent that it takes.' }),
          ),
          memory: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 1_048_576, description: 'MiB that must be free.' }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type TaskSpec = Static<typeof TaskSpec>;

export const JobSpec = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, description: 'Shown to people.' }),
    priority: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 9, description: '0 background to 9 urgent; 5 when left out.' }),
    ),
    deadline: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 31_536_000,
        description: 'Seconds after its submission by which it should be done.',
      }),
    ),
    tasks: Type.Array(TaskSpec, { minItems: 1, maxItems: MOST_TASKS }),
  },
  { additionalProperties: false },
);
export type JobSpec = Static<typeof JobSpec>;

/** Ten thousand tasks are checked in milliseconds. */
const jobSpec = Compile(JobSpec);

/** Expected seconds and bytes of a task that says none. */
const UNKNOWN = { seconds: 1, bytes: 0 };

/** Throws `JOB_INVALID`, naming where the document is wrong. */
export function readJobSpec(document: unknown): JobSpec {
  if (jobSpec.Check(document)) return document;
  const [problem] = Value.Errors(JobSpec, document);
  throw new ParlmeshError(
    'JOB_INVALID',
    `Not a job: ${problem?.instancePath || '/'} ${problem?.message ?? 'is wrong'}`,
    {
      hint: 'docs/jobs.md lists what a job file may say',
    },
  );
}

/** The graph of a job: `needs`, and whatever results the inputs mention. Throws `JOB_INVALID`. */
export function graphOf({ tasks }: JobSpec): JobGraph {
  return new JobGraph(
    tasks.map(({ id, needs = [], input, seconds = UNKNOWN.seconds, bytes = UNKNOWN.bytes }) => ({
      ...{ id, seconds, bytes },
      needs: input === undefined ? needs : [...needs, ...resultsIn(input)],
    })),
  );
}

/** Tasks whose results an input mentions. */
export function resultsIn(input: unknown): string[] {
  if (typeof input !== 'object' || input === null) return [];
  if (Array.isArray(input)) return input.flatMap(resultsIn);
  if ('$result' in input) return typeof input.$result === 'string' ? [input.$result] : [];
  return Object.values(input).flatMap(resultsIn);
}
