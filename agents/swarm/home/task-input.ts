// What a task is handed: its input with the results that it mentions in place, and the large ones that must be brought.

import { Value } from 'typebox/value';
import { BlobRef } from '../blob-ref.ts';
import type { JobRun } from '../job-run.ts';

/** `{ "$result": "TASK" }` anywhere in it becomes that task's result. */
export function resolveInput(run: JobRun, input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return input;
  if (Array.isArray(input)) return input.map((item) => resolveInput(run, item));
  if ('$result' in input && typeof input.$result === 'string') {
    const index = run.indexOf(input.$result);
    return index === undefined ? null : (run.tasks[index]!.result ?? null);
  }
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, resolveInput(run, value)]));
}

/** References to large bytes anywhere in a value. */
export function blobsIn(value: unknown): BlobRef[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(blobsIn);
  if ('$blob' in value) return Value.Check(BlobRef, value) ? [value] : [];
  return Object.values(value).flatMap(blobsIn);
}

/** Nodes where results that a task needs are, with their bytes. */
export function sourcesOf(run: JobRun, task: number): { node: string; bytes: number }[] {
  return run.graph.parents[task]!.flatMap((parent) => {
    const { result, attempts } = run.tasks[parent]!;
    const node = attempts.at(-1)?.node;
    if (typeof result !== 'object' || result === null || node === undefined) return [];
    return blobsIn(result).map(({ bytes }) => ({ node, bytes }));
  });
}
