import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../../mesh/routing/graph.ts';
import { ownRoutes, routesFrom, surveyLinks } from '../../../mesh/routing/survey.ts';

/** A triangle of a, b and c, with d behind c. */
const graph = buildGraph(
  Object.entries({ a: { b: 1, c: 4 }, b: { a: 1, c: 2 }, c: { a: 4, b: 2, d: 3 }, d: { c: 3 } }).map(
    ([origin, links]) => ({ origin, links: new Map(Object.entries(links)) }),
  ),
);

describe('a survey of the network', () => {
  it('knows the routes of any node and what takes over, source and destination included', () => {
    expect(routesFrom(graph, 'a')).toEqual([
      { destination: 'b', cost: 1, path: ['a', 'b'], backup: { path: ['a', 'c', 'b'], cost: 6 } },
      { destination: 'c', cost: 3, path: ['a', 'b', 'c'], backup: { path: ['a', 'c'], cost: 4 } },
      { destination: 'd', cost: 6, path: ['a', 'b', 'c', 'd'], backup: { path: ['a', 'c', 'd'], cost: 7 } },
    ]);
    expect(routesFrom(graph, 'd')[0]).toEqual({ destination: 'a', cost: 6, path: ['d', 'c', 'b', 'a'] });
    expect(routesFrom(graph, 'nobody')).toEqual([]);
  });

  it('knows the traffic of each link in both directions, and what others hang on', () => {
    const carried = Float64Array.from(graph.targets, (_, arc) => arc);
    const { traffic, cutNodes, cutLinks } = surveyLinks(graph, carried);
    expect(traffic.map(({ a, b, bytesPerSecond }) => `${a}${b} ${bytesPerSecond}`)).toEqual([
      'ab 2',
      'ac 5',
      'bc 8',
      'cd 13',
    ]);
    expect(cutNodes).toEqual([{ node: 'c', cutsOff: 1 }]);
    expect(cutLinks.map(({ a, b, cutsOff }) => [[a, b].sort().join(''), cutsOff])).toEqual([['cd', 1]]);
  });

  it('begins the routes in force with this node', () => {
    const route = { destination: 'd', nextHop: 'b', cost: 6, path: ['b', 'd'], since: 0, reason: '', equalCost: [] };
    expect(ownRoutes('a', [route])).toEqual([{ destination: 'd', cost: 6, path: ['a', 'b', 'd'] }]);
  });
});
