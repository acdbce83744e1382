// Topologies of simulations: whole, in one part, and refused with the place where a file is wrong.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParlmeshError } from '../../../core/errors.ts';
import { seededRandom } from '../../../core/random.ts';
import { makeTopology, TOPOLOGIES } from '../../../mesh/simulator/topologies.ts';
import { topologyFromFile } from '../../../mesh/simulator/topology-file.ts';
import { partsOf } from '../../../mesh/simulator/truth.ts';

describe('Topologies', () => {
  it('hang together, whatever their kind and size, with each link once', () => {
    const cases = fc.tuple(fc.constantFrom(...TOPOLOGIES), fc.integer({ min: 2, max: 60 }), fc.nat());
    fc.assert(
      fc.property(cases, ([name, count, seed]) => {
        const { nodes, links } = makeTopology(name, count, seededRandom(seed));
        expect(nodes).toHaveLength(count);
        const arcs: { to: number }[][] = nodes.map(() => []);
        for (const [a, b] of links) {
          arcs[a]!.push({ to: b });
          arcs[b]!.push({ to: a });
        }
        expect(new Set(partsOf(count, arcs)).size).toBe(1);
        expect(new Set(links.map(([a, b]) => `${Math.min(a, b)} ${Math.max(a, b)}`)).size).toBe(links.length);
        for (const { x, y } of nodes) expect(x >= 0 && x <= 1 && y >= 0 && y <= 1).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('come from a file too', () => {
    const content = {
      nodes: [
        { name: 'a', x: 10, y: 0 },
        { name: 'b', x: 20, y: 5 },
      ],
      links: [['a', 'b']],
    };
    const { nodes, links } = topologyFromFile(JSON.stringify(content), 'plan.json');
    expect(nodes.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(nodes[0]!.x).toBeLessThan(nodes[1]!.x);
    expect(links).toEqual([[0, 1]]);
  });

  it('are refused with the line where the file is wrong', () => {
    const load =
      (...lines: string[]) =>
      () =>
        topologyFromFile(lines.join('\n'), 'plan.json');
    const nodes = '"nodes": [{"name": "a"}, {"name": "b"}],';
    expect(load('{', nodes, '"links": [["a", "b"]')).toThrow(/^plan\.json: This is no JSON: .*line 3/);
    expect(load('[]')).toThrow('plan.json:1: the file must be object');
    expect(load('{', nodes, '"links": [', '["a", "b"],', '["a", "c"]', ']}')).toThrow(
      'plan.json:5: a link names "c", which no node is',
    );
    expect(load('{', nodes, '"links": [', '["a", "b"],', '["b", "a"]]}')).toThrow(
      'plan.json:5: the link from "b" to "a"',
    );
    expect(load('{', nodes, '"links": [["a", "a"]]}')).toThrow('plan.json:3: a link leads from "a" to itself');
    expect(load('{"nodes": [', '{"name": "a"},', '{"name": "a"}],', '"links": []}')).toThrow('plan.json:3: two nodes');
    expect(load('{"nodes": [', '{"name": "a"},', '{"name": 7}],', '"links": []}')).toThrow(
      'plan.json:3: /nodes/1/name',
    );
  });

  it('are read from whatever bytes without any other error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(errorOf(text)).toBe('TOPOLOGY_INVALID');
      }),
    );
  });
});

/** The code of the error that it is refused with. */
function errorOf(text: string): string | undefined {
  try {
    topologyFromFile(text, 'plan.json');
    return undefined;
  } catch (error) {
    return error instanceof ParlmeshError ? error.code : 'another';
  }
}
