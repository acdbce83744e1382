// Random networks of areas, with links that break, nodes that die, areas that fall apart and meet again.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameOf } from '../random-networks.ts';
import { VirtualAreas } from './virtual-areas.ts';

const QUIET = 10_000;

interface Plan {
  areas: number[];
  edges: { a: number; b: number; cost: number }[];
  events: { kind: 'cut' | 'mend' | 'kill' | 'cost'; at: number; cost: number; wait: number }[];
}

const plans: fc.Arbitrary<Plan> = fc.integer({ min: 2, max: 14 }).chain((count) => {
  const node = fc.nat({ max: count - 1 });
  const cost = fc.integer({ min: 10, max: 200 });
  return fc.record({
    areas: fc.array(fc.nat({ max: 4 }), { minLength: count, maxLength: count }),
    edges: fc.array(fc.record({ a: node, b: node, cost }), { minLength: count, maxLength: 36 }),
    events: fc.array(
      fc.record({
        kind: fc.constantFrom('cut', 'mend', 'kill', 'cost'),
        at: fc.nat(),
        cost,
        wait: fc.constantFrom(0, 7, 60, 700, 20_000),
      }),
      { maxLength: 8 },
    ),
  });
});

function build({ areas, edges }: Plan): VirtualAreas {
  const named = Object.fromEntries(areas.map((area, node) => [nameOf(node), `area-${area}`]));
  return new VirtualAreas(named, linksOf(edges));
}

function linksOf(edges: Plan['edges']): [string, string, number][] {
  const links = new Map<string, [string, string, number]>();
  for (const { a, b, cost } of edges) {
    if (a !== b) links.set([a, b].sort().join(), [nameOf(a), nameOf(b), cost]);
  }
  return [...links.values()];
}

function happen(network: VirtualAreas, plan: Plan, event: Plan['events'][number]): void {
  const links = linksOf(plan.edges);
  const [a, b] = links[event.at % Math.max(1, links.length)] ?? [];
  if (event.kind === 'kill') network.kill(nameOf(event.at % plan.areas.length));
  if (a === undefined || b === undefined || !network.node(a).alive || !network.node(b).alive) return;
  const { up } = network.node(a).links.get(b)!;
  if (event.kind === 'cut' && up) network.cut(a, b);
  if (event.kind === 'mend' && !up) network.setLink(a, b, event.cost);
  if (event.kind === 'cost' && up) network.setLink(a, b, event.cost);
}

function expectWhole(network: VirtualAreas): void {
  const connected = new Set([...network.connectedPairs()].map((pair) => pair.join('>')));
  for (const { id, alive, routing } of network.nodes.values()) {
    if (!alive) continue;
    for (const other of network.nodes.keys()) {
      if (other === id) continue;
      const pair = `${id}>${other}`;
      const isConnected = connected.has(pair);
      expect([pair, routing.hasRoute(other)]).toEqual([pair, isConnected]);
      if (!isConnected) continue;
      const journey = network.send(id, other);
      expect([pair, journey.kind, new Set(journey.visited).size]).toEqual([pair, 'arrived', journey.visited.length]);
    }
  }
}

test('every pair that links join has a route, without loops, and no other has, whatever happened before', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const network = build(plan);
      network.pass(QUIET);
      expectWhole(network);
      for (const event of plan.events) {
        happen(network, plan, event);
        network.pass(event.wait);
      }
      network.pass(QUIET);
      expectWhole(network);
    }),
    { numRuns: 150 },
  );
}, 120_000);

test('while nodes learn, a frame arrives or ends within its hops', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const network = build(plan);
      network.pass(5000);
      for (const event of plan.events) {
        happen(network, plan, event);
        network.pass(event.wait % 100);
        for (const [from, to] of network.connectedPairs()) {
          expect(network.send(from, to).visited.length).toBeLessThanOrEqual(65);
        }
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);
