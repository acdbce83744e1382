import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph, type LinkStateList } from '../../../mesh/routing/graph.ts';
import { pathTo, shortestPaths } from '../../../mesh/routing/shortest-paths.ts';
import { listsOf, nameOf, networks } from './random-networks.ts';

const randomNetwork = networks();

/** Floyd and Warshall's, as plain as can be. */
function allDistances(lists: LinkStateList[]): number[][] {
  const at = new Map(lists.map(({ origin }, index) => [origin, index]));
  const distance = lists.map((_, from) => lists.map((__, to) => (from === to ? 0 : Number.POSITIVE_INFINITY)));
  for (const { origin, links } of lists) {
    for (const [to, cost] of links) distance[at.get(origin)!]![at.get(to)!] = cost;
  }
  for (const k of at.values()) {
    for (const i of at.values()) {
      for (const j of at.values()) {
        distance[i]![j] = Math.min(distance[i]![j]!, distance[i]![k]! + distance[k]![j]!);
      }
    }
  }
  return distance;
}

describe('shortest paths', () => {
  it('are as short as Floyd and Warshall find them, along real links', () => {
    fc.assert(
      fc.property(randomNetwork, (network) => {
        const { count } = network;
        const lists = listsOf(network);
        const graph = buildGraph(lists);
        const expected = allDistances(lists);
        for (let source = 0; source < count; source++) {
          const paths = shortestPaths(graph, source);
          expect([...paths.distance]).toEqual(expected[source]);
          for (let target = 0; target < count; target++) {
            const path = pathTo(paths, target);
            let from = source;
            let length = 0;
            for (const to of path) {
              length += lists[from]!.links.get(nameOf(to))!;
              from = to;
            }
            if (path.length > 0) expect([from, length]).toEqual([target, paths.distance[target]]);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('do not depend on the order in which link states came', () => {
    fc.assert(
      fc.property(randomNetwork, fc.infiniteStream(fc.nat()), (network, order) => {
        const lists = listsOf(network);
        const shuffled = lists
          .map((list) => ({ list, key: order.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ list }) => list);
        const [first, second] = [buildGraph(lists), buildGraph(shuffled)];
        expect(shortestPaths(first, 0)).toEqual(shortestPaths(second, 0));
      }),
    );
  });

  it('use no link that one end denies', () => {
    const graph = buildGraph([
      { origin: 'a', links: new Map([['b', 1]]) },
      { origin: 'b', links: new Map() },
    ]);
    expect(shortestPaths(graph, 0).distance[1]).toBe(Number.POSITIVE_INFINITY);
  });

  it('choose fewer hops, then the smaller node, among equals', () => {
    const lists = listsOf({
      count: 5,
      edges: [
        { a: 0, b: 1, cost: 1 },
        { a: 0, b: 2, cost: 1 },
        { a: 1, b: 4, cost: 2 },
        { a: 2, b: 4, cost: 2 },
        { a: 1, b: 3, cost: 1 },
        { a: 3, b: 4, cost: 1 },
      ],
    });
    expect(pathTo(shortestPaths(buildGraph(lists), 0), 4)).toEqual([1, 4]);
  });
});
