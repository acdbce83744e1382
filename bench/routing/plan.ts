// The plan of a network of a thousand nodes: all pairs and loads, and the whole plan by threads, beside a plain sequential
// run of the same search. Both results are stated, and the load of the machine with each wall time.

import { loadavg } from 'node:os';
import { buildGraph, type Graph } from '../../mesh/routing/graph.ts';
import { PARLMeshOptimizer } from '../../mesh/routing/optimizer.ts';
import { TrafficShard } from '../../mesh/routing/traffic-shard.ts';
import { geometric } from './networks.ts';
import type { Peers } from './peers.ts';
import { plainLoads, plainPlan } from './plain-plan.ts';
import { beside, cpuSeconds, report, rounded } from './report.ts';

const NODES = 1000;
const SEED = 1;
const SCENARIO = `plan of ${NODES} nodes`;
/** Seconds, wall. */
const TARGET = 1;

interface Taken {
  wall: number;
  cpu: number;
  maximumAfter: number;
  trials: number;
}

/** @param rounds whole plans, of which the median counts */
export async function measurePlan(peers: Peers | undefined, rounds: number): Promise<void> {
  const lists = geometric(NODES, 1);
  const graph = buildGraph(lists);
  const ours = allPairsSeconds(graph);
  const metric = 'all pairs and loads, one thread';
  report(
    SCENARIO,
    metric,
    ours,
    beside(
      'plain',
      cpuSeconds(() => plainLoads(graph)),
      ours,
    ),
  );
  const peer = 'graphology edge betweenness';
  const betweenness = peers?.measureBetweenness(lists);
  if (betweenness !== undefined && 'skipped' in betweenness) console.error(`${peer}: skipped: ${betweenness.skipped}`);
  else if (betweenness !== undefined) report(SCENARIO, metric, ours, beside(peer, betweenness.seconds, ours));
  const [one, two] = [await planned(graph, 1, rounds), await planned(graph, 2, rounds)];
  const plain = await taken(async () => plainPlan(graph, SEED, one.trials));
  for (const [threads, run] of [one, two].entries()) {
    const { wall, cpu, maximumAfter, trials } = run;
    const load = rounded(loadavg()[0]!);
    report(SCENARIO, `whole plan, threads: ${threads + 1}`, wall, {
      ...beside('plain sequential', plain.wall, wall),
      ...{ target: TARGET, trials, load, maximumLoadAfter: rounded(maximumAfter) },
      peerMaximumLoadAfter: rounded(plain.maximumAfter),
    });
    report(SCENARIO, `processor time of it, threads: ${threads + 1}`, cpu, beside('plain sequential', plain.cpu, cpu));
  }
  report(SCENARIO, 'whole plan, threads: 2', two.wall, beside('one thread', one.wall, two.wall));
}

/** When it is warm, as the peers are. */
function allPairsSeconds(graph: Graph): number {
  const setup = { graph, from: 0, to: NODES, demand: undefined, trying: false };
  const all = (): unknown => new TrafficShard({ ...setup, loads: new Float64Array(graph.targets.length) });
  all();
  return cpuSeconds(all);
}

async function planned(graph: Graph, threads: number, rounds: number): Promise<Taken> {
  const runs: Taken[] = [];
  for (let round = 0; round < rounds; round++) {
    const optimizer = new PARLMeshOptimizer({ threads, seed: SEED });
    runs.push(await taken(async () => (await optimizer.plan('1', () => ({ graph }))).weights));
  }
  return runs.sort((a, b) => a.wall - b.wall)[runs.length >> 1]!;
}

async function taken(run: () => Promise<{ maximum: number; improved: number; trials: number }>): Promise<Taken> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const { maximum, improved, trials } = await run();
  const { user, system } = process.cpuUsage(before);
  return {
    wall: (performance.now() - start) / 1000,
    cpu: (user + system) / 1e6,
    maximumAfter: improved / maximum,
    trials,
  };
}
