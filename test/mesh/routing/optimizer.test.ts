import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { findCuts } from '../../../mesh/routing/cuts.ts';
import { type Demand, demandOf } from '../../../mesh/routing/demand.ts';
import { arcBetween, buildGraph, type Graph } from '../../../mesh/routing/graph.ts';
import type { NetworkPlan } from '../../../mesh/routing/network-plan.ts';
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
const planOf = (graph: Graph, threads?: number): Promise<NetworkPlan> =>
  optimizer(threads).plan('1', () => ({ graph }));
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

/** Source, destination, rate; undefined for the same between all. */
const demands = fc.option(
  fc.uniqueArray(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 }), fc.integer({ min: 1, max: 50 })), {
    maxLength: 12,
    selector: ([from, to]) => 10 * from + to,
  }),
  { nil: undefined },
);

function rateBetween(demand: Demand | undefined, source: number, target: number): number {
  if (demand === undefined) return source === target ? 0 : 1;
  let rate = 0;
  for (let at = demand.offsets[source]!; at < demand.offsets[source + 1]!; at++) {
    if (demand.targets[at] === target) rate += demand.rates[at]!;
  }
  return rate;
}

/** Loads by walking every path, as plain as can be. */
function plainLoads(graph: Graph, demand?: Demand): Map<string, number> {
  const loads = new Map<string, number>();
  for (const source of graph.ids.keys()) {
    const paths = shortestPaths(graph, source);
    for (const target of graph.ids.keys()) {
      const rate = rateBetween(demand, source, target);
      let from = source;
      for (const to of rate === 0 ? [] : pathTo(paths, target)) {
        loads.set(`${from}>${to}`, (loads.get(`${from}>${to}`) ?? 0) + rate);
        from = to;
      }
    }
  }
  return loads;
}

/** Pairs with traffic whose path is another with other costs. */
function plainMoved(graph: Graph, costs: Float64Array, demand?: Demand): number {
  let moved = 0;
  for (const source of graph.ids.keys()) {
    const [before, after] = [shortestPaths(graph, source), shortestPaths({ ...graph, costs }, source)];
    for (const target of graph.ids.keys()) {
      if (rateBetween(demand, source, target) === 0) continue;
      if (pathTo(before, target).join() !== pathTo(after, target).join()) moved++;
    }
  }
  return moved;
}

/** The sources in two halves. */
function shardsOf(graph: Graph, demand?: Demand): TrafficShard[] {
  const count = graph.ids.length;
  const half = count >> 1;
  return [
    { from: 0, to: half },
    { from: half, to: count },
  ].map(
    (share) =>
      new TrafficShard({ ...share, graph, demand, trying: true, loads: new Float64Array(graph.targets.length) }),
  );
}

const loadsOf = ([first, second]: TrafficShard[]): Float64Array =>
  first!.loads.map((load, arc) => load + second!.loads[arc]!);

/** Each arc by the name that its load has. */
const plainNames = ({ targets, opposite }: Graph): Map<string, number> =>
  new Map([...targets.keys()].map((arc) => [`${targets[opposite[arc]!]}>${targets[arc]}`, arc]));

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
  it('has the loads of all shortest paths, through trials of dearer costs that are kept or taken back', () => {
    const trial = fc.record({
      raises: fc.array(fc.record({ arc: fc.nat(), by: fc.integer({ min: 0, max: 9 }) }), { maxLength: 4 }),
      kept: fc.boolean(),
    });
    const trials = fc.array(trial, { maxLength: 6 });
    fc.assert(
      fc.property(networks({ minNodes: 2, maxNodes: 10, mostCost: 5 }), demands, trials, (network, rates, wanted) => {
        const graph = graphOf(network);
        fc.pre(graph.targets.length > 0);
        const demand =
          rates &&
          demandOf(network.count, (source) =>
            rates.filter(([from]) => from === source % 10).map(([, to, rate]) => [to % network.count, rate]),
          );
        const shards = shardsOf(graph, demand);
        const costs = graph.costs.slice();
        let takeBack = false;
        for (const { raises, kept } of wanted) {
          const tried = costs.slice();
          for (const { arc, by } of raises) tried[arc % tried.length]! += by;
          const raised = [...tried.keys()].filter((arc) => tried[arc] !== costs[arc]);
          const job = { kind: 'raise', costs: raised.map((arc) => ({ arc, cost: tried[arc]! })), takeBack } as const;
          for (const shard of shards) shard.run(job);
          expect(loadsByName(graph, loadsOf(shards))).toEqual(plainLoads({ ...graph, costs: tried }, demand));
          if (kept) costs.set(tried);
          takeBack = !kept;
        }
        for (const shard of shards) shard.run({ kind: 'raise', costs: [], takeBack });
        expect(loadsByName(graph, loadsOf(shards))).toEqual(plainLoads({ ...graph, costs }, demand));
        const moved = shards.map((shard) => shard.run({ kind: 'compare' }));
        expect(moved.reduce((sum, { pairs }) => sum + pairs, 0)).toBe(plainMoved(graph, costs, demand));
      }),
      { numRuns: 300 },
    );
  });

  it('weighs paths by measured traffic', () => {
    const graph = graphOf({ count: 3, edges: [0, 1].map((a) => ({ a, b: a + 1, cost: 1 })) });
    const demand = demandOf(3, (source) => (source === 0 ? [[2, 7]] : []));
    expect(loadsByName(graph, loadsOf(shardsOf(graph, demand)))).toEqual(
      new Map([
        ['0>1', 7],
        ['1>2', 7],
      ]),
    );
  });
});

describe('PARLMeshOptimizer', () => {
  it('names busiest links, single points of failure, and better costs', async () => {
    const plan = await planOf(graphOf(twoRings));
    expect(plan).toMatchObject({ nodes: 8, links: 9, traffic: 'uniform', threads: 1 });
    expect(plan.busiest[0]).toEqual({ a: nameOf(0), b: nameOf(4), load: 32, share: 32 / 56, planned: 32 });
    expect(plan.cutNodes.map(({ node }) => node)).toEqual([nameOf(0), nameOf(4)]);
    expect(plan.cutLinks).toEqual([{ a: nameOf(0), b: nameOf(4), cutsOff: 4 }]);
  });

  it('finds costs that lower the highest load, the same ones at each run, and its word holds', async () => {
    const graph = graphOf(geometric(120, 3));
    const plan = await planOf(graph, 1);
    const { changes, maximum, improved, moved, meanCost } = plan.weights;
    expect(improved).toBeLessThan(0.9 * maximum);
    expect(await planOf(graph, 1)).toEqual(plan);
    const costs = graph.costs.slice();
    for (const { a, b, cost, better } of changes) {
      const arc = arcBetween(graph, a, b)!;
      expect(cost).toBe(graph.costs[arc]);
      expect(better).toBeGreaterThan(cost);
      expect(better).toBeLessThanOrEqual(4 * cost);
      costs[arc] = better;
    }
    const loads = plainLoads({ ...graph, costs });
    const bridges = new Set(findCuts(graph).links.flatMap(({ arc }) => [arc, graph.opposite[arc]!]));
    const movable = [...plainNames(graph)].filter(([, arc]) => !bridges.has(arc)).map(([name]) => loads.get(name) ?? 0);
    expect(Math.max(...movable)).toBe(improved);
    expect(moved.pairs).toBe(plainMoved(graph, costs));
    expect(meanCost.after).toBeGreaterThanOrEqual(meanCost.before);
    const sent = 120 * 119;
    const paid = [...plainNames(graph)].reduce(
      (sum, [name, arc]) => sum + (loads.get(name) ?? 0) * graph.costs[arc]!,
      0,
    );
    expect(meanCost.after).toBeCloseTo(paid / sent);
  });

  it('relieves what measured traffic crowds, by the speed of the links', async () => {
    // A square: 0 sends to 2 over 1, as 3 is a little dearer, and 1 sends to 2 as well.
    const graph = graphOf({
      count: 4,
      edges: [
        { a: 0, b: 1, cost: 10 },
        { a: 1, b: 2, cost: 10 },
        { a: 0, b: 3, cost: 10.5 },
        { a: 3, b: 2, cost: 10.5 },
      ],
    });
    const demand = demandOf(4, (source) => (source === 0 ? [[2, 600]] : source === 1 ? [[2, 500]] : []));
    const capacities = new Float64Array(graph.targets.length).fill(1000);
    const plan = await optimizer().plan('1', () => ({ graph, demand, capacities }));
    expect(plan).toMatchObject({ traffic: 'measured', capacities: 'known' });
    expect(plan.weights).toMatchObject({ maximum: 1.1, improved: 0.6, moved: { pairs: 1, share: 600 / 1100 } });
    expect(plan.busiest[0]).toMatchObject({ load: 1100, planned: 500, share: 1 });
  });

  it('answers the same from several threads', async () => {
    const graph = graphOf(geometric(100, 5));
    const [one, two] = [await planOf(graph, 1), await planOf(graph, 2)];
    expect(two).toEqual({ ...one, threads: 2 });
  });

  it('computes one plan at a time, and none anew for the same version', async () => {
    const graph = graphOf(geometric(100, 5));
    const one = optimizer();
    const plan = one.plan('1', () => ({ graph }));
    expect(one.plan('2', () => ({ graph }))).toBe(plan);
    await plan;
    expect(one.plan('1', () => ({ graph }))).toBe(plan);
    expect(one.plan('2', () => ({ graph }))).not.toBe(plan);
  });

  it('plans a network without links or nodes', async () => {
    expect(await planOf(buildGraph([]))).toMatchObject({ nodes: 0, links: 0, busiest: [] });
    expect(await planOf(graphOf({ count: 1, edges: [] }))).toMatchObject({ nodes: 0, cutNodes: [] });
  });

  it('rejects what it was computing when it is stopped', async () => {
    const one = optimizer();
    const plan = one.plan('1', () => ({ graph: graphOf(geometric(400, 7)) }));
    const outcome = expect(plan).rejects.toMatchObject({ code: 'PLAN_FAILED' });
    await one.stop();
    await outcome;
  });
});
