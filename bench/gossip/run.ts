// How soon what one node says is heard by all others: nodes in one process on loopback, all connected, beside gossipsub
// alone on the same libp2p. All share one event loop, so this is the processor's time more than the network's.
//
//   npm run -s bench -- gossip --json [--nodes 25] [--messages 400] [--interval 50]

import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { until } from '../rig/processes.ts';
import { Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import { startBareGossipsub } from './bare-gossipsub.ts';
import { type Delays, Hearings } from './delays.ts';
import type { StartNetwork } from './network.ts';
import { startParlmesh } from './parlmesh.ts';

const output = new Report('gossip');
const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    nodes: { type: 'string', default: '25' },
    messages: { type: 'string', default: '400' },
    /** Milliseconds between messages, each from the next node. */
    interval: { type: 'string', default: '50' },
  },
});
const nodes = Number(values.nodes);
const messages = Number(values.messages);
const interval = Number(values.interval);
/** Milliseconds: after the handshakes, until the nodes have told each other of themselves. */
const SETTLING = 10_000;
const STRAGGLERS = 5000;

/** `busy`: the share of time in which the event loop worked while messages were said; near 1 the delays are its queue. */
async function measure(start: StartNetwork): Promise<Delays & { busy: number }> {
  const hearings = new Hearings(nodes - 1);
  const network = await start(nodes, (message) => hearings.heard(message, performance.now()));
  await sleep(SETTLING);
  const before = performance.eventLoopUtilization();
  for (let message = 0; message < messages; message++) {
    hearings.said(message, performance.now());
    network.publish(message % nodes, message);
    await sleep(interval);
  }
  const busy = performance.eventLoopUtilization(before).utilization;
  await until('every message is heard', STRAGGLERS, () => hearings.complete).catch(() => {});
  await network.stop();
  return { ...hearings.delays(), busy };
}

function tell(subject: string, { each, last, missing, busy }: Delays & { busy: number }): void {
  const of = { case: `${nodes} nodes in one process`, unit: 'ms' };
  const load = { load: Number(loadavg()[0]!.toFixed(1)), busy: Number(busy.toFixed(2)) };
  for (const percent of [50, 99]) {
    output.tell(subject, { ...of, metric: `to each, p${percent}`, value: percentile(each, percent) }, load);
    output.tell(subject, { ...of, metric: `to the last, p${percent}`, value: percentile(last, percent) }, load);
  }
  output.tell(subject, { ...of, metric: 'never heard', value: missing, unit: '1' }, load);
}

tell('parlmesh', await measure(startParlmesh));
tell('gossipsub alone', await measure(startBareGossipsub));
