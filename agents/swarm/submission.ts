// What is looked at before a job is taken, so that what can never work is refused by name instead of failing later. Pure.

import type { Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { Actor } from '../authorizer.ts';
import type { JobSpec } from './job-spec.ts';
import type { TaskExecutor } from './task-executor.ts';

/** Characters of the JSON of one job. */
const MOST_SPEC = 8_000_000;

/**
 * Throws `JOB_INVALID`, `JOB_KIND_UNKNOWN`, `TASK_INPUT_INVALID`. What the tasks need of each other is checked with
 * the graph.
 * @param kinds that some known node carries out
 * @param executors of this node
 */
export function checkSubmission(
  spec: JobSpec,
  kinds: ReadonlySet<string>,
  executors: ReadonlyMap<string, TaskExecutor>,
): void {
  const { length } = JSON.stringify(spec);
  if (length > MOST_SPEC) {
    throw new ParlmeshError('JOB_INVALID', `A job may have ${MOST_SPEC} characters, this one has ${length}`, {
      hint: 'Put large inputs into blobs',
    });
  }
  for (const { id, kind, input } of spec.tasks) {
    if (!kinds.has(kind) && !executors.has(kind)) {
      throw new ParlmeshError('JOB_KIND_UNKNOWN', `Task "${id}": no node carries out tasks of kind "${kind}"`, {
        hint: `Known kinds: ${[...new Set([...kinds, ...executors.keys()])].sort().join(', ') || 'none'}`,
      });
    }
    try {
      executors.get(kind)?.check(input);
    } catch (thrown) {
      if (!(thrown instanceof ParlmeshError)) throw thrown;
      throw new ParlmeshError(thrown.code, `Task "${id}": ${thrown.message}`, { hint: thrown.hint ?? 'docs/jobs.md' });
    }
  }
}

/** Ids sort by time. */
export function newJobId(wall: Millis, random: Random): string {
  const part = (): string =>
    random
      .below(2 ** 30)
      .toString(36)
      .padStart(6, '0');
  return `${Math.floor(wall).toString(36)}-${part()}${part()}`;
}

/** Who it was, for people. */
export function nameOfActor(actor: Actor): string {
  switch (actor.kind) {
    case 'operator':
    case 'client':
      return actor.name;
    case 'agent':
      return `agent ${actor.id}`;
    case 'peer':
      return `node ${actor.node}`;
    case 'job':
      return `job ${actor.id}`;
  }
}
