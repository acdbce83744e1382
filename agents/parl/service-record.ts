// How jobs go since a policy is the current one: completion times relative to what the nodes could do at best, so that
// large and small jobs count alike.

import { JobGraph } from '../swarm/job-graph.ts';
import type { SimulatedNode } from './environment/cluster-simulation.ts';
import { capacityOf } from './environment/episode.ts';
import { graphOf, type RecentJob } from './recent-jobs.ts';

export interface ServiceRecord {
  /** Mean of ln(t / (P/f + W/S)) over the jobs; t seconds from submission to end, the rest as in docs/parl.md. */
  cost: number;
  /** Sample standard deviation. */
  deviation: number;
  jobs: number;
}

/**
 * Jobs that were submitted since, whichever scheduler the guard lets place them: what a policy does to a node includes
 * that it is not let serve. Undefined for none.
 * @param since milliseconds since 1970
 */
export function serviceRecord(
  jobs: readonly RecentJob[],
  since: number,
  nodes: readonly SimulatedNode[],
): ServiceRecord | undefined {
  const [capacity, fastest] = [capacityOf(nodes), Math.max(0, ...nodes.map(({ speed }) => speed))];
  if (capacity <= 0) return undefined;
  const logs = jobs.flatMap((job) => {
    const seconds = (job.finishedAt - job.submittedAt) / 1000;
    if (job.submittedAt < since || seconds <= 0) return [];
    const { path, work } = new JobGraph(graphOf(job));
    const ideal = path / fastest + work / capacity;
    return ideal > 0 ? [Math.log(seconds / ideal)] : [];
  });
  if (logs.length === 0) return undefined;
  const cost = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const squares = logs.reduce((sum, log) => sum + (log - cost) ** 2, 0);
  return { cost, deviation: Math.sqrt(squares / Math.max(1, logs.length - 1)), jobs: logs.length };
}
