// A job with all its tasks as JSON, in slices: ten thousand tasks are some megabytes, and writing them at once would
// hold the event loop up.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JobDetailView, TaskView } from '../../agents/swarm/job-view.ts';

/** Tasks that are written at a time: less than a millisecond's work. */
const SLICE = 100;

export async function* jobDetailText({ tasks, ...head }: JobDetailView): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"tasks":[`;
  for (let at = 0; at < tasks.length; at += SLICE) {
    if (at > 0) await nextTurn();
    const slice = JSON.stringify(tasks.slice(at, at + SLICE)).slice(1, -1);
    yield at > 0 ? `,${slice}` : slice;
  }
  yield ']}';
}

/** Whether anything of a task may have changed at or after a moment; whoever has the rest asks for these only. */
export function changedSince(task: TaskView, { finishedAt = 0 }: JobDetailView, since: number): boolean {
  if (task.state === 'running' || finishedAt >= since) return true;
  const last = task.attempts.at(-1);
  const moments = [task.readyAt, task.startedAt, task.finishedAt, last?.placedAt, last?.endedAt];
  return moments.some((at) => at !== undefined && at >= since);
}
