// Reads a workflow as WfCommons records them (https://wfcommons.org/format, schema 1.5): who needs whom, how long each
// task took, and how much it wrote.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../core/errors.ts';
import type { GraphTask } from './job-graph.ts';

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
