// What secure aggregation costs a node and the coordinator: `node test/agents/federation/secure/costs.ts` prints the table of
// docs/federation-privacy.md. Processor time, so that other load on the machine counts little; medians of nodes, the slower of two rounds.

import { randomBytes } from 'node:crypto';
import { protectUpdate } from '../../../../agents/federation/privacy/clip-and-noise.ts';
import { thresholdOf } from '../../../../agents/federation/secure/messages.ts';
import { playRound, secureNetwork, type VanishesAt } from './nodes.ts';

const SIZE = 20_000;
const ROUNDS = 2;

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const input = protectUpdate(new Float32Array(SIZE).fill(0.001), { clip: 1, noise: 0 }, randomBytes).steps;

console.log(
  '| group | vanished | sent by a node, kB | received, kB | node, ms | coordinator, ms | of it unmasking, ms |',
);
for (const size of [8, 16, 32]) {
  for (const vanished of [0, size - thresholdOf(size)]) {
    const rows: { sent: number; received: number; node: number; coordinator: number; unmasking: number }[] = [];
    for (let round = 0; round < ROUNDS + 1; round++) {
      const network = secureNetwork({ nodes: size, size: SIZE, input: () => input });
      const gone = new Map<string, VanishesAt>(
        [...network.nodes.keys()].slice(0, vanished).map((id) => [id, 'masked']),
      );
      const { groups, bytes, spent } = playRound(network, gone);
      if (groups[0]?.kind !== 'summed') throw new Error('no sum');
      if (round === 0) continue; // warm-up
      const stayed = [...network.nodes.keys()].filter((id) => !gone.has(id));
      rows.push({
        sent: median(stayed.map((id) => bytes.get(id)!.sent)),
        received: median(stayed.map((id) => bytes.get(id)!.received)),
        node: median(stayed.map((id) => spent.get(id)!)),
        coordinator: spent.get('coordinator')! + spent.get('unmasking')!,
        unmasking: spent.get('unmasking')!,
      });
    }
    const of = (what: keyof (typeof rows)[number]): number => median(rows.map((row) => row[what]));
    const cells = [
      size,
      vanished,
      (of('sent') / 1000).toFixed(1),
      (of('received') / 1000).toFixed(1),
      of('node').toFixed(1),
    ];
    console.log(`| ${[...cells, of('coordinator').toFixed(0), of('unmasking').toFixed(0)].join(' | ')} |`);
  }
}

const times: number[] = [];
for (let round = 0; round < 20; round++) {
  const begun = process.cpuUsage();
  protectUpdate(new Float32Array(SIZE).fill(0.001), { clip: 1, noise: 1 }, randomBytes);
  const { user, system } = process.cpuUsage(begun);
  times.push((user + system) / 1000);
}
console.log(`clipping and noise of ${SIZE} parameters: ${median(times).toFixed(1)} ms`);
