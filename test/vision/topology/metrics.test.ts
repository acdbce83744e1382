import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metricsOf } from '../../../vision/topology/metrics.ts';

const graph = (edges: readonly string[], ...more: string[]) => ({
  nodes: [...new Set([...edges.flatMap((edge) => [...edge]), ...more])].map((id) => ({ id })),
  edges: edges.map((edge) => ({ source: edge[0]!, target: edge[1]! })),
});

describe('metrics of a graph', () => {
  it('finds what a chain depends on', () => {
    const metrics = metricsOf(graph(['ab', 'bc', 'cd']));
    expect(metrics.articulationPoints).toEqual(['b', 'c']);
    expect(metrics.bridges).toHaveLength(3);
    expect(metrics.nodes).toEqual([
      { id: 'a', degree: 1, betweenness: 0 },
      { id: 'b', degree: 2, betweenness: 0.666667 },
      { id: 'c', degree: 2, betweenness: 0.666667 },
      { id: 'd', degree: 1, betweenness: 0 },
    ]);
  });

  it('knows a ring as safe, and its tail as not', () => {
    const metrics = metricsOf(graph(['ab', 'bc', 'ca', 'cd'], 'x'));
    expect(metrics.bridges).toEqual([{ source: 'c', target: 'd' }]);
    expect(metrics.articulationPoints).toEqual(['c']);
    expect(metrics.isolated).toEqual(['x']);
    expect(metrics.components).toBe(2);
  });

  it('counts links once, whichever way and however often they are drawn', () => {
    const metrics = metricsOf(graph(['ab', 'ba', 'ab', 'aa', 'bc']));
    expect(metrics.nodes.map(({ degree }) => degree)).toEqual([1, 2, 1]);
  });

  it('calls exactly those links bridges without which there are more parts', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const edge = fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...ids)).map(([a, b]) => `${a}${b}`);
    fc.assert(
      fc.property(fc.uniqueArray(edge, { maxLength: 12, selector: (e) => [...e].sort().join('') }), (edges) => {
        const whole = metricsOf(graph(edges, ...ids));
        const expected = edges.filter(
          (cut) =>
            metricsOf(
              graph(
                edges.filter((other) => other !== cut),
                ...ids,
              ),
            ).components > whole.components,
        );
        const sorted = (pairs: readonly string[]): string[] => pairs.map((pair) => [...pair].sort().join('')).sort();
        expect(sorted(whole.bridges.map(({ source, target }) => source + target))).toEqual(sorted(expected));
      }),
    );
  });
});
