// How many times faster jobs are on several nodes than one task after the other: recorded workflows and generated wide jobs,
// carried out for real by tasks that wait, on nodes that are processes of their own with one slot each.
//
//   npm run -s bench -- speed-up --json [--nodes 1,2,4,5,8] [--seconds 4] [--rounds 1] [--jobs NAME,…]

import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { advisor } from '../../agents/parl/advisor.ts';
import type { JobDetailView } from '../../agents/swarm/job-view.ts';
import { note, Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { startSwarm } from '../rig/swarm-processes.ts';
import { carriedOut, type SwarmNode } from '../tasks/swarm-node.ts';
import { closerLeastSeconds, leastSeconds, plannedSeconds } from './bound.ts';
import { type BenchJob, benchJobs } from './jobs.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    nodes: { type: 'string', default: '1,2,4,5,8' },
    /** That five nodes need at least. */
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '1' },
    jobs: { type: 'string' },
  },
});
const report = new Report('speed-up');
const WANTED = { speedUp: 4.5, share: 0.95 };
/** Of the first job of a network, which is not measured: what runs first is compiled first. */
const WARM = { tasks: 50, seconds: 0.01 };
const load = () => ({ load: Number(loadavg()[0]!.toFixed(1)) });

interface Run {
  job: BenchJob;
  nodes: number;
  seconds: number;
}

async function carryOut(node: SwarmNode, { name, spec }: BenchJob, round: string): Promise<number> {
  const began = performance.now();
  const id = `${name.replaceAll(/[^a-z0-9]+/gi, '-')}-${round}`;
  const { state, cause } = await carriedOut(node, spec, id);
  const seconds = (performance.now() - began) / 1000;
  if (state !== 'succeeded') throw new Error(`${name} ${state}: ${cause}`);
  const detail = node.swarm.window.detail(id);
  if (detail !== undefined) note(`  ${name}: ${seconds.toFixed(2)} s; ${delaysOf(detail)}`);
  return seconds;
}

/** Where the time went: ready tasks that were not placed, placed ones that had not begun, and ends that came late. */
function delaysOf({ tasks }: JobDetailView): string {
  const begun: number[] = [];
  const late: number[] = [];
  for (const { startedAt, finishedAt, attempts, expectedSeconds } of tasks) {
    const placedAt = attempts.at(-1)?.placedAt;
    if (startedAt === undefined || finishedAt === undefined || placedAt === undefined) continue;
    begun.push(startedAt - placedAt);
    late.push(finishedAt - startedAt - expectedSeconds * 1000);
  }
  const inWords = (of: readonly number[]): string => `${percentile(of, 50)} / ${percentile(of, 95)} ms`;
  return `placed to begun ${inWords(begun)}, longer than it waits ${inWords(late.map(Math.round))} (p50 / p95)`;
}

function tell({ job: { name, graph }, nodes, seconds }: Run): void {
  const speedUp = graph.work / seconds;
  const inCase = (metric: string, value: number, more: Record<string, unknown> = {}): void =>
    report.tell('parlmesh', { case: `${name}, ${nodes} nodes`, metric, value, unit: '1' }, { ...more, ...load() });
  const planned = plannedSeconds(graph, nodes, advisor);
  inCase('speed-up', speedUp, { bound: rounded(graph.work / leastSeconds(graph, nodes)), seconds: rounded(seconds) });
  inCase('share of the bound', leastSeconds(graph, nodes) / seconds, {
    atLeast: WANTED.share,
    met: leastSeconds(graph, nodes) / seconds >= WANTED.share,
  });
  inCase('share of the closer bound', closerLeastSeconds(graph, nodes) / seconds);
  inCase('share of the plan', planned / seconds, { planReachesOfBound: rounded(leastSeconds(graph, nodes) / planned) });
}

function summarize(runs: readonly Run[]): void {
  for (const nodes of new Set(runs.map((run) => run.nodes))) {
    const these = runs.filter((run) => run.nodes === nodes);
    const mean = (of: (run: Run) => number): number => these.reduce((sum, run) => sum + of(run), 0) / these.length;
    const inAll = (metric: string, value: number, more: Record<string, unknown> = {}): void =>
      report.tell('parlmesh', { case: `all, ${nodes} nodes`, metric, value, unit: '1' }, { ...more, ...load() });
    inAll(
      'share of the bound, mean',
      mean(({ job, seconds }) => leastSeconds(job.graph, nodes) / seconds),
    );
    inAll(
      'share of the closer bound, mean',
      mean(({ job, seconds }) => closerLeastSeconds(job.graph, nodes) / seconds),
    );
    inAll(
      'share of the plan, mean',
      mean(({ job, seconds }) => plannedSeconds(job.graph, nodes, advisor) / seconds),
    );
    const wide = these.filter(({ job }) => job.graph.work / closerLeastSeconds(job.graph, nodes) >= WANTED.speedUp);
    if (wide.length === 0) continue;
    const fast = wide.filter(({ job, seconds }) => job.graph.work / seconds >= WANTED.speedUp);
    inAll(`jobs ${WANTED.speedUp} times faster, of those that can be`, fast.length / wide.length, { of: wide.length });
  }
}

const rounded = (value: number): number => Number(value.toPrecision(4));

const wanted = values.jobs?.split(',');
const all = benchJobs(Number(values.seconds));
const jobs = all.filter(({ name }) => wanted?.includes(name) ?? true);
if (all.every(({ kind }) => kind === 'generated')) note('no recorded workflows: ../shared/data/workflows is missing');
const warm: BenchJob = {
  ...jobs[0]!,
  name: 'warm',
  spec: {
    name: 'warm',
    tasks: Array.from({ length: WARM.tasks }, (_, index) => ({
      ...{ id: `t${index}`, kind: 'wait', input: { seconds: WARM.seconds }, seconds: WARM.seconds },
    })),
  },
};
const runs: Run[] = [];
for (const nodes of values.nodes.split(',').map(Number)) {
  const { node, stop } = await startSwarm(nodes, { agents: 1, slotsPerAgent: 1 });
  note(`${nodes} nodes`);
  await carryOut(node, warm, `warm-${nodes}`);
  for (const job of jobs) {
    const times: number[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      times.push(await carryOut(node, job, `${nodes}-${round}`));
    }
    const run = { job, nodes, seconds: percentile(times, 50) };
    runs.push(run);
    tell(run);
  }
  await stop();
}
summarize(runs);
process.exit(0);
