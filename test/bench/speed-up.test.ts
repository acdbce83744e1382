import { describe, expect, it } from 'vitest';
import { JobGraph } from '../../agents/swarm/job-graph.ts';
import { heft } from '../../agents/swarm/scheduling/list-schedulers.ts';
import { closerLeastSeconds, leastSeconds, plannedSeconds } from '../../bench/speed-up/bound.ts';

const graph = (...tasks: [id: string, seconds: number, ...needs: string[]][]): JobGraph =>
  new JobGraph(tasks.map(([id, seconds, ...needs]) => ({ id, seconds, needs, bytes: 0 })));

/** One second, six side by side of one second each, one second. */
const forkJoin = graph(
  ['first', 1],
  ...['a', 'b', 'c', 'd', 'e', 'f'].map((id): [string, number, string] => [id, 1, 'first']),
  ['last', 1, 'a', 'b', 'c', 'd', 'e', 'f'],
);

describe('The least seconds of a job', () => {
  it('are those of its longest chain, or its share of work', () => {
    expect(leastSeconds(forkJoin, 1)).toBe(8);
    expect(leastSeconds(forkJoin, 2)).toBe(4);
    expect(leastSeconds(forkJoin, 8)).toBe(3);
  });

  it('are more, looked at closer: what begins and ends it keeps one node busy, and whole tasks go to one node', () => {
    expect(closerLeastSeconds(forkJoin, 2)).toBe(5);
    expect(closerLeastSeconds(forkJoin, 4)).toBe(4);
    expect(closerLeastSeconds(forkJoin, 8)).toBe(3);
    expect(closerLeastSeconds(graph(['a', 2], ['b', 2], ['c', 2]), 2)).toBe(4);
  });

  it('are never more than a scheduler needs', () => {
    for (const nodes of [1, 2, 3, 4, 5, 8]) {
      const planned = plannedSeconds(forkJoin, nodes, heft);
      expect(planned).toBeGreaterThanOrEqual(closerLeastSeconds(forkJoin, nodes) - 1e-9);
    }
    expect(plannedSeconds(forkJoin, 4, heft)).toBeCloseTo(4);
  });
});
