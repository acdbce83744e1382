import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../../mesh/routing/graph.ts';
import { PathTree } from '../../../mesh/routing/path-tree.ts';
import { shortestPaths } from '../../../mesh/routing/shortest-paths.ts';
import { graphOf, networks } from './random-networks.ts';

/** Changes of one moment: which arc, and its new cost; 0 takes the arc out of use. */
const moments = fc.array(
  fc.array(fc.record({ arc: fc.nat(), cost: fc.nat({ max: 9 }) }), { minLength: 1, maxLength: 4 }),
  {
    minLength: 1,
    maxLength: 12,
  },
);

function apply(graph: Graph, changes: { arc: number; cost: number }[]): { arc: number; before: number }[] {
  const before = new Map<number, number>();
  for (const change of changes) {
    const arc = change.arc % graph.targets.length;
    if (!before.has(arc)) before.set(arc, graph.costs[arc]!);
    graph.costs[arc] = change.cost === 0 ? Number.POSITIVE_INFINITY : change.cost;
  }
  return [...before].map(([arc, cost]) => ({ arc, before: cost }));
}

describe('A path tree', () => {
  it('is after any changes what a full computation gives, ties and all, and names every node that moved', () => {
    fc.assert(
      fc.property(networks({ minNodes: 2, maxNodes: 16, maxEdges: 50, mostCost: 5 }), moments, (network, sequence) => {
        const graph = graphOf(network);
        fc.pre(graph.targets.length > 0);
        const trees = graph.ids.map((_, source) => PathTree.of(graph, source));
        for (const changes of sequence) {
          const arcs = apply(graph, changes);
          for (const tree of trees) {
            const before = tree.copy();
            const moved = new Set(tree.update(graph, arcs));
            const full = shortestPaths(graph, tree.source);
            expect(tree.distance).toEqual(full.distance);
            expect(tree.hops).toEqual(full.hops);
            expect(tree.parent).toEqual(full.parent);
            for (const node of graph.ids.keys()) {
              if (before.distance[node] !== tree.distance[node] || before.parent[node] !== tree.parent[node]) {
                expect(moved).toContain(node);
              }
            }
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('touches only what hangs below a changed link', () => {
    const graph = graphOf({ count: 6, edges: [0, 1, 2, 3, 4].map((a) => ({ a, b: a + 1, cost: 1 })) });
    const tree = PathTree.of(graph, 0);
    const arc = graph.targets.length - 2;
    graph.costs[arc] = 7;
    expect(new Set(tree.update(graph, [{ arc, before: 1 }]))).toEqual(new Set([5]));
    expect(tree.distance[5]).toBe(11);
  });
});
