// What a node costs its board: time to ready, memory, idle CPU, bytes written, page weight. Real daemons on loopback:
// one alone, then a network of three of which the first is measured, then one with a camera and its detector.
//
//   npm run -s bench -- footprint --json [--seconds 60]

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { joinNetworkOf, LocalNode } from '../../daemon/cli/local-node.ts';

const root = resolve(import.meta.dirname, '../..');
const secondsIndex = process.argv.indexOf('--seconds');
const seconds = secondsIndex > 0 ? Number(process.argv[secondsIndex + 1]) : 60;
const scratch = mkdtempSync(join(tmpdir(), 'parlmesh-footprint-'));
const nodes: LocalNode[] = [];

function report(scenario: string, metric: string, value: number, unit: string, target?: number): void {
  const goal = target === undefined ? {} : { target, met: value <= target };
  console.log(
    JSON.stringify({ bench: 'footprint', case: scenario, metric, value: Number(value.toPrecision(4)), unit, ...goal }),
  );
}

function start(name: string, settings: Record<string, string> = {}): LocalNode {
  const node = new LocalNode({
    name,
    dataDir: join(scratch, name),
    settings: { PARLMESH_LOG_LEVEL: 'error', ...settings },
  });
  nodes.push(node);
  node.start();
  return node;
}

function cost(pid: number): { rssBytes: number; cpuSeconds: number; writtenBytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  return {
    rssBytes: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024,
    cpuSeconds: (Number(stat[11]) + Number(stat[12])) / 100,
    writtenBytes: Number(/^write_bytes: (\d+)/m.exec(io)![1]) - Number(/^cancelled_write_bytes: (\d+)/m.exec(io)![1]),
  };
}

interface Targets {
  rss: number;
  cpu?: number;
  written?: number;
}

/** Waits for the start to settle, then measures over `seconds` in which nobody asks for anything. */
async function observe(scenario: string, pid: number, targets: Targets): Promise<void> {
  await sleep(15_000);
  const before = cost(pid);
  await sleep(seconds * 1000);
  const after = cost(pid);
  report(scenario, 'rss', after.rssBytes / 1e6, 'MB', targets.rss);
  report(scenario, 'cpu', ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100, '% of a core', targets.cpu);
  const written = ((after.writtenBytes - before.writtenBytes) / seconds) * 3600;
  report(scenario, 'written', written / 1e6, 'MB/hour', targets.written);
}

async function timeToReady(): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    const node = start('ready');
    await node.ready();
    times.push((performance.now() - began) / 1000);
    await node.stop();
  }
  times.sort((a, b) => a - b);
  report('one node, state and code cached', 'ready, median of 5', times[2]!, 's', 1.5);
}

async function network(): Promise<void> {
  const [first, second, third] = ['first', 'second', 'third'].map((name) => start(name)) as [
    LocalNode,
    LocalNode,
    LocalNode,
  ];
  await Promise.all([first, second, third].map((node) => node.ready()));
  for (const joiner of [second, third]) await joinNetworkOf(first, joiner);
  while ((await first.get<unknown[]>('routes')).length < 2) await sleep(50);
  await observe('idle: mesh of three, MQTT, page', first.pid!, { rss: 150, cpu: 2, written: 5 });
  await Promise.all([first, second, third].map((node) => node.stop()));
}

async function withVision(): Promise<void> {
  const node = start('vision', {
    PARLMESH_CAMERAS: JSON.stringify([{ name: 'test', source: 'rendered:', framesPerSecond: 1 }]),
  });
  await node.ready();
  await observe('busy: one rendered camera, 1 frame a second, 11 sightings a minute', node.pid!, { rss: 350 });
  await node.stop();
}

function pageWeight(): void {
  const folder = join(root, 'daemon/http/public');
  if (!existsSync(folder)) throw new Error('the page is not built: npm run build:web');
  const bytes = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).isFile() && !/\.(gz|br|map)$/.test(file))
    .reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
  report('status page', 'gzip', bytes / 1000, 'kB', 150);
}

try {
  pageWeight();
  await timeToReady();
  await network();
  await withVision();
} finally {
  await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
  rmSync(scratch, { recursive: true, force: true });
}
