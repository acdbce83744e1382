import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph, type LinkStateList } from '../../../mesh/routing/graph.ts';
import { pathTo, shortestPaths } from '../../../mesh/routing/shortest-paths.ts';

type Edge = { a: number; b: number; cost: number };

const randomNetwork = fc.integer({ min: 1, max: 14 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    edges: fc.array(
      fc.record({
        a: fc.nat({ max: count - 1 }),
        b: fc.nat({ max: count - 1 }),
        cost: fc.integer({ min: 1, max: 20 }),
      }),
      { maxLength: 40 },
    ),
  }),
);

const nameOf = (node: number): string => `n${String(node).padStart(2, '0')}`;

function listsOf(count: number, edges: Edge[]): LinkStateList[] {
  return Array.from({ length: count }, (_, node) => ({
    origin: nameOf(node),
    links: new Map(
      edges
        .filter(({ a, b }) => a !== b && (a === node || b === node))
        .map(({ a, b, cost }) => [nameOf(a === node ? b : a), cost]),
    ),
  }));
}

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
      fc.property(randomNetwork, ({ count, edges }) => {
        const lists = listsOf(count, edges);
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
      fc.property(randomNetwork, fc.infiniteStream(fc.nat()), ({ count, edges }, order) => {
        const lists = listsOf(count, edges);
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
    const lists = listsOf(5, [
      { a: 0, b: 1, cost: 1 },
      { a: 0, b: 2, cost: 1 },
      { a: 1, b: 4, cost: 2 },
      { a: 2, b: 4, cost: 2 },
      { a: 1, b: 3, cost: 1 },
      { a: 3, b: 4, cost: 1 },
    ]);
    expect(pathTo(shortestPaths(buildGraph(lists), 0), 4)).toEqual([1, 4]);
  });
});
