import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobGraph } from '../../../agents/swarm/job-graph.ts';

const task = (id: string, needs: string[] = [], seconds = 1) => ({ id, needs, seconds, bytes: 0 });

describe('a job graph', () => {
  it('knows the chains before and after each task', () => {
    const graph = new JobGraph([task('d', ['b', 'c'], 2), task('a', [], 1), task('b', ['a'], 5), task('c', ['a'], 3)]);
    expect(graph.order.map((index) => graph.tasks[index]!.id)).toEqual(['a', 'b', 'c', 'd']);
    expect([...graph.below]).toEqual([2, 8, 7, 5]);
    expect([...graph.above]).toEqual([6, 0, 1, 1]);
    expect([graph.work, graph.path]).toEqual([11, 8]);
  });

  it('names two tasks of one name, a need that is no task, and tasks that wait for each other', () => {
    expect(() => new JobGraph([task('a'), task('a')])).toThrow('Two tasks are called "a"');
    expect(() => new JobGraph([task('a', ['b'])])).toThrow('Task "a" needs "b", which is no task of this job');
    expect(() => new JobGraph([task('a', ['a'])])).toThrow('Tasks wait for each other: "a" needs "a"');
    const cyclic = [task('x'), task('a', ['x', 'c']), task('b', ['a']), task('c', ['b']), task('y', ['c'])];
    expect(() => new JobGraph(cyclic)).toThrow('Tasks wait for each other: "a" needs "c" needs "b" needs "a"');
  });

  it('puts parents before children, and no chain is longer than the path, in any graph', () => {
    const graphs = fc.array(fc.tuple(fc.float({ min: 0, max: 10, noNaN: true }), fc.array(fc.nat(), { maxLength: 4 })));
    fc.assert(
      fc.property(graphs, (drawn) => {
        const tasks = drawn.map(([seconds, needs], index) =>
          task(`t${index}`, index === 0 ? [] : needs.map((need) => `t${need % index}`), seconds),
        );
        const graph = new JobGraph(tasks);
        const place = new Map(graph.order.map((index, at) => [index, at]));
        tasks.forEach(({ seconds }, index) => {
          for (const parent of graph.parents[index]!) {
            expect(place.get(parent)!).toBeLessThan(place.get(index)!);
            expect(graph.below[parent]!).toBeGreaterThanOrEqual(tasks[parent]!.seconds + graph.below[index]! - 1e-6);
          }
          expect(graph.above[index]! + graph.below[index]!).toBeLessThanOrEqual(graph.path + 1e-6);
          expect(graph.below[index]!).toBeGreaterThanOrEqual(seconds);
        });
      }),
    );
  });
});
