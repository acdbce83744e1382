// Shortest paths in full and incrementally, the whole router, and the plan of a network, on random geometric networks;
// beside graphology, networkx, scipy and a plain sequential run. Seconds of processor time, but for the whole plan: there a
// busy machine counts.
//
//   npm run -s bench -- routing --json [--no-peers]

import { type Random, seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';
import { buildGraph, type Graph } from '../../mesh/routing/graph.ts';
import { MeshRouter } from '../../mesh/routing/mesh-router.ts';
import { PathTree } from '../../mesh/routing/path-tree.ts';
import { shortestPaths } from '../../mesh/routing/shortest-paths.ts';
import { geometric, nameOf } from './networks.ts';
import { Peers } from './peers.ts';
import { measurePlan } from './plan.ts';
import { beside, cpuSeconds, report } from './report.ts';

const SIZES = [100, 1000, 5000];
/** Computations that are averaged, by size. */
const ROUNDS: Record<number, number> = { 100: 5000, 1000: 500, 5000: 50 };
const CHANGES = 10_000;
const ROUTER_CHANGES = 500;
/** Whole plans by number of threads, of which the median counts. */
const PLANS = 5;

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
      report(scenario, 'full', full, beside(peer, measured.seconds, full));
    }
  }
  for (const kind of ['any', 'in use'] as const) {
    const incremental = incrementalSeconds(graph, seededRandom(2), kind);
    report(scenario, `incremental, a link (${kind})`, incremental, beside('full', full, incremental));
  }
  const router = routerSeconds(lists, seededRandom(4));
  report(scenario, 'router with backups, first', router.first);
  report(scenario, 'router with backups, a link (any)', router.change);
}
await measurePlan(peers, PLANS);
peers?.close();
