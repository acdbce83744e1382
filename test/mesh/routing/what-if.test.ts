import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COST_STEP, findArc, type Graph } from '../../../mesh/routing/graph.ts';
import { pathTo, shortestPaths } from '../../../mesh/routing/shortest-paths.ts';
import { whatIf } from '../../../mesh/routing/what-if.ts';
import { graphOf, networks } from './random-networks.ts';

const pathWith = (graph: Graph, arc: number, cost: number, target: number): number[] => {
  const costs = graph.costs.slice();
  costs[arc] = cost;
  return pathTo(shortestPaths({ ...graph, costs }, 0), target);
};

describe('What if', () => {
  it('names the alternatives through other neighbours, cheapest first', () => {
    const graph = graphOf({
      count: 5,
      edges: [
        { a: 0, b: 1, cost: 1 },
        { a: 1, b: 4, cost: 1 },
        { a: 0, b: 2, cost: 5 },
        { a: 2, b: 4, cost: 5 },
        { a: 0, b: 3, cost: 2 },
        { a: 3, b: 4, cost: 1 },
      ],
    });
    expect(whatIf(graph, 0, 4)).toEqual({
      alternatives: [
        { nodes: [3, 4], cost: 3 },
        { nodes: [2, 4], cost: 10 },
      ],
      change: { from: 0, to: 1, cost: 1, direction: 'above', threshold: 2, path: { nodes: [3, 4], cost: 3 } },
    });
  });

  it('knows of no change where there is one path only', () => {
    const graph = graphOf({ count: 2, edges: [{ a: 0, b: 1, cost: 1 }] });
    expect(whatIf(graph, 0, 1)).toEqual({ alternatives: [], change: undefined });
  });

  it('finds the smallest change of one cost that moves the route, and where it goes then', () => {
    fc.assert(
      fc.property(networks({ minNodes: 3, maxNodes: 9, maxEdges: 20, mostCost: 9 }), (network) => {
        const graph = graphOf(network);
        const own = shortestPaths(graph, 0);
        for (let target = 1; target < network.count; target++) {
          const path = pathTo(own, target);
          if (path.length === 0) continue;
          const { change } = whatIf(graph, 0, target);
          const by = change === undefined ? Number.POSITIVE_INFINITY : Math.abs(change.threshold - change.cost);
          if (change !== undefined) {
            const arc = findArc(graph, change.from, change.to);
            const beyond = change.threshold + (change.direction === 'above' ? COST_STEP : -COST_STEP);
            expect(pathWith(graph, arc, beyond, target)).toEqual(change.path.nodes);
            expect(change.path.nodes).not.toEqual(path);
          }
          for (let arc = 0; arc < graph.targets.length; arc++) {
            for (const less of [by - COST_STEP, COST_STEP - by]) {
              const cost = graph.costs[arc]! + Math.max(-1e6, Math.min(1e6, less));
              if (by <= COST_STEP || cost < COST_STEP) continue;
              expect(pathWith(graph, arc, cost, target)).toEqual(path);
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
