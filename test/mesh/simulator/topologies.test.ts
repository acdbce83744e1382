// Topologies of simulations: whole, in one part, and refused with the place where a file is wrong.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { makeTopology, TOPOLOGIES, topologyFromFile } from '../../../mesh/simulator/topologies.ts';
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
    const { nodes, links } = topologyFromFile(content, 'plan.json');
    expect(nodes.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(nodes[0]!.x).toBeLessThan(nodes[1]!.x);
    expect(links).toEqual([[0, 1]]);
  });

  it('are refused with the place where the file is wrong', () => {
    const nodes = [{ name: 'a' }, { name: 'b' }];
    const load = (content: unknown) => () => topologyFromFile(content, 'plan.json');
    expect(load(undefined)).toThrow('plan.json is no topology');
    expect(load({ nodes, links: [['a', 'c']] })).toThrow('"c", which no node is');
    expect(
      load({
        nodes,
        links: [
          ['a', 'b'],
          ['b', 'a'],
        ],
      }),
    ).toThrow('twice');
    expect(load({ nodes: [{ name: 'a' }, { name: 'a' }], links: [] })).toThrow('one name');
    expect(load({ nodes: [{ name: 'a' }, { name: 7 }], links: [] })).toThrow('/nodes/1/name');
  });
});
