// One simulated network: convergence, messages, time and memory.

import { parseArgs } from 'node:util';
import { seededRandom } from '../../core/random.ts';
import { inAreas } from '../../mesh/simulator/areas.ts';
import { simulate } from '../../mesh/simulator/simulate.ts';
import { makeTopology } from '../../mesh/simulator/topologies.ts';
import { note, Report } from '../rig/report.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    'compute-period': { type: 'string', default: '20' },
    json: { type: 'boolean' },
    areas: { type: 'string', default: '1' },
    cold: { type: 'boolean', default: false },
  },
});
const report = new Report('simulator');
const seed = Number(values.seed);
const [count, areas] = [Number(values.nodes), Number(values.areas)];
const wiring = makeTopology('geometric', count, seededRandom(seed));
const startedAt = performance.now();
const { report: found } = await simulate(
  {
    seed,
    wiring: areas > 1 ? inAreas(wiring, areas) : wiring,
    cold: values.cold || areas > 1,
    delay: { kind: 'uniform', from: 1, to: 10 },
    jitter: 0,
    loss: 0,
    failLinks: 0.05,
    churn: 0,
    partition: false,
    skew: 0,
    byzantine: [],
    within: 60_000,
    computePeriod: Number(values['compute-period']),
  },
  (event) => note(`${count} nodes: ${event}`),
);
const wall = (performance.now() - startedAt) / 1000;
const divided = areas > 1 ? ` in ${areas} areas` : '';
const name = `geometric, ${count} nodes${divided}, 5 % of links fail`;
const tell = (metric: string, value: number, unit: string): void =>
  report.tell('parlmesh', { case: name, metric, value, unit });
for (const { event, convergence_seconds, messages_per_node, bytes_per_node } of found.trials) {
  tell(`convergence after ${event}`, convergence_seconds ?? -1, 's');
  tell(`messages a node after ${event}`, messages_per_node, 'messages');
  tell(`bytes a node after ${event}`, bytes_per_node, 'B');
}
tell('unreachable pairs', found.unreachable_pairs, 'pairs');
tell('violated assertions', found.violated.length, 'assertions');
tell('wall time', wall, 's');
tell('events', found.events / wall, '1/s');
tell('most memory', process.resourceUsage().maxRSS * 1024, 'B');
