// What link probes cost while nothing happens, and how soon a silent peer is seen.
//
//   npm run -s bench -- link-probes --json [--presets wired,wifi,sparse] [--peers 3] [--seconds 20] [--cuts 20]
//
// The peers are processes of their own; a cut is one of them frozen (SIGSTOP). The time is taken from the signal until
// the main thread hears of it. What a node without probes uses is subtracted from the cost: the clock is an idle process.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { create } from '@bufbuild/protobuf';
import { silentLogger } from '../../core/logger.ts';
import { systemClock } from '../../daemon/clock.ts';
import { linkTiming } from '../../mesh/link/presets.ts';
import { Prober } from '../../mesh/link/prober.ts';
import { ProbeOfferSchema } from '../../mesh/wire/generated/parlmesh_pb.ts';
import { Report } from '../rig/report.ts';
import { percentile } from '../rig/statistics.ts';
import type { Offer, PeerCommand, Preset } from './messages.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    presets: { type: 'string', default: 'wired,wifi,sparse' },
    peers: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '20' },
    cuts: { type: 'string', default: '20' },
  },
});
const report = new Report('link-probes');
const peerCount = Number(values.peers);
const seconds = Number(values.seconds);

for (const preset of values.presets.split(',')) await measure(preset as Preset, Number(values.cuts));

async function measure(preset: Preset, cuts: number): Promise<void> {
  const timing = linkTiming({ preset });
  const children = new Map<string, ChildProcess>();
  const states = new Map<string, string>();
  let changed = (): void => {};
  const prober = new Prober({
    self: 'parent',
    timing,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    port: 0,
    clock: systemClock,
    logger: silentLogger,
    send: (peer, { kind }) => {
      if (kind.case !== 'probeOffer') return false;
      const offer: PeerCommand = { ...kind.value, share: Buffer.from(kind.value.share).toString('base64') };
      return children.get(peer)?.send(offer) ?? false;
    },
    changed: (peer, probed) => {
      states.set(peer, probed?.state.kind ?? 'none');
      changed();
    },
  });
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      changed = () => {
        if (holds()) resolve();
      };
      changed();
    });
  prober.start([]);
  for (let at = 0; at < peerCount; at++) {
    const name = `peer${at}`;
    const child = fork(join(import.meta.dirname, 'peer.ts'), [name, preset]);
    children.set(name, child);
    child.on('message', (offer: Offer) => {
      const share = Buffer.from(offer.share, 'base64');
      prober.hear(name, create(ProbeOfferSchema, { ...offer, share }));
    });
    prober.add(name, '/ip4/127.0.0.1/tcp/1');
  }
  const everybody = (state: string) => () =>
    children.size === [...states.values()].filter((one) => one === state).length;
  await until(everybody('up'));
  await sleep(2000);

  const before = process.cpuUsage();
  const from = performance.now();
  await sleep(seconds * 1000);
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 1000 / (performance.now() - from);
  const scenario = `${preset}, ${peerCount} peers`;
  report.tell('parlmesh', {
    case: scenario,
    metric: 'share of a core while idle',
    value: share,
    unit: '1',
    target: 0.02,
  });

  const times: number[] = [];
  for (let cut = 0; cut < cuts; cut++) {
    const name = `peer${cut % peerCount}`;
    const at = performance.now();
    children.get(name)?.kill('SIGSTOP');
    await until(() => states.get(name) === 'down');
    times.push(performance.now() - at);
    children.get(name)?.kill('SIGCONT');
    await until(everybody('up'));
    // Long enough that a doubt about this node itself is forgotten.
    await sleep(Math.max(2500, timing.interval * 3));
  }
  const target = timing.interval * timing.detectMultiplier + 50;
  for (const percent of [50, 95]) {
    const value = percentile(times, percent);
    report.tell('parlmesh', { case: scenario, metric: `silent peer seen, p${percent}`, value, unit: 'ms', target });
  }
  await prober.stop();
  for (const child of children.values()) {
    child.send('stop' satisfies PeerCommand);
    await once(child, 'exit');
  }
}
