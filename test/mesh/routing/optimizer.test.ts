import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { findCuts } from '../../../mesh/routing/cuts.ts';
import { buildGraph, type Graph } from '../../../mesh/routing/graph.ts';
import { PARLMeshOptimizer } from '../../../mesh/routing/optimizer.ts';
import { pathTo, shortestPaths } from '../../../mesh/routing/shortest-paths.ts';
import { TrafficShard } from '../../../mesh/routing/traffic-shard.ts';
import { graphOf, listsOf, type Network, nameOf, networks } from './random-networks.ts';

const optimizers: PARLMeshOptimizer[] = [];
function optimizer(threads = 2): PARLMeshOptimizer {
  const made = new PARLMeshOptimizer({ threads, seed: 1 });
  optimizers.push(made);
  return made;
}
afterEach(async () => {
  for (const one of optimizers.splice(0)) await one.stop();
});

/** Sizes of the connected parts, the largest first. */
function parts(lists: ReturnType<typeof listsOf>): number[] {
  const graph = buildGraph(lists);
  const seen = new Set<number>();
  const sizes: number[] = [];
  for (const node of graph.ids.keys()) {
    if (seen.has(node)) continue;
    const { distance } = shortestPaths(graph, node);
    const members = [...distance.keys()].filter((other) => distance[other]! < Number.POSITIVE_INFINITY);
    for (const member of members) seen.add(member);
    sizes.push(members.length);
  }
  return sizes.sort((a, b) => b - a);
}

/** Loads by walking every path, as plain as can be. */
function plainLoads(graph: Graph): Map<string, number> {
  const loads = new Map<string, number>();
  for (const source of graph.ids.keys()) {
    const paths = shortestPaths(graph, source);
    for (const target of graph.ids.keys()) {
      let from = source;
      for (const to of pathTo(paths, target)) {
        loads.set(`${from}>${to}`, (loads.get(`${from}>${to}`) ?? 0) + 1);
        from = to;
      }
    }
  }
  return loads;
}

function loadsByName(graph: Graph, loads: Float64Array): Map<string, number> {
  const named = new Map<string, number>();
  for (const [arc, load] of loads.entries()) {
    if (load !== 0) named.set(`${graph.targets[graph.opposite[arc]!]}>${graph.targets[arc]}`, load);
  }
  return named;
}

/** Two rings of four, joined by one link: nodes 0 to 3 and 4 to 7. */
const twoRings: Network = {
  count: 8,
  edges: [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 0],
    [4, 5],
    [5, 6],
    [6, 7],
    [7, 4],
    [0, 4],
  ].map(([a, b]) => ({ a: a!, b: b!, cost: 10 })),
};

function geometric(count: number, seed: number): Network {
  const random = seededRandom(seed);
  const places = Array.from({ length: count }, () => [random.next(), random.next()] as const);
  const radius = Math.sqrt(9 / (Math.PI * count));
  const edges: Network['edges'] = [];
  for (const [a, [x, y]] of places.entries()) {
    for (const [b, [u, v]] of places.slice(0, a).entries()) {
      const distance = Math.hypot(x - u, y - v);
      if (distance < radius) edges.push({ a, b, cost: 10 + Math.round((20 * distance) / radius) });
    }
  }
  return { count, edges };
}

describe('Single points of failure', () => {
  it('are the nodes and links whose loss leaves more parts, with what they cut off', () => {
    fc.assert(
      fc.property(networks({ maxNodes: 11, maxEdges: 16 }), (network) => {
        const lists = listsOf(network);
        const graph = graphOf(network);
        const whole = parts(lists);
        const cuts = findCuts(graph);
        expect([...cuts.parts].sort((a, b) => b - a)).toEqual(whole);
        const cutting = new Map(cuts.nodes.map(({ node, cutsOff }) => [nameOf(node), cutsOff]));
        for (const { origin, links } of lists) {
          const left = parts(lists.filter((list) => list.origin !== origin));
          expect(cutting.has(origin)).toBe(left.length > whole.length - (links.size === 0 ? 1 : 0));
        }
        const bridges = new Set(cuts.links.map(({ arc }) => arc));
        for (let arc = 0; arc < graph.targets.length; arc++) {
          const back = graph.opposite[arc]!;
          if (arc > back) continue;
          const costs = graph.costs.slice();
          costs[arc] = costs[back] = Number.POSITIVE_INFINITY;
          const apart = shortestPaths({ ...graph, costs }, graph.targets[back]!).parent[graph.targets[arc]!] === -1;
          expect(bridges.has(arc) || bridges.has(back)).toBe(apart);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('count what is cut off', () => {
    const cuts = findCuts(graphOf(twoRings));
    expect(cuts.nodes).toEqual([
      { node: 0, cutsOff: 3 },
      { node: 4, cutsOff: 3 },
    ]);
    expect(cuts.links.map(({ cutsOff }) => cutsOff)).toEqual([4]);
  });
});

describe('A traffic shard', () => {
  it('has the loads of all shortest paths, also after changes of cost, however the sources are split', () => {
    const changes = fc.array(fc.record({ arc: fc.nat(), cost: fc.integer({ min: 1, max: 9 }) }), { maxLength: 5 });
    fc.assert(
      fc.property(networks({ minNodes: 2, maxNodes: 10, mostCost: 5 }), changes, (network, wanted) => {
        const graph = graphOf(network);
        fc.pre(graph.targets.length > 0);
        const half = network.count >> 1;
        const shards = [
          new TrafficShard({ graph, from: 0, to: half, traffic: undefined, trying: true }),
          new TrafficShard({ graph, from: half, to: network.count, traffic: undefined, trying: true }),
        ];
        const costs = [...new Map(wanted.map(({ arc, cost }) => [arc % graph.targets.length, cost]))];
        const [first, second] = shards.map((shard) => shard.loads(costs.map(([arc, cost]) => ({ arc, cost }))));
        for (const [arc, cost] of costs) graph.costs[arc] = cost;
        const total = first!.map((load, arc) => load + second![arc]!);
        expect(loadsByName(graph, total)).toEqual(plainLoads(graph));
      }),
      { numRuns: 150 },
    );
  });

  it('weighs paths by measured traffic', () => {
    const graph = graphOf({ count: 3, edges: [0, 1].map((a) => ({ a, b: a + 1, cost: 1 })) });
    const traffic = new Float64Array(9);
    traffic[2] = 7;
    const loads = new TrafficShard({ graph, from: 0, to: 3, traffic, trying: false }).loads([]);
    expect(loadsByName(graph, loads)).toEqual(
      new Map([
        ['0>1', 7],
        ['1>2', 7],
      ]),
    );
  });
});

describe('PARLMeshOptimizer', () => {
  it('names busiest links, single points of failure, and better costs', async () => {
    const plan = await optimizer().plan(graphOf(twoRings), 1);
    expect(plan).toMatchObject({ nodes: 8, links: 9, traffic: 'uniform', threads: 1 });
    expect(plan.busiest[0]).toEqual({ a: nameOf(0), b: nameOf(4), load: 32, share: 32 / 56 });
    expect(plan.cutNodes.map(({ node }) => node)).toEqual([nameOf(0), nameOf(4)]);
    expect(plan.cutLinks).toEqual([{ a: nameOf(0), b: nameOf(4), cutsOff: 4 }]);
  });

  it('finds costs that lower the highest load, the same ones at each run, and its word holds', async () => {
    const graph = graphOf(geometric(120, 3));
    const plan = await optimizer(1).plan(graph, 1);
    expect(plan.weights.improved).toBeLessThan(plan.weights.maximum);
    expect(await optimizer(1).plan(graph, 1)).toEqual(plan);
    const costs = plan.weights.changes.map(({ a, b, better }) => {
      const [from, to] = [graph.index.get(a)!, graph.index.get(b)!];
      return { arc: graph.targets.indexOf(to, graph.offsets[from]), cost: better };
    });
    const loads = new TrafficShard({ graph, from: 0, to: 120, traffic: undefined, trying: true }).loads(costs);
    const bridges = new Set(findCuts(graph).links.flatMap(({ arc }) => [arc, graph.opposite[arc]!]));
    expect(Math.max(...loads.map((load, arc) => (bridges.has(arc) ? 0 : load)))).toBe(plan.weights.improved);
  });

  it('answers the same from several threads', async () => {
    const graph = graphOf(geometric(100, 5));
    const [one, two] = [await optimizer(1).plan(graph, 1), await optimizer(2).plan(graph, 1)];
    expect(two).toEqual({ ...one, threads: 2 });
  });

  it('plans a network without links or nodes', async () => {
    expect(await optimizer().plan(buildGraph([]), 1)).toMatchObject({ nodes: 0, links: 0, busiest: [] });
    expect(await optimizer().plan(graphOf({ count: 1, edges: [] }), 2)).toMatchObject({ nodes: 0, cutNodes: [] });
  });

  it('rejects what it was computing when it is stopped', async () => {
    const one = optimizer();
    const plan = one.plan(graphOf(geometric(400, 7)), 1);
    const outcome = expect(plan).rejects.toMatchObject({ code: 'PLAN_FAILED' });
    await one.stop();
    await outcome;
  });
});
