// Rounds of many nodes in one process: real coordinator, participants, signatures, codec, rule and store; the ways between
// the nodes are simulated and take no time, and training is a wait. A process of its own for each size, so that memory is its own.
// Prints one JSON object: what `run.ts` reports.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { regionSize } from '../../agents/federation/regional/regions.ts';
import { type SimulatedNetwork, SimulatedNetworks } from '../../agents/federation/simulation/simulated-network.ts';
import { seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { percentile } from '../rig/statistics.ts';
import { BenchKeys, coordinatorOf, participantOf } from './federation-node.ts';
import { measuredRound } from './measured-round.ts';
import { plainRound } from './plain-round.ts';
import { openStore } from './store.ts';

const [count, size, wait, rounds, mode] = process.argv.slice(2);
const [nodes, numbers, seconds] = [Number(count), Number(size), Number(wait)];
const isRegional = mode === 'regions';

const networks = new SimulatedNetworks({
  ...{ clock: systemClock, random: seededRandom(1), delay: () => 0, loss: 0, noticeAfter: 0, syncEvery: 0 },
});
const dataDir = await mkdtemp(join(tmpdir(), 'parlmesh-federation-'));
const store = await openStore(dataDir);
const known = new Map();
const keyed = (): { network: SimulatedNetwork; keys: BenchKeys } => {
  const key = SigningKey.generate();
  return { network: networks.join(key.nodeId), keys: new BenchKeys(key, known) };
};
const lead = keyed();
const leadership = { current: () => ({ node: lead.network.self, term: 1 }), onChange: () => () => {} };
const numberOf = new Map<string, number>();
const town = (id: string): number => Math.floor((numberOf.get(id) ?? 0) / regionSize(nodes));
const { coordinator } = coordinatorOf(
  { ...lead, leadership, size: numbers },
  store.federation,
  isRegional ? (a, b) => 0.001 + 0.01 * Math.abs(town(a) - town(b)) : undefined,
);
const participants = Array.from({ length: nodes }, (_, number) => {
  const member = keyed();
  numberOf.set(member.network.self, number);
  return { ...member, ...participantOf({ ...member, leadership, number, size: numbers, wait: seconds }, isRegional) };
});
// All know each other before anybody speaks.
await new Promise((done) => setImmediate(done));
const { signal } = new AbortController();
await coordinator.start(signal);
for (const { participant } of participants) await participant.start(signal);

const times: Awaited<ReturnType<typeof measuredRound>>[] = [];
const traffic = lead.network.traffic;
let before = { ...traffic };
for (let round = 0; round < Number(rounds); round++) {
  before = { ...traffic };
  times.push(await measuredRound(coordinator, nodes));
}
const member = participants.map(({ network: { traffic: own } }) => own.sent + own.received);
const [received, sent] = [traffic.received - before.received, traffic.sent - before.sent];
const used = process.cpuUsage();
const plain = await plainRound(
  lead.network,
  participants.map(({ keys }) => keys.self),
  lead.keys,
  numbers,
  store.federation,
);
const { user, system } = process.cpuUsage(used);
console.log(
  JSON.stringify({
    plainProcessor: (user + system) / 1e6,
    seconds: percentile(
      times.map((time) => time.seconds),
      50,
    ),
    own: percentile(
      times.map((time) => time.own),
      50,
    ),
    processor: percentile(
      times.map((time) => time.processor),
      50,
    ),
    plain,
    received,
    sent,
    member: percentile(member, 50) / Number(rounds),
    memory: process.resourceUsage().maxRSS * 1024,
  }),
);
await rm(dataDir, { recursive: true, force: true });
process.exit(0);
