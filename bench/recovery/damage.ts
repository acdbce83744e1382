// What was lost and how soon it went on, read from how a job stood just before a fault and how it ended. Pure.

import type { JobDetailView } from '../../agents/swarm/job-view.ts';

/** Work that the fault interrupted. Milliseconds since 1970, on the clock of this machine, which all its nodes share. */
export interface Damage {
  /** Tasks that ran on what failed. */
  tasks: number;
  /** Seconds from the fault until the last of them ran again. */
  resumed: number;
  /** Seconds of work that had been done on them, and was done again. */
  repeated: number;
  /** Seconds of work of the whole job. */
  work: number;
}

/** Tasks that run on a node, by what is known of the job. */
export function runningOn({ tasks }: JobDetailView, node: string): { id: string; startedAt: number }[] {
  return tasks.flatMap(({ id, state, startedAt, attempts }) => {
    const last = attempts.at(-1);
    const since = last?.startedAt ?? startedAt;
    return state === 'running' && last?.node.id === node && since !== undefined ? [{ id, startedAt: since }] : [];
  });
}

/**
 * Undefined when nothing was hit: all that ran there had ended by then. A task that the fault did not reach, and that goes on
 * as it was, is no damage.
 */
export function damageOf(
  hit: readonly { id: string; startedAt: number }[],
  faultAt: number,
  after: JobDetailView,
): Damage | undefined {
  const ends = new Map(after.tasks.map((task) => [task.id, task]));
  let [tasks, resumed, repeated] = [0, 0, 0];
  for (const { id, startedAt } of hit) {
    const again = ends.get(id)?.startedAt;
    if (again === undefined || again <= faultAt) continue;
    tasks++;
    resumed = Math.max(resumed, (again - faultAt) / 1000);
    repeated += Math.max(0, faultAt - startedAt) / 1000;
  }
  const work = after.tasks.reduce((sum, { expectedSeconds }) => sum + expectedSeconds, 0);
  return tasks === 0 ? undefined : { tasks, resumed, repeated, work };
}
