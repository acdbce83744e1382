// Real nodes on a sparse network of network namespaces, with boards that die and cables that are cut all the time: does
// memory stay flat on the nodes that live through it, do files stay closed, is every route there at the end? Needs root.
//
//   npm run -s bench -- soak --json [--nodes 25] [--minutes 30] [--degree 4] [--seed 1]

import { readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../core/random.ts';
import type { LocalNode } from '../../daemon/cli/local-node.ts';
import { NamespaceRig } from '../rig/namespaces.ts';
import { enrolAll, startAll, untilRouted } from '../rig/parlmesh-network.ts';
import { monotonic } from '../rig/processes.ts';
import { note, Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { daemonsOf } from '../route-healing/parlmesh-daemons.ts';
import { Churn } from './churn.ts';
import { sparse } from './sparse.ts';
import { type Sample, slopePerMinute } from './trend.ts';

const SAMPLE_EVERY = 5000;
/** Of the time, before the heap and the tables have their size. */
const WARM_UP = 0.2;
/** After the churn, until all is whole again. */
const RECOVERY_LIMIT = 120_000;
/** Nodes that are left alone: memory is only told by a process that lives long. */
const STEADY_SHARE = 1 / 3;
const PAGE_KILOBYTES = 4;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    nodes: { type: 'string', default: '25' },
    minutes: { type: 'string', default: '30' },
    degree: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
  },
});
const count = Number(values.nodes);
const minutes = Number(values.minutes);
const random = seededRandom(Number(values.seed));
const output = new Report('soak');

interface Watched {
  node: LocalNode;
  /** Kilobytes. */
  memory: Sample[];
  files: Sample[];
}

function look({ node, memory, files }: Watched): void {
  const at = monotonic();
  const [, pages] = readFileSync(`/proc/${node.pid}/statm`, 'utf8').split(' ');
  memory.push({ at, value: Number(pages) * PAGE_KILOBYTES });
  files.push({ at, value: readdirSync(`/proc/${node.pid}/fd`).length });
}

async function missingRoutes(nodes: readonly LocalNode[]): Promise<number> {
  await untilRouted(nodes, nodes.length - 1, RECOVERY_LIMIT).catch(({ message }) => note(message));
  const known = await Promise.all(nodes.map(async (node) => (await node.get<unknown[]>('routes')).length));
  return known.reduce((sum, routes) => sum + nodes.length - 1 - routes, 0);
}

function tell(watched: readonly Watched[], since: number, missing: number, churn: Churn): void {
  const after = (samples: readonly Sample[]): Sample[] => samples.filter(({ at }) => at >= since);
  const slopes = watched.map(({ memory }) => slopePerMinute(after(memory)));
  const files = watched.map((one) => {
    const counts = after(one.files);
    const quarter = Math.max(1, Math.floor(counts.length / 4));
    const middle = (part: readonly Sample[]): number =>
      percentile(
        part.map(({ value }) => value),
        50,
      );
    return middle(counts.slice(-quarter)) - middle(counts.slice(0, quarter));
  });
  const name = `${count} nodes, ${minutes} minutes of churn`;
  const how = { ...churn.counts, steadyNodes: watched.length, load: Number(loadavg()[0]!.toFixed(1)) };
  const peak = Math.max(...watched.flatMap(({ memory }) => memory.map(({ value }) => value)));
  const result = (metric: string, value: number, unit: string, target?: number): void =>
    output.tell('parlmesh', { case: name, metric, value, unit, ...(target !== undefined && { target }) }, how);
  result('memory slope, median node', percentile(slopes, 50), 'kB/min');
  result('memory slope, worst node', Math.max(...slopes), 'kB/min');
  result('memory, most', peak / 1000, 'MB');
  result('open files, growth of the worst node', Math.max(...files), '1', 8);
  result('routes missing at the end', missing, '1', 0);
}

async function soak(): Promise<void> {
  await using rig = await NamespaceRig.build(sparse(count, Number(values.degree), random));
  const nodes = daemonsOf(rig);
  await using _ = {
    [Symbol.asyncDispose]: async () => void (await Promise.all(nodes.map((one) => one.stop('SIGKILL')))),
  };
  await enrolAll(nodes);
  await startAll(nodes);
  await untilRouted(nodes);
  const steady = nodes.filter((_node, index) => index < Math.max(1, count * STEADY_SHARE));
  const watched = steady.map((node): Watched => ({ node, memory: [], files: [] }));
  const churn = new Churn(rig, nodes.slice(steady.length), random);
  const began = monotonic();
  const sampling = setInterval(() => watched.forEach(look), SAMPLE_EVERY);
  const over = setTimeout(() => churn.stop(), minutes * 60_000);
  note(`${count} nodes are connected over ${rig.topology.cables.length} cables; ${minutes} minutes of churn begin`);
  try {
    await churn.run();
  } finally {
    clearInterval(sampling);
    clearTimeout(over);
  }
  const missing = await missingRoutes(nodes);
  tell(watched, began + WARM_UP * minutes * 60_000, missing, churn);
  if (missing > 0) process.exitCode = 1;
}

const obstacle = NamespaceRig.obstacle();
if (obstacle === undefined) await soak();
else {
  note(`soak cannot run: ${obstacle}`);
  process.exitCode = 1;
}
