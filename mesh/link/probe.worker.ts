// The prober's thread: a UDP socket and a clock for `ProbeLoop`. Nothing else runs here, so that neither collected
// garbage nor computing on the main thread delays a probe.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { Clock } from '../../core/clock.ts';
import { sealedProbes } from './probe-datagram.ts';
import { ProbeLoop } from './probe-loop.ts';
import type { Endpoint, ProbeCommand, ProbeReport, ProberSetup } from './probe-messages.ts';

const { timing, address, port }: ProberSetup = workerData;

const clock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (delay, run) => {
    // A timer that fires a fraction early would only have to be set again.
    const timer = setTimeout(run, Math.ceil(delay));
    return { cancel: () => clearTimeout(timer) };
  },
  every: (period, run) => {
    const timer = setInterval(run, period);
    return { cancel: () => clearInterval(timer) };
  },
};

const family = isIPv4(address) ? 4 : 6;
const MAPPED = '::ffff:';

const loop = new ProbeLoop({
  clock,
  random: { next: Math.random, below: (bound) => Math.floor(Math.random() * bound) },
  timing,
  codec: sealedProbes,
  send: (datagram, to) => {
    // What cannot be sent is a lost probe: the loop sees it as silence.
    socket.send(datagram, to.port, family === 6 && isIPv4(to.address) ? MAPPED + to.address : to.address, () => {});
  },
  report,
});
const socket = await bind(port).catch(() => bind(0));
socket.on('message', (datagram, { address: from, port: fromPort }) => {
  loop.receive(datagram, endpoint(from, fromPort));
});
socket.on('error', () => {});
parentPort?.on('message', (command: ProbeCommand) => loop.command(command));
report({ kind: 'ready', port: socket.address().port });

async function bind(wanted: number): Promise<Socket> {
  const bound = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    // Addresses are never names: no look-up, and no tick lost to one.
    lookup: (host, _options, done) => done(null, host, family),
  });
  const listening = once(bound, 'listening');
  bound.bind(wanted, address);
  await listening;
  return bound;
}

function report(message: ProbeReport): void {
  parentPort?.postMessage(message);
}

function endpoint(from: string, fromPort: number): Endpoint {
  return { address: from.startsWith(MAPPED) ? from.slice(MAPPED.length) : from, port: fromPort };
}
