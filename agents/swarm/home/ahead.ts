// When a worker gets its next task before the one that it carries out has ended, so that no time goes by between the two. Pure.

import type { Millis } from '../../../core/clock.ts';
import { hasShortTasks, type PlacedTask, type Worker } from './fleet.ts';
import type { HostedJob } from './hosted-job.ts';

/**
 * So long before the expected end, besides the way there and back twice: what a busy board takes to decide and to read a
 * message. Longer commits a task to a worker earlier, and to a wrong one more often when tasks end earlier or later than expected.
 */
const AHEAD: Millis = 20;

/** Seconds before an end at which the next task is sent; undefined where that is not needed: at the home itself, and for short tasks. */
export function aheadOf(worker: Worker): number | undefined {
  const { roundTrip, figures } = worker;
  if (roundTrip === undefined || figures.queue === 0 || hasShortTasks(worker)) return undefined;
  return AHEAD / 1000 + 2 * roundTrip;
}

/**
 * Tasks there whose slots are as good as free. One that is late was expected wrongly and may take long; one whose end makes
 * something more urgent ready than what is ready now keeps its slot for that.
 * @param now seconds
 */
export function endingSoon(worker: Worker, now: number, jobs: ReadonlyMap<string, HostedJob>): PlacedTask[] {
  const ahead = aheadOf(worker);
  if (ahead === undefined) return [];
  return [...worker.placed.values()].filter((placed) => {
    const { startedAt, expectedEnd } = placed;
    if (startedAt === undefined || Math.abs(expectedEnd - now) > ahead) return false;
    const job = jobs.get(placed.job);
    return job !== undefined && !opensTheWay(job, placed.task);
  });
}

/** Seconds at which the next of them ends soon; undefined when none is to. */
export function nextEndingSoon(worker: Worker, now: number): number | undefined {
  const ahead = aheadOf(worker);
  if (ahead === undefined) return undefined;
  let next: number | undefined;
  for (const { startedAt, expectedEnd } of worker.placed.values()) {
    const at = expectedEnd - ahead;
    if (startedAt !== undefined && at > now && (next === undefined || at < next)) next = at;
  }
  return next;
}

/** Something waits for this task alone on which more hangs than on all that is ready. */
function opensTheWay({ graph, run, ready }: HostedJob, task: number): boolean {
  let most = 0;
  for (const { tasks } of ready.classes()) most = Math.max(most, graph.below[tasks.at(-1)!] ?? 0);
  return graph.children[task]!.some((child) => run.tasks[child]!.waitsFor === 1 && graph.below[child]! > most);
}
