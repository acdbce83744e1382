// What secure aggregation costs a node and the coordinator, and clipping with noise beside it: bytes, and processor time, so
// that other load on the machine counts little. Groups of 8, 16 and 32, with nobody or with the most who may vanish.
//
//   npm run -s bench -- federation-secure --json [--size 20000] [--rounds 3]

import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { protectUpdate } from '../../agents/federation/privacy/clip-and-noise.ts';
import { thresholdOf } from '../../agents/federation/secure/messages.ts';
import { playRound, secureNetwork, type VanishesAt } from '../../test/agents/federation/secure/nodes.ts';
import { Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    size: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
  },
});
const [size, rounds] = [Number(values.size), Number(values.rounds)];
const report = new Report('federation-secure');
const median = (of: number[]): number => percentile(of, 50);
const delta = new Float32Array(size).fill(0.001);
const input = protectUpdate(delta, { clip: 1, noise: 0 }, randomBytes).steps;

/** Of one round: bytes are those of the median node, times in ms. */
function roundOf(nodes: number, vanished: number) {
  const network = secureNetwork({ nodes, size, input: () => input });
  const gone = new Map<string, VanishesAt>([...network.nodes.keys()].slice(0, vanished).map((id) => [id, 'masked']));
  const { groups, bytes, spent } = playRound(network, gone);
  if (groups[0]?.kind !== 'summed') throw new Error('the group came to no sum');
  const stayed = [...network.nodes.keys()].filter((id) => !gone.has(id));
  return {
    'sent by a node': median(stayed.map((id) => bytes.get(id)!.sent)),
    'received by a node': median(stayed.map((id) => bytes.get(id)!.received)),
    'processor time of a node': median(stayed.map((id) => spent.get(id)!)),
    'processor time of the coordinator': spent.get('coordinator')! + spent.get('unmasking')!,
    'of it, unmasking': spent.get('unmasking')!,
  };
}

for (const nodes of [8, 16, 32]) {
  for (const vanished of [0, nodes - thresholdOf(nodes)]) {
    roundOf(nodes, vanished); // Warms up.
    const measured = Array.from({ length: rounds }, () => roundOf(nodes, vanished));
    const name = `group of ${nodes}, ${vanished} vanished`;
    for (const metric of Object.keys(measured[0]!) as (keyof (typeof measured)[number])[]) {
      const unit = metric.endsWith('a node') && !metric.startsWith('processor') ? 'B' : 'ms';
      report.tell('parlmesh', { case: name, metric, value: median(measured.map((one) => one[metric])), unit });
    }
  }
}

const times = Array.from({ length: 20 }, () => {
  const begun = process.cpuUsage();
  protectUpdate(delta, { clip: 1, noise: 1 }, randomBytes);
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
});
report.tell('parlmesh', { case: 'clipping and noise', metric: 'processor time', value: median(times), unit: 'ms' });
