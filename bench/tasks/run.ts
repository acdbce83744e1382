// Tasks that do nothing or wait, recorded on the disk (and at a deputy where there is one): how many a second, how soon the
// result of one is there, how far the loop is held up; on one node, and across processes on this machine. Beside BullMQ
// and Dask where they are installed (peers.ts), in turns.
//
//   npm run -s bench -- tasks --json [--tasks 10000] [--rounds 3] [--single 300] [--processes 1,2,4]

import { loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { JobSpec } from '../../agents/swarm/job-spec.ts';
import { Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { startSwarm } from '../rig/swarm-processes.ts';
import { type Peer, startPeers } from './peers.ts';
import { carriedOut, type SwarmNode, startNode } from './swarm-node.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    tasks: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    single: { type: 'string', default: '300' },
    processes: { type: 'string', default: '1,2,4' },
  },
});
const report = new Report('tasks');
/** Slots of each node: many, since the tasks only wait. */
const [AGENTS, SLOTS] = [4, 16];
const IN_FLIGHT = { agents: 100, slots: 15, jobs: 10, tasksOfJob: 600, seconds: 0.25 };
let numbered = 0;

const many = (count: number, task: Omit<JobSpec['tasks'][number], 'id'>): JobSpec => ({
  name: 'bench',
  tasks: Array.from({ length: count }, (_, index) => ({ id: `t${index}`, ...task })),
});
const load = () => ({ load: Number(loadavg()[0]!.toFixed(1)) });
const newId = (): string => `bench-${++numbered}`;

async function throughput(node: SwarmNode, peers: readonly Peer[], name: string): Promise<void> {
  const count = Number(values.tasks);
  const rates: number[] = [];
  const beside = peers.map((peer) => ({ peer, rates: [] as number[] }));
  let worst = 0;
  for (let round = 0; round < Number(values.rounds); round++) {
    // A new one each time: one that goes on counts the time in between as a delay.
    const delays = monitorEventLoopDelay({ resolution: 1 });
    delays.enable();
    const began = performance.now();
    const { state } = await carriedOut(node, many(count, { kind: 'nothing', seconds: 0.001 }), newId());
    if (state !== 'succeeded') throw new Error(`the job ${state}`);
    rates.push((count / (performance.now() - began)) * 1000);
    delays.disable();
    worst = Math.max(worst, delays.max / 1e6);
    for (const { peer, rates } of beside) rates.push(await peer.rate(count));
  }
  const result = { case: name, metric: 'durable tasks', unit: '1/s' };
  report.tell('parlmesh', { ...result, value: Math.max(...rates) }, load());
  for (const { peer, rates } of beside) report.tell(peer.name, { ...result, value: Math.max(...rates) }, load());
  report.tell('parlmesh', { case: name, metric: 'worst loop delay', value: worst, unit: 'ms', target: 10 }, load());
}

/** @param where the node that is to carry the task out; any when left out */
async function latency(node: SwarmNode, peers: readonly Peer[], name: string, where?: string): Promise<void> {
  const each: number[] = [];
  const beside = peers.map((peer) => ({ peer, each: [] as number[] }));
  const placed = where === undefined ? {} : { where: { nodes: [where] } };
  const perRound = Math.ceil(Number(values.single) / Number(values.rounds));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (let index = 0; index < perRound; index++) {
      const began = performance.now();
      await carriedOut(node, many(1, { kind: 'nothing', seconds: 0.001, ...placed }), newId());
      each.push(performance.now() - began);
    }
    for (const { peer, each } of beside) each.push(...(await peer.latencies(perRound)));
  }
  for (const percent of [50, 99]) {
    const result = { case: name, metric: `submit to result, p${percent}`, unit: 'ms' };
    const ours = { ...result, value: percentile(each, percent) };
    report.tell('parlmesh', percent === 50 ? { ...ours, target: 2 } : ours, load());
    for (const { peer, each } of beside) {
      report.tell(peer.name, { ...result, value: percentile(each, percent) }, load());
    }
  }
}

async function inFlight(): Promise<void> {
  const { agents, slots, jobs, tasksOfJob, seconds } = IN_FLIGHT;
  const node = await startNode('n0', agents, slots);
  const name = `${agents * slots} in flight, ${agents} agents, ${jobs} jobs`;
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const began = performance.now();
  const spec = many(tasksOfJob, { kind: 'wait', input: { seconds }, seconds });
  const views = await Promise.all(Array.from({ length: jobs }, () => carriedOut(node, spec, newId())));
  const took = (performance.now() - began) / 1000;
  const all = jobs * tasksOfJob;
  const succeeded = views.reduce((sum, { counts }) => sum + (counts.succeeded ?? 0), 0);
  const tell = (metric: string, value: number, unit: string): void =>
    report.tell('parlmesh', { case: name, metric, value, unit }, load());
  tell('succeeded', succeeded / all, '1');
  tell('tasks', all / took, '1/s');
  tell('speed-up', (all * seconds) / took, '1');
  tell('worst loop delay', delays.max / 1e6, 'ms');
  tell('memory', process.memoryUsage().rss / 1e6, 'MB');
  await node.stop();
}

for (const processes of values.processes.split(',').map(Number)) {
  const { node, stop } = await startSwarm(processes, { agents: AGENTS, slotsPerAgent: SLOTS });
  const peers = await startPeers(processes);
  const name = processes === 1 ? 'one node' : `${processes} processes`;
  await throughput(node, peers, name);
  await latency(node, peers, name, processes === 1 ? undefined : 'n1');
  for (const peer of peers) await peer.stop();
  await stop();
}
await inFlight();
process.exit(0);
