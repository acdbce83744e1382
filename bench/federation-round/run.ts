// Rounds of the federation: 20,000 numbers from 10, 100 and 1,000 nodes. What a round takes without training, bytes of the
// coordinator and of a node, memory; beside a plain coordinator that asks one node after the other. 10 nodes are real
// processes on a mesh; 100 and 1,000 share one process, their ways and training are simulated, and all that they do besides
// (fetch, pack, sign) is in the time of the round. The aggregation of the round beside numpy: `federation-robust`.
//
//   npm run -s bench -- federation-round --json [--nodes 10,100,1000] [--size 20000] [--rounds 3] [--processes 4,10] [--wait 2]

import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { note, Report } from '../rig/report.ts';
import { aggregationBesideNumpy } from './numpy.ts';
import { realRounds } from './real.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    nodes: { type: 'string', default: '10,100,1000' },
    size: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    processes: { type: 'string', default: '4,10' },
    wait: { type: 'string', default: '2' },
  },
});
const report = new Report('federation-round');
const GOALS: Record<string, number> = { 100: 1, 1000: 5 };
const load = () => ({ load: Number(loadavg()[0]!.toFixed(1)) });
const listed = (text: string): string[] => text.split(',').filter((part) => part !== '');
const PLAIN = 'plain sequential coordinator';

interface Simulated {
  seconds: number;
  processor: number;
  own: number;
  plain: number;
  plainProcessor: number;
  received: number;
  sent: number;
  member: number;
  memory: number;
}

function simulated(nodes: string, mode: 'direct' | 'regions', wait = '0'): Simulated {
  const script = join(import.meta.dirname, 'simulated.ts');
  const args = [script, nodes, values.size, wait, values.rounds, mode];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
}

for (const nodes of listed(values.nodes)) {
  for (const mode of Number(nodes) >= 100 ? (['direct', 'regions'] as const) : (['direct'] as const)) {
    const round = simulated(nodes, mode);
    const name = `${nodes} nodes × ${values.size}, simulated ways${mode === 'regions' ? ', in regions' : ''}`;
    const simulation = { simulated: ['transport', 'training'], ...load() };
    const goal = mode === 'direct' ? GOALS[nodes] : undefined;
    const tell = (metric: string, value: number, unit: string, target?: number): void =>
      report.tell('parlmesh', { case: name, metric, value, unit, ...(target !== undefined && { target }) }, simulation);
    tell('round without training, all nodes in one process', round.seconds, 's', goal);
    report.tell(
      PLAIN,
      { case: name, metric: 'round without training, all nodes in one process', value: round.plain, unit: 's' },
      simulation,
    );
    const processor = 'processor time of that round, of all nodes';
    tell(processor, round.processor, 's', goal);
    report.tell(PLAIN, { case: name, metric: processor, value: round.plainProcessor, unit: 's' }, simulation);
    tell('of the round: packing and signing by the nodes, here after one another', round.own, 's');
    tell('received by the coordinator', round.received / 1e6, 'MB');
    tell('sent by the coordinator', round.sent / 1e6, 'MB');
    tell('sent and received by a node (median)', round.member / 1e3, 'kB');
    tell('memory of the process with all nodes', round.memory / 1e6, 'MB');
  }
}
for (const processes of listed(values.processes).map(Number)) {
  const name = `${processes} processes, mesh on loopback, training a wait of ${values.wait} s`;
  const round = await realRounds(processes, Number(values.size), Number(values.wait), Number(values.rounds));
  const result = { case: name, metric: 'round', unit: 's' };
  report.tell('parlmesh', { ...result, value: round.seconds }, load());
  report.tell(PLAIN, { ...result, value: round.plain }, load());
  // What training would take one after the other, in the time of the round: the bound is the number of processes.
  const speedUp = (processes * Number(values.wait)) / round.seconds;
  report.tell('parlmesh', { case: name, metric: 'training, times sequential', value: speedUp, unit: '1' }, load());
  report.tell('parlmesh', { case: name, metric: 'memory of a node', value: round.memory / 1e6, unit: 'MB' }, load());
}
aggregationBesideNumpy(report, listed(values.nodes).map(Number), Number(values.size));
note('done');
process.exit(0);
