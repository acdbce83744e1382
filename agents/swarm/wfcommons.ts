// Reads a workflow as WfCommons records them (https://wfcommons.org/format, schema 1.5): who needs whom, how long each
// task took, and how much it wrote.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../core/errors.ts';
import type { GraphTask } from './job-graph.ts';
import type { JobSpec, TaskSpec } from './job-spec.ts';

const MOST_TASKS = 10_000;
const Name = Type.String({ minLength: 1, maxLength: 1024 });
const Names = Type.Array(Name, { maxItems: MOST_TASKS });

const Instance = Type.Object({
  name: Type.Optional(Type.String({ maxLength: 1024 })),
  workflow: Type.Object({
    specification: Type.Object({
      tasks: Type.Array(
        Type.Object({
          id: Name,
          name: Type.Optional(Name),
          parents: Type.Optional(Names),
          outputFiles: Type.Optional(Names),
        }),
        { minItems: 1, maxItems: MOST_TASKS },
      ),
      files: Type.Optional(
        Type.Array(Type.Object({ id: Name, sizeInBytes: Type.Number({ minimum: 0 }) }), { maxItems: 100_000 }),
      ),
    }),
    execution: Type.Object({
      tasks: Type.Array(Type.Object({ id: Name, runtimeInSeconds: Type.Number({ minimum: 0 }) }), {
        maxItems: MOST_TASKS,
      }),
    }),
  }),
});

/** Whether a document looks like a workflow of WfCommons, right or wrong. */
export function isWfCommons(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'workflow' in document && 'schemaVersion' in document;
}

/**
 * Throws `WORKFLOW_INVALID`.
 * @param timeScale recorded seconds and bytes are multiplied by it
 */
export function readWfCommons(document: unknown, timeScale = 1): { name: string; tasks: GraphTask[] } {
  if (!Value.Check(Instance, document)) {
    const [problem] = Value.Errors(Instance, document);
    throw new ParlmeshError(
      'WORKFLOW_INVALID',
      `Not a WfCommons workflow: ${problem?.instancePath || '/'} ${problem?.message ?? 'is wrong'}`,
      { hint: 'Schema 1.4 or newer is read: workflow.specification and workflow.execution' },
    );
  }
  const { name, workflow }: Static<typeof Instance> = document;
  const seconds = new Map(workflow.execution.tasks.map((task) => [task.id, task.runtimeInSeconds]));
  const bytes = new Map(workflow.specification.files?.map((file) => [file.id, file.sizeInBytes]));
  const tasks = workflow.specification.tasks.map(({ id, parents = [], outputFiles = [] }) => ({
    id,
    needs: parents,
    seconds: (seconds.get(id) ?? 0) * timeScale,
    bytes: Math.round(outputFiles.reduce((sum, file) => sum + (bytes.get(file) ?? 0), 0) * timeScale),
  }));
  return { name: name ?? 'workflow', tasks };
}

export interface ReplayOptions {
  /** What recorded seconds and bytes are multiplied by. */
  timeScale: number;
  /** Whether tasks wait for their time or compute for it. */
  kind: 'wait' | 'compute';
  /** Of the job; the workflow's own when left out. */
  name?: string;
}

/** Bytes of one result of a replayed task; what was recorded beyond it is not moved. */
export const MOST_REPLAYED_BYTES = 64_000_000;
const LONGEST_NAME = 200;

/**
 * A job that does again what was recorded: the same dependencies, each task as long, its result as large and moved to
 * where it is needed. Throws `WORKFLOW_INVALID`.
 */
export function jobOfWorkflow(document: unknown, { timeScale, kind, name }: ReplayOptions): JobSpec {
  const workflow = readWfCommons(document, timeScale);
  const idOf = taskIds(workflow.tasks);
  const bytesOf = new Map(workflow.tasks.map(({ id, bytes }) => [id, Math.min(bytes, MOST_REPLAYED_BYTES)]));
  const tasks = workflow.tasks.map(({ id, needs, seconds }): TaskSpec => {
    const bytes = bytesOf.get(id) ?? 0;
    const after = [...new Set(needs)];
    // A result that is mentioned is brought to where the task runs; one without bytes need not be.
    const inputs = after.filter((need) => (bytesOf.get(need) ?? 0) > 0).map((need) => ({ $result: idOf(need) }));
    const time = Number(seconds.toFixed(6));
    return {
      id: idOf(id),
      kind,
      input: { seconds: time, ...(bytes > 0 && { bytes }), ...(inputs.length > 0 && { inputs }) },
      ...(after.length > 0 && { needs: after.map(idOf) }),
      seconds: time,
      ...(bytes > 0 && { bytes }),
    };
  });
  return { name: (name ?? workflow.name.replace(/\.json$/, '')).slice(0, LONGEST_NAME) || 'workflow', tasks };
}

/** Recorded ids may hold what ids of tasks may not: that is replaced, and a number appended where two become one. */
function taskIds(tasks: readonly GraphTask[]): (recorded: string) => string {
  const ids = new Map<string, string>();
  const taken = new Set<string>();
  for (const { id } of tasks) {
    const plain = id.replace(/[\s/]+/g, '_').slice(0, 240);
    let unique = plain;
    for (let number = 2; taken.has(unique); number++) unique = `${plain}~${number}`;
    taken.add(unique);
    ids.set(id, unique);
  }
  return (recorded) => ids.get(recorded) ?? recorded;
}
