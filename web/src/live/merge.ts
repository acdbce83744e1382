// How a change becomes part of what is shown. Pure: a list and a newcomer in, a new list out, bounded in length.

import type { JobDetailView, JobView } from '../../../agents/swarm/job-view.ts';
import type { RouteChangeView } from '../../../daemon/view/route-schema.ts';
import type { EventView, ObservationView } from '../../../daemon/view/schema.ts';

/** Newest first, each id once, at most `most`; `incoming` may overlap `list` and come in any order. */
export function mergeEvents(list: readonly EventView[], incoming: readonly EventView[], most: number): EventView[] {
  const byId = new Map(list.map((event) => [event.id, event]));
  for (const event of incoming) byId.set(event.id, event);
  return [...byId.values()].sort((a, b) => b.id - a.id).slice(0, most);
}

/**
 * The newest changes before those known, newest first. Where some between them were missed, and where the node counts
 * from one again, the known ones go: a list without holes can be continued.
 */
export function mergeChanges(list: readonly RouteChangeView[], newest: readonly RouteChangeView[]): RouteChangeView[] {
  const oldest = newest.at(-1);
  if (oldest === undefined) return [];
  const known = list.find(({ id }) => id === oldest.id);
  const follows = known === undefined ? list[0]?.id === oldest.id - 1 : known.at === oldest.at;
  return follows ? [...newest, ...list.filter(({ id }) => id < oldest.id)] : [...newest];
}

/** Newest start first, each id once in its latest form: an older update that arrives late never undoes a newer one. */
export function mergeObservations(
  list: readonly ObservationView[],
  incoming: readonly ObservationView[],
  most: number,
): ObservationView[] {
  const byId = new Map(list.map((observation) => [observation.id, observation]));
  for (const observation of incoming) {
    const known = byId.get(observation.id);
    if (known === undefined || observation.updatedAt >= known.updatedAt) byId.set(observation.id, observation);
  }
  return [...byId.values()].sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1)).slice(0, most);
}

/** Newest submission first, each id once in its latest form: the one that counts more seconds since the submission. */
export function mergeJobs(list: readonly JobView[], incoming: readonly JobView[], most: number): JobView[] {
  const byId = new Map(list.map((job) => [job.id, job]));
  for (const job of incoming) {
    const known = byId.get(job.id);
    if (known === undefined || job.figures.seconds >= known.figures.seconds) byId.set(job.id, job);
  }
  return [...byId.values()].sort((a, b) => b.submittedAt - a.submittedAt || (a.id < b.id ? 1 : -1)).slice(0, most);
}

/** The newest of each task, in the order of the first answer. */
export function mergeTasks(known: JobDetailView | undefined, answer: JobDetailView): JobDetailView {
  if (known === undefined) return answer;
  const changed = new Map(answer.tasks.map((task) => [task.id, task]));
  return { ...answer, tasks: known.tasks.map((task) => changed.get(task.id) ?? task) };
}

/** Samples `[at, value]` in order of time, each time once, none older than `since`. */
export function mergeSamples(
  list: readonly (readonly [number, number])[],
  incoming: readonly (readonly [number, number])[],
  since: number,
): [number, number][] {
  const byTime = new Map<number, number>();
  for (const [at, value] of [...list, ...incoming]) if (at >= since) byTime.set(at, value);
  return [...byTime.entries()].sort((a, b) => a[0] - b[0]);
}

/** Milliseconds to wait before try number `attempt` (0 first): doubling from 0.5 s to 15 s, spread by `random` 0 to 1. */
export function reconnectDelay(attempt: number, random: number): number {
  return Math.round(Math.min(15_000, 500 * 2 ** Math.min(attempt, 10)) * (0.75 + random * 0.5));
}
