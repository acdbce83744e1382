// What no scheduler can beat, and what one would reach if nothing took time but the tasks. Pure.

import { ClusterSimulation } from '../../agents/parl/environment/cluster-simulation.ts';
import type { JobGraph } from '../../agents/swarm/job-graph.ts';
import type { TaskScheduler } from '../../agents/swarm/scheduling/scheduler.ts';

/** Seconds that a job takes at least on so many nodes of speed 1 with a slot each: its longest chain, or its share of work. */
export function leastSeconds({ work, path }: JobGraph, nodes: number): number {
  return Math.max(path, work / nodes);
}

/**
 * The same, closer: whatever lies between the beginning and the end of a job needs its nodes for its work, and of more tasks
 * than nodes two run on the same one. Taken over all sets of tasks with so much before and so much behind each of them.
 */
export function closerLeastSeconds(graph: JobGraph, nodes: number): number {
  const tasks = graph.tasks.map(({ seconds }, index) => ({
    ...{ seconds, before: graph.above[index]!, behind: graph.below[index]! - seconds },
  }));
  const longestFirst = tasks.toSorted((a, b) => b.seconds - a.seconds);
  let least = leastSeconds(graph, nodes);
  for (const before of new Set(tasks.map((task) => task.before))) {
    const later = longestFirst.filter((task) => task.before >= before);
    for (const behind of new Set(later.map((task) => task.behind))) {
      const between = later.filter((task) => task.behind >= behind);
      const work = between.reduce((sum, { seconds }) => sum + seconds, 0);
      least = Math.max(least, before + behind + Math.max(work / nodes, stacked(between, nodes)));
    }
  }
  return least;
}

/** Of `nodes × k + 1` tasks some node has `k + 1`: at least the shortest of them. @param longestFirst sorted */
function stacked(longestFirst: readonly { seconds: number }[], nodes: number): number {
  let most = 0;
  for (let count = nodes + 1; count <= longestFirst.length; count += nodes) {
    const shortest = longestFirst.slice(count - 1 - (count - 1) / nodes, count);
    most = Math.max(
      most,
      shortest.reduce((sum, { seconds }) => sum + seconds, 0),
    );
  }
  return most;
}

/** Seconds that a job takes under a scheduler on such nodes, if messages and results took no time. */
export function plannedSeconds(graph: JobGraph, nodes: number, scheduler: TaskScheduler): number {
  const simulation = new ClusterSimulation({
    nodes: Array.from({ length: nodes }, (_, index) => ({
      ...{ name: `n${index}`, speed: 1, slots: 1, bandwidth: Number.POSITIVE_INFINITY, latency: 0 },
    })),
    arrivals: [{ at: 0, graph }],
    seed: 1,
    noise: 0,
  });
  simulation.run(scheduler);
  return simulation.completions[0]!.seconds;
}
