// Shortest paths in full and incrementally, the whole router, and the plan of a network, on random geometric networks;
// beside graphology, networkx and scipy. Seconds of processor time, but for the plan in threads: a busy machine does not
// count.
//
//   npm run -s bench -- routing --json [--no-peers]

import { availableParallelism } from 'node:os';
import { type Random, seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';
import { buildGraph, type Graph } from '../../mesh/routing/graph.ts';
import { MeshRouter } from '../../mesh/routing/mesh-router.ts';
import { PARLMeshOptimizer } from '../../mesh/routing/optimizer.ts';
import { PathTree } from '../../mesh/routing/path-tree.ts';
import { shortestPaths } from '../../mesh/routing/shortest-paths.ts';
import { TrafficShard } from '../../mesh/routing/traffic-shard.ts';
import { geometric, nameOf } from './networks.ts';
import { Peers } from './peers.ts';

const SIZES = [100, 1000, 5000];
/** Computations that are averaged, by size. */
const ROUNDS: Record<number, number> = { 100: 5000, 1000: 500, 5000: 50 };
const CHANGES = 10_000;
const ROUTER_CHANGES = 500;

function report(scenario: string, metric: string, seconds: number, more: Record<string, unknown> = {}): void {
  console.log(
    JSON.stringify({ bench: 'routing', case: scenario, metric, value: rounded(seconds), unit: 's', ...more }),
  );
}

const rounded = (value: number): number => Number(value.toPrecision(3));

/** Of this thread: what others do on the machine meanwhile does not count. */
function cpuSeconds(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1e6;
}

function fullSeconds(graph: Graph, rounds: number): number {
  const all = (): void => {
    for (let round = 0; round < rounds; round++) shortestPaths(graph, round % graph.ids.length);
  };
  all();
  return cpuSeconds(all) / rounds;
}

/** One link at a time, both ways: fails or changes its cost, and is as before again. Mean of both steps. */
function incrementalSeconds(graph: Graph, random: Random, kind: 'any' | 'in use'): number {
  const tree = PathTree.of(graph, 0);
  const moments: { arcs: [number, number]; cost: number }[] = [];
  while (moments.length < CHANGES) {
    const arc = random.below(graph.targets.length);
    const back = graph.opposite[arc]!;
    if (kind === 'in use' && tree.parent[graph.targets[arc]!] !== graph.targets[back]) continue;
    const cost = random.below(2) === 0 ? Number.POSITIVE_INFINITY : 10 + random.below(190);
    moments.push({ arcs: [arc, back], cost });
  }
  const all = (): void => {
    for (const { arcs, cost } of moments) {
      const before = arcs.map((arc) => ({ arc, before: graph.costs[arc]! }));
      for (const arc of arcs) graph.costs[arc] = cost;
      tree.update(graph, before);
      for (const { arc, before: was } of before) graph.costs[arc] = was;
      tree.update(
        graph,
        arcs.map((arc) => ({ arc, before: cost })),
      );
    }
  };
  all();
  return cpuSeconds(all) / (2 * CHANGES);
}

/** What a node does on a link state: graph, own tree, neighbours' trees, backups, changed routes and their reasons. */
function routerSeconds(lists: ReturnType<typeof geometric>, random: Random): { first: number; change: number } {
  const router = new MeshRouter({ self: nameOf(0), clock: systemClock, nameOf: (id) => id });
  for (const { origin, links } of lists) router.update(origin, links);
  const first = cpuSeconds(() => router.compute());
  const change = cpuSeconds(() => {
    for (let round = 0; round < ROUTER_CHANGES; round++) {
      const { origin, links } = lists[random.below(lists.length)]!;
      const gone = [...links.keys()][random.below(links.size)];
      router.update(origin, new Map([...links].filter(([other]) => other !== gone)));
      router.compute();
      router.update(origin, links);
      router.compute();
    }
  });
  return { first, change: change / (2 * ROUTER_CHANGES) };
}

const peers = process.argv.includes('--no-peers') ? undefined : new Peers();
for (const size of SIZES) {
  const lists = geometric(size, 1);
  const graph = buildGraph(lists);
  const scenario = `${size} nodes`;
  const rounds = ROUNDS[size]!;
  const full = fullSeconds(graph, rounds);
  report(scenario, 'full', full);
  for (const [peer, measured] of Object.entries(peers?.measure(lists, rounds) ?? {})) {
    if ('skipped' in measured) console.error(`${peer} at ${scenario}: skipped: ${measured.skipped}`);
    else {
      const peerValue = rounded(measured.seconds);
      report(scenario, 'full', full, { peer, peerValue, ratio: rounded(measured.seconds / full) });
    }
  }
  for (const kind of ['any', 'in use'] as const) {
    const incremental = incrementalSeconds(graph, seededRandom(2), kind);
    const beside = { peer: 'full', peerValue: rounded(full), ratio: rounded(full / incremental) };
    report(scenario, `incremental, a link (${kind})`, incremental, beside);
  }
  const router = routerSeconds(lists, seededRandom(4));
  report(scenario, 'router with backups, first', router.first);
  report(scenario, 'router with backups, a link (any)', router.change);
}
peers?.close();

const graph = buildGraph(geometric(1000, 1));
const allPairs = cpuSeconds(() => new TrafficShard({ graph, from: 0, to: 1000, traffic: undefined, trying: false }));
report('plan of 1000 nodes', 'all pairs and loads, one thread', allPairs);
let sequential: number | undefined;
for (const threads of new Set([1, 2, availableParallelism()])) {
  const optimizer = new PARLMeshOptimizer({ threads, seed: 1 });
  const start = performance.now();
  const cpu = process.cpuUsage();
  const { weights } = await optimizer.plan(graph, threads);
  const taken = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  sequential ??= taken;
  const beside = threads > 1 && {
    peer: 'one thread',
    peerValue: rounded(sequential),
    ratio: rounded(sequential / taken),
  };
  report('plan of 1000 nodes', `whole plan, threads: ${threads}`, taken, {
    ...beside,
    maximumLoadAfter: rounded(weights.improved / weights.maximum),
  });
  report('plan of 1000 nodes', `processor time of it, threads: ${threads}`, (user + system) / 1e6);
  await optimizer.stop();
}
